"""Writes splits.json: where Python's `regex` cuts a text whose letters are not all ASCII.

    python3 tests/goldens/splits.py
"""

import json
import pathlib

import regex

PATTERNS = [
    r"\w+|\W+",
    r"\d+|\D+",
    r"\b\w+|\B\w|\W",
    r"\S+?\b|\S\B|\s+|\S",
    r"[^\W\d_]+|[\W_]+|\d+",
    r"[\w'-]+|[^\w'-]",
    r"[^\d\s]+|[\d\s]+",
    r".+|\n",
    r"(?s:.)\b|[^\n]+|\n",
    r"\\w+|\\\W|[^\\]+|\\",
    r"\S+$|\s+$|\n$|[\s\S]",
    r"[^\n]*\n?$|(?!$)[\s\S]+?(?=$|\s)|\s",
    r"\'\w+|[\'\,\-]|\-|\ \w+|\,|[\s\S]",
]
TEXTS = [
    "café naïve, Ångström's x²_y",
    "Привет, мир! 12 раз",
    "हिन्दी में लिखना ١٢٣ ٤",
    "日本語のテキスト３４ and 𝒜𝟙 😀‿a",
    "e\u0301te\u0301 क\u094d\u200dष a\u200cb ½ ǅ ⅷ ª",
    "one\r\ntwo\u2028three\x85four\n\n",
    r"back\w slash\- \\",
    "the end's near, the-end\n",
]

golden = {
    "texts": TEXTS,
    "patterns": [{"pattern": p, "splits": [regex.findall(p, t) for t in TEXTS]} for p in PATTERNS],
}
for each in golden["patterns"]:
    assert ["".join(s) for s in each["splits"]] == TEXTS, each["pattern"]
path = pathlib.Path(__file__).with_suffix(".json")
path.write_text(json.dumps(golden, ensure_ascii=True, separators=(",", ":")) + "\n")
