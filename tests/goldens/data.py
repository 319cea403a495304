"""Writes data.json: what Python's `datasets`, NumPy, safetensors and PyYAML make of the same input.

Needs more than Debian has; in a virtual environment (made with datasets 5.0, numpy 2.4, safetensors 0.8):

    pip install datasets safetensors
    python tests/goldens/data.py

Files are kept as base64, since some of them are packed.
"""

import base64
import datetime
import decimal
import gzip
import json
import os
import pathlib
import tempfile

import datasets
import numpy
import pyarrow
import pyarrow.parquet
import yaml
from datasets.data_files import DataFilesDict, get_data_patterns
from safetensors.numpy import save

datasets.disable_progress_bars()
golden = {}


def b64(data):
    return base64.b64encode(data.encode() if isinstance(data, str) else data).decode()


# Orders under NumPy's default_rng, the sizes around powers of two, a seed of more than 128 bits.
golden["permutations"] = [
    {"seed": str(seed), "n": n, "order": numpy.random.default_rng(seed).permutation(n).tolist()}
    for seed, n in [(0, 1), (0, 2), (1, 3), (42, 10), (137, 64), (2**32 - 1, 65), (2**32 + 5, 7), (2**64 - 1, 33), (2**200 + 7, 100)]
]

# Splits: the values are the rows' numbers, so that they say which row went where.
golden["splits"] = []
for n, size, seed, shuffle in [(10, 0.1, 0, True), (11, 0.1, 42, True), (11, 3, 42, True), (2241, 0.1, 7, True), (10, 0.25, 0, False), (7, 0.5, 2**40, True)]:
    ds = datasets.Dataset.from_dict({"text": [str(i) for i in range(n)]})
    parts = ds.train_test_split(test_size=size, seed=seed, shuffle=shuffle)
    golden["splits"].append({
        "n": n, "testSize": size, "seed": seed, "shuffle": shuffle, "repr": repr(parts),
        "train": [int(i) for i in parts["train"]["text"][:20]], "test": [int(i) for i in parts["test"]["text"][:20]],
        "shuffled": [int(i) for i in ds.shuffle(seed=seed)["text"][:20]],
    })

# Files: what is in them, and the rows that `datasets` reads.
TABLE = {
    "id": list(range(1, 8)),
    "text": ["a", "", "é ü 漢字 🎵", "two\nlines", 'a "quote", a comma', "x" * 300, None],
    "score": [0.5, -1.0, 2.0, 1e-3, None, 3.25, 100.0],
    "good": [True, False, True, True, False, None, True],
}


def parquet(**options):
    sink = pyarrow.BufferOutputStream()
    pyarrow.parquet.write_table(pyarrow.table(TABLE), sink, **options)
    return sink.getvalue().to_pybytes()


CSV = 'id,text,score,flag,word\n1,"a, b",0.5,True,NAN?\r\n2,"two\nlines ""here""",-3,False,x\n\n3,,1e-3,True,\n4,é,.5,False,"quoted"\n'
LINES = '{"text": "a", "n": 1}\n{"text": "b\\nc", "n": 2.5, "more": [1, 2]}\n{"text": null}\n'
FILES = [
    ("comma.csv", "csv", CSV, {}),
    ("packed.csv.gz", "csv", gzip.compress(CSV.encode(), mtime=0), {}),
    ("tabs.tsv", "csv", "a\tb\n1\tx,y\n-2\t\"q\tt\"\n", {"sep": "\t"}),
    ("lines.jsonl", "json", LINES, {}),
    ("packed.jsonl.gz", "json", gzip.compress(LINES.encode(), mtime=0), {}),
    ("lines-in-disguise.json", "json", LINES, {}),
    ("objects.json", "json", '[{"text": "a", "n": 1}, {"text": "b", "n": 2}]', {}),
    ("texts.json", "json", '["a", "b\\nc", "é"]', {}),
    ("columns.json", "json", '{"text": ["a", "b"],\n "n": [1, 2]}\n', {}),
    ("field.json", "json", '{"version": "1", "data": [{"text": "a"}, {"text": "b"}]}', {"field": "data"}),
    ("plain.txt", "text", "one\n\n two \r\nthree\n", {}),
    ("unended.txt", "text", "one\ntwo", {}),
    ("paragraphs.txt", "text", "one\ntwo\n\nthree\n\nfour", {"sample_by": "paragraph"}),
    ("document.txt", "text", "one\n\ntwo\n", {"sample_by": "document"}),
    ("snappy.parquet", "parquet", parquet(compression="snappy"), {}),
    ("groups.parquet", "parquet", parquet(compression="none", row_group_size=2), {}),
    ("gzip.parquet", "parquet", parquet(compression="gzip", use_dictionary=False), {}),
    ("zstd.parquet", "parquet", parquet(compression="zstd", data_page_version="2.0"), {}),
    ("brotli.parquet", "parquet", parquet(compression="brotli"), {}),
]
golden["files"] = []
for name, kind, data, options in FILES:
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, name)
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        ds = datasets.load_dataset(kind, data_files=str(path), split="train", cache_dir=folder, **options)
        golden["files"].append({
            "name": name, "data": b64(data), "options": options, "repr": repr(ds), "rows": ds.to_list(),
            "types": {column: feature.dtype if hasattr(feature, "dtype") else "list" for column, feature in ds.features.items()},
        })

# Parts of a split.
golden["parts"] = {}
with tempfile.TemporaryDirectory() as folder:
    path = pathlib.Path(folder, "a.txt")
    path.write_text("".join(f"{i}\n" for i in range(25)))
    for part in ["[:3]", "[22:]", "[2:4]", "[-2:]", "[:-23]", "[-24:3]", "[:10%]", "[90%:]", "[:30%]", "[-10%:]", "[14%:50%]", "[:99]", "[-99:2]"]:
        ds = datasets.load_dataset("text", data_files=str(path), split=f"train{part}", cache_dir=folder)
        golden["parts"][part] = [int(i) for i in ds["text"]]

# What may lie in a Parquet file besides: a byte order mark, values in values that are missing, decimals.
D = decimal.Decimal
DEEP = pyarrow.table({
    "mark": ["\ufeffa", "b\ufeff"],
    "lists": pyarrow.array([[[1, None], None], None], pyarrow.list_(pyarrow.list_(pyarrow.int32()))),
    "turns": pyarrow.array([[{"role": "\ufeffuser", "n": None}, None], []], pyarrow.list_(pyarrow.struct([("role", pyarrow.string()), ("n", pyarrow.int64())]))),
    "fields": pyarrow.array([{"a": {"b": None}, "c": None}, {"a": None, "c": [None]}], pyarrow.struct([("a", pyarrow.struct([("b", pyarrow.int32())])), ("c", pyarrow.list_(pyarrow.string()))])),
    "cents": pyarrow.array([D("0.57"), None], pyarrow.decimal128(9, 2)),
    "small": pyarrow.array([D("-0.07"), D("1.10")], pyarrow.decimal128(15, 2)),
    "digits": pyarrow.array([D("-7897297772360.5735"), D("0.0001")], pyarrow.decimal128(18, 4)),
    "many": pyarrow.array([D("92089901729881992807.8379296900"), D("-0.0000000001")], pyarrow.decimal128(38, 10)),
    "great": pyarrow.array([D("-12345678901234567890"), D("0")], pyarrow.decimal128(20, 0)),
    "none": pyarrow.nulls(2),
})


def plain(value, type):
    if isinstance(value, D):
        return float(value) if type.precision <= 15 else format(value, "f")
    return value


golden["deep"] = {
    "rows": [
        {name: plain(DEEP[name][i].as_py(), DEEP[name].type) for name in DEEP.column_names}
        for i in range(DEEP.num_rows)
    ],
    "files": {},
}
for compression in ["none", "snappy", "lz4"]:
    sink = pyarrow.BufferOutputStream()
    pyarrow.parquet.write_table(DEEP, sink, compression=compression, use_dictionary=compression == "snappy")
    golden["deep"]["files"][compression] = b64(sink.getvalue().to_pybytes())

# Pages of version 2 whose lists the package for Parquet does not read.
sink = pyarrow.BufferOutputStream()
PAIRS = pyarrow.list_(pyarrow.struct([("a", pyarrow.float64())]))
NESTED = pyarrow.table({"x": pyarrow.array([[{"a": 1.5}], [None], [{"a": None}], []], PAIRS)})
pyarrow.parquet.write_table(NESTED, sink, compression="none", use_dictionary=False, data_page_version="2.0", store_schema=False)
golden["lists of version 2"] = b64(sink.getvalue().to_pybytes())

# Days and times, as Python prints them.
sink = pyarrow.BufferOutputStream()
TIMES = pyarrow.table({
    "day": [datetime.date(1984, 2, 22), datetime.date(1900, 1, 1), None],
    "ms": pyarrow.array([0, -1234567, 86_400_000], pyarrow.timestamp("ms")),
    "us": pyarrow.array([1328658499571164, 60_000_000, -1], pyarrow.timestamp("us")),
    "s": pyarrow.array([5, 3600, None], pyarrow.timestamp("s")),
})
pyarrow.parquet.write_table(TIMES, sink)
golden["times"] = {"data": b64(sink.getvalue().to_pybytes()), "rows": [repr(row) for row in TIMES.to_pylist()]}

# Which file belongs to which split.
LISTS = [
    ["datasets.json", "README.md", "dataset_infos.json", ".gitattributes", "bob-dylan.py"],
    ["data/train-00000-of-00002-abc.parquet", "data/train-00001-of-00002.parquet", "data/validation-00000-of-00001.parquet"],
    ["train.jsonl", "dev.jsonl", "test.jsonl"],
    ["my_train_file.csv", "my-eval-file.csv", "README.md"],
    ["training/a.txt", "training/b.txt", "testing/c.txt"],
    ["en/train/a.parquet", "en/valid/b.parquet", "de/train/c.parquet"],
    ["trainers.csv", "contest.csv"],
    ["val.csv", "train.csv", "evaluation.csv"],
    ["train1.txt", "train2.txt", "test 1.txt"],
    ["a.csv", "b.csv", "deep/c.csv", "__hidden/d.csv", ".e.csv"],
    ["data/extra-00000-of-00001.parquet", "data/train-00000-of-00001.parquet"],
]
golden["lists"] = []
for names in LISTS:
    with tempfile.TemporaryDirectory() as folder:
        for name in names:
            path = pathlib.Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
        found = DataFilesDict.from_patterns(get_data_patterns(folder), base_path=folder)
        known = (".json", ".jsonl", ".csv", ".txt", ".parquet")
        golden["lists"].append({
            "names": names,
            "splits": {
                str(split): sorted(os.path.relpath(path, os.path.realpath(folder)) for path in paths if path.endswith(known))
                for split, paths in found.items()
            },
        })

# Cards, whose YAML a whole YAML reader reads.
CARDS = [
    "configs:\n- config_name: default\n  data_files:\n  - split: train\n    path: data/train-*\n  - split: test\n    path:\n    - a.csv\n    - 'b c.csv'\n",
    "configs:\n  - config_name: \"a-1\"\n    data_files: \"x/*.csv\"\n    default: yes_it_is\n  # a remark\n  - config_name: b\n    data_dir: y # here\nlicense: mit\n",
    "configs:\n-\n  config_name: c\n  data_files:\n    - one.txt\n    - two.txt\n",
]
golden["cards"] = [
    {"readme": f"---\nlanguage:\n- en\ntags: [a, b]\n{card}---\n# A dataset\nconfigs:\n- none\n", "configs": yaml.safe_load(card)["configs"]}
    for card in CARDS
]

# A file of every dtype, of a scalar, of nothing, with a name that is no ASCII.
kinds = {
    "F64": "float64", "F32": "float32", "F16": "float16", "I64": "int64", "I32": "int32", "I16": "int16",
    "I8": "int8", "U8": "uint8", "U16": "uint16", "U32": "uint32", "U64": "uint64", "BOOL": "bool",
}
tensors = {dtype.lower(): numpy.arange(6).reshape(2, 3).astype(kind) for dtype, kind in kinds.items()}
tensors |= {"a.weight": numpy.array([0.1, -2.5], "float32"), "scalar": numpy.array(3, "float32"), "empty": numpy.zeros((0, 3), "float32"), "é": numpy.ones(1, "float32")}
golden["safetensors"] = {"bytes": b64(save(tensors, {"format": "pt"})), "without": b64(save({"a": numpy.ones(3, "uint8")}))}

here = pathlib.Path(__file__).parent
(here / "data.json").write_text(json.dumps(golden, ensure_ascii=False) + "\n")
