"""
Writes text.json: what minbpe, tiktoken and Python itself say about the texts of text_test.ts.

Run from the repository's root, with Python 3.11 or later, karpathy/minbpe on PYTHONPATH, and tiktoken
and regex installed. Deno lends the ranks that js-tiktoken ships, which are held here against the
sha256 that tiktoken expects of its own download.
"""

import base64
import contextlib
import hashlib
import io
import json
import pathlib
import random
import subprocess
import tempfile

import minbpe
import regex
import tiktoken
from minbpe.regex import GPT2_SPLIT_PATTERN, GPT4_SPLIT_PATTERN
from tiktoken_ext import openai_public

rng = random.Random(137)

PROSE = """The river ran past the mill, and the mill ran on the river.
"Who turns the wheel?" asked the miller's daughter; "I'd say it's the rain that fell in '87."
It'll turn 1000 times before noon, we've counted: 12345678 grains a minute!!!
	Tabs, trailing spaces   
and a café in Łódź, naïve Ærø, Straße, ſo it'ſ old.
Привет, мир! Γειά σου Κόσμε. שלום עולם. مرحبا بالعالم. नमस्ते दुनिया। สวัสดีชาวโลก
你好，世界。こんにちは世界！ 안녕하세요 세계? ①②③ Ⅷ ½ ٣٤٥ १२३
👋🏽 👨‍👩‍👧‍👦 🇳🇱 e\u0301 \u200b\u00ad\ufeff end
"""

# One string of each kind; random texts are made by drawing kinds, then characters.
KINDS = [
    "abcdefghijklmnopqrstuvwxyz",
    "ABCXYZ",
    "0123456789",
    "     ",
    " \t\n\r\x0b\x0c\x1c\x1d\x1e\x1f\x85\xa0\u1680\u2000\u200a\u2028\u2029\u202f\u205f\u3000\ufeff\u180e\u200b",
    "\n\r\n\n  ",
    ".,;:!?-_()[]{}'\"`~@#$%^&*+=|\\/<>",
    "\x00\x01\x07\x08\x1b\x7f\x80\x9f\xad",
    "éñüßøłſıİ\u0301\u0308\u20dd\u212a",
    "абвгЖЩ αβγΩ אבגד عربي हिन्दी ไทย ქართ አማር",
    "漢字仮名交じり文ひらがなカタカナ한국어ㄱ",
    "٣٤०१②Ⅷ½〇",
    "😉👋🏽👨\u200d👩\u200d👧🇳🇱🏴\ufe0f𝔘𝟘𐍈𒀀",
    "\ue000\uffff\U0010ffff\ufffd",
]
CONTRACTIONS = ["'s", "'S", "'t", "'re", "'RE", "'Ve", "'ll", "'lL", "'d", "'m", "'ſ", "'x", "''", "’s"]
SURROGATES = "\ud800\udbff\udc00\udfff"


def row(numbers):
    """Numbers in one string, which stays on one line of the file."""
    return " ".join(map(str, numbers))


def random_text(kinds, most=24):
    parts = []
    for _ in range(rng.randrange(1, most)):
        if rng.random() < 0.1:
            parts.append(rng.choice(CONTRACTIONS))
        else:
            kind = rng.choice(kinds)
            parts.append("".join(rng.choice(kind) for _ in range(rng.randrange(1, 6))))
    return "".join(parts)


def from_ranks(make, name):
    code = f'import r from "js-tiktoken/ranks/{name}"; console.log(r.bpe_ranks)'
    lines = subprocess.run(["deno", "eval", code], check=True, capture_output=True, text=True).stdout
    tokens = [base64.b64decode(t) for line in lines.splitlines() for t in line.split()[2:]]

    def load(_address, expected_hash):
        rows = (base64.b64encode(t) + b" %d\n" % rank for rank, t in enumerate(tokens))
        assert hashlib.sha256(b"".join(rows)).hexdigest() == expected_hash, name
        return {t: rank for rank, t in enumerate(tokens)}

    openai_public.load_tiktoken_bpe = load
    return tiktoken.Encoding(**make())


# tiktoken's "gpt2" and "r50k_base" are the same ranks and pattern from different files.
gpt2 = from_ranks(openai_public.r50k_base, "gpt2")
cl100k = from_ranks(openai_public.cl100k_base, "cl100k_base")
minbpe.gpt4.tiktoken.get_encoding = lambda _name: cl100k


def trained(kind, text, vocab_size, probe, pattern=None):
    tokenizer = minbpe.BasicTokenizer() if kind == "basic" else minbpe.RegexTokenizer(pattern)
    tokenizer.train(text, vocab_size)
    ids = tokenizer.encode(probe)
    assert tokenizer.decode(ids) == probe
    return tokenizer, {
        "kind": kind,
        "text": text,
        "vocabSize": vocab_size,
        "merges": row(part for pair in tokenizer.merges for part in pair),
        "probe": probe,
        "ids": row(ids),
    }


def files(tokenizer):
    with tempfile.TemporaryDirectory() as folder:
        prefix = f"{folder}/saved"
        tokenizer.save(prefix)
        return [pathlib.Path(f"{prefix}.{end}").read_text("utf-8") for end in ("model", "vocab")]


def heavy_ties():
    alphabet = rng.choice(["ab", "abc", "abcd ", "a b,", "aé😉", "aaab\n "])
    return "".join(rng.choice(alphabet) for _ in range(rng.randrange(60, 160)))


training = [trained("basic", "aaabdaaabac", 259, "aaabdaaabac")[1]]
training += [trained("regex", "aaabdaaabac", 259, "aaabdaaabac")[1]]
training += [trained("regex", "bbbaaaddddcccc", 260, "abcd")[1]]
for i in range(60):
    text = heavy_ties()
    kind = ["basic", "regex"][i % 2]
    try:
        training.append(trained(kind, text, 256 + rng.randrange(2, 14), heavy_ties())[1])
    except ValueError:
        pass  # no pair left, where minbpe gives up
for kind, pattern in [("basic", None), ("regex", None), ("regex", GPT2_SPLIT_PATTERN)]:
    tokenizer, case = trained(kind, PROSE * 2, 420, random_text(KINDS), pattern)
    case["pattern"] = tokenizer.pattern
    case["model"], case["vocab"] = files(tokenizer)
    training.append(case)

tokenizer = minbpe.RegexTokenizer()
with contextlib.redirect_stdout(io.StringIO()) as verbose:
    tokenizer.train(PROSE * 2, 300, verbose=True)

specials = {"<|endoftext|>": 300, "<|x|>": 400, "[a.b*]": 301}
tokenizer.register_special_tokens(specials)
special_text = "<|endoftext|>Hello <|x|><|x|> [a.b*] [aXb*] 'tis<|endoftext|>"
special_cases = [
    {
        "allowed": allowed,
        "ids": row(tokenizer.encode(special_text, allowed if isinstance(allowed, str) else set(allowed))),
    }
    for allowed in ["all", "none", ["<|x|>"], ["[a.b*]", "<|endoftext|>"]]
]
special_model, _ = files(tokenizer)
loaded = minbpe.RegexTokenizer()
with tempfile.TemporaryDirectory() as folder:
    path = pathlib.Path(folder, "special.model")
    path.write_text(special_model, "utf-8")
    loaded.load(str(path))
special_vocab = files(loaded)[1]

texts = ["", "?", "hello world!!!? (안녕하세요!) lol123 😉", PROSE, PROSE.upper()]
texts += [random_text(KINDS) for _ in range(220)]
texts += [random_text([kind], 8) for kind in KINDS for _ in range(4)]
minbpes_gpt4 = minbpe.GPT4Tokenizer()
for text in texts:
    assert minbpes_gpt4.encode(text) == cl100k.encode(text), text
splits = [[regex.findall(p, t) for p in (GPT2_SPLIT_PATTERN, GPT4_SPLIT_PATTERN)] for t in texts[:160]]
encoded = [[text, row(gpt2.encode(text)), row(cl100k.encode(text))] for text in texts]


def utf16(text):
    """A text's UTF-16 units, for what no JSON file may hold: half a surrogate pair."""
    data = text.encode("utf-16-le", "surrogatepass")
    return row(int.from_bytes(data[i : i + 2], "little") for i in range(0, len(data), 2))


halves = [random_text(KINDS + [SURROGATES] * 4) for _ in range(60)]
surrogates = [[utf16(text), row(gpt2.encode(text)), row(cl100k.encode(text))] for text in halves]

story = "<|endoftext|>One <|fim_prefix|>two<|fim_suffix|><|fim_middle|> three<|endofprompt|>"


def random_ids(encoding, longest=12):
    return [rng.randrange(encoding.max_token_value + 1) for _ in range(rng.randrange(longest))]


def decoded(encoding):
    cases = []
    while len(cases) < 80:
        ids = random_ids(encoding)
        # Mostly tokens that are no whole text, where replacement has something to do.
        ids += [rng.randrange(256) for _ in range(rng.randrange(8))]
        rng.shuffle(ids)
        try:
            cases.append([row(ids), encoding.decode(ids)])
        except KeyError:
            pass  # cl100k has no tokens 100256 and 100261 … 100275
    return cases


# Bytes at which the rules of UTF-8 change.
EDGES = bytes.fromhex("00 41 7f 80 8f 90 9f a0 bb bf c0 c1 c3 df e0 e2 ed ef f0 f4 f5 ff")
byte_cases = [bytes([0xEF, 0xBB, 0xBF, 0x41])]
byte_cases += [bytes(rng.choice(EDGES) for _ in range(rng.randrange(1, 10))) for _ in range(300)]

result = {
    "training": training,
    "verbose": {"text": PROSE * 2, "printed": verbose.getvalue()},
    "special": {
        "text": PROSE * 2,
        "tokens": specials,
        "encoded": special_text,
        "cases": special_cases,
        "model": special_model,
        "vocab": special_vocab,
    },
    "splits": splits,
    "encoded": encoded,
    "surrogates": surrogates,
    "story": [
        story,
        row(gpt2.encode(story, allowed_special={"<|endoftext|>"})),
        row(cl100k.encode(story, allowed_special="all")),
    ],
    "decoded": {"gpt2": decoded(gpt2), "cl100k_base": decoded(cl100k)},
    "nVocab": {"gpt2": gpt2.n_vocab, "cl100k_base": cl100k.n_vocab},
    "utf8": [[row(b), b.decode("utf-8", errors="replace")] for b in byte_cases],
    "bytesRepr": [[row(b), repr(b)] for b in [b"", bytes(range(256)), b"it's", b'it\'s "so"', b'"']],
}
target = pathlib.Path(__file__).with_suffix(".json")
target.write_text(json.dumps(result, separators=(",", ":")) + "\n", "utf-8")
print(f"{target.name}: {target.stat().st_size:,} bytes")
