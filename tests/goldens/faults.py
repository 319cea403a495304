"""Writes faults.json: what Python's `datasets` and safetensors make of files that are odd, hostile or broken.

    pip install datasets safetensors torch   (made with datasets 5.0, pyarrow 25.0.1, safetensors 0.8, torch 2.13)
    python tests/goldens/faults.py

Files are kept as base64. What JSON has no word for is written {"$": kind, "is": text}.
"""

import base64
import datetime
import gzip
import io
import json
import math
import pathlib
import struct
import tempfile

import datasets
import pyarrow
import pyarrow.parquet
import torch
from safetensors import deserialize

datasets.disable_progress_bars()
golden = {}


def b64(data):
    return base64.b64encode(data.encode() if isinstance(data, str) else data).decode()


def plain(value):
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    if isinstance(value, int):
        return value if abs(value) < 2**53 else {"$": "int", "is": str(value)}
    if isinstance(value, float):
        return value if math.isfinite(value) else {"$": "float", "is": str(value)}
    if isinstance(value, bytes):
        return {"$": "bytes", "is": b64(value)}
    if isinstance(value, datetime.datetime):
        zone = value.replace(tzinfo=value.tzinfo or datetime.timezone.utc).astimezone(datetime.timezone.utc)
        return {"$": "time", "is": zone.isoformat()}
    if isinstance(value, list):
        return [plain(one) for one in value]
    if isinstance(value, dict):
        return {name: plain(one) for name, one in value.items()}
    return {"$": type(value).__name__, "is": str(value)}


TABLE = pyarrow.table({
    "ids": pyarrow.array([[1, 2], [], [3], [4, 5, 6]], pyarrow.list_(pyarrow.int64())),
    "deep": pyarrow.array([[[1]], [[], [2, 3]], [], [[4]]], pyarrow.list_(pyarrow.list_(pyarrow.int64()))),
    "big": pyarrow.array([1, 2, 9007199254740993, None], pyarrow.int64()),
    "u64": pyarrow.array([1, 2, 3, 18446744073709551615], pyarrow.uint64()),
    "small": pyarrow.array([1, -2, None, 2**53 - 1], pyarrow.int64()),
    "bin": pyarrow.array([b"\x00\xff", b"", None, b"abc"], pyarrow.binary()),
    "us": pyarrow.array([1704164645123456, -1, None, 0], pyarrow.timestamp("us")),
    "ms": pyarrow.array([1704164645123, -1, None, 0], pyarrow.timestamp("ms")),
    "tz": pyarrow.array([1704164645123456, 1, None, 0], pyarrow.timestamp("us", "UTC")),
    "st": pyarrow.array([{"a": 9007199254740993, "b": 7}, {"a": None, "b": 8}, {"a": 1, "b": 9}, {"a": 0, "b": 0}]),
    "text": pyarrow.array(["x", "é", None, ""]),
    "constructor": pyarrow.array([1, 2, 3, 4]),
    "__proto__": pyarrow.array(["a", "b", "c", "d"]),
})


def parquet(**options):
    sink = pyarrow.BufferOutputStream()
    pyarrow.parquet.write_table(TABLE, sink, **options)
    return sink.getvalue().to_pybytes()


members = gzip.compress(b"a,b\n1,x\n", mtime=0) + gzip.compress(b"2,y\n", mtime=0)
FILES = [
    ("inches.csv", 'size,name\n5" pipe,x\n6" pipe,y\n'),
    ("behind-quotes.csv", 'a,b\n"x"y,z\n"q""r" ,s\n1,x"y"z\n'),
    ("returns.csv", "a,b\rx,1\ry,2\r"),
    ("return-in-quotes.csv", 'a,b\r\n"x\ry",1\r\n'),
    ("twice.csv", "a,a,b,a\n1,2,3,4\n"),
    ("names.csv", "constructor,toString,__proto__\n1,2,3\n"),
    ("no-name.csv", ",b\n1,2\n"),
    ("ids.csv", "id,x\n9007199254740993,1\n1234567890123456789,2\n-1234567890123456789,3\n"),
    ("unsigned.csv", "id,x\n18446744073709551615,1\n1,2\n"),
    ("numbers.csv", "x,y\n1.5,a\nNaN,b\nNA,c\ninf,d\n-inf,e\n"),
    ("missing.csv", 'x,y,z\nNA,True,n/a\n"None",null,<NA>\nx,false,\n nan,,NULL\n\ufeff,FALSE,#NA\n\u00a0\n \t\n'),
    ("blanks.csv", "x,y\n   \n1,2\n\n\n3,4"),
    ("short.csv", "a,b\n1,x\n2\n"),
    ("zeros.csv", "a,b\n007,1\n010,2\n"),
    ("tabs.tsv", 'a\tb\n5"\t"x\ty"\n\t\n1\tz\n'),
    ("nan.jsonl", '{"x": NaN, "y": Infinity, "t": "NaN, Infinity"}\n{"x": 1.5, "y": -Infinity, "t": ""}\n'),
    ("ids.jsonl", '{"id": 9007199254740993, "t": "9007199254740993"}\n{"id": 1, "t": ""}\n'),
    ("ids.json", '[{"id": 9007199254740993}, {"id": 2}]'),
    ("deep.jsonl", '{"a": [1, 9007199254740993], "b": {"c": 9007199254740993, "d": 1}}\n'),
    ("returns.jsonl", '{"a": 1}\r{"a": 2}\r\n{"a": 3}'),
    ("names.jsonl", '{"constructor": 1, "toString": "x", "__proto__": 2}\n{"a": 1}\n'),
    ("returns.txt", "a\rb\r\nc\nd\x0be\x0cf\x1cg\x85h\u2028i\n"),
    ("two-returns.txt", "a\r\rb\r"),
    ("zero.txt", "a\x00b\n"),
    ("gaps.txt", "a\rb\r\rc\r\n\r\nd\n\n\ne", "paragraph"),
    ("gaps-first.txt", "\n\na\n\nb\n\n", "paragraph"),
    ("document.txt", "a\rb\r\rc\r\n\r\nd\n\n\ne", "document"),
    ("members.csv.gz", members),
    ("padded.csv.gz", members + bytes(1000)),
    ("lz4.parquet", parquet(compression="lz4")),
    ("groups.parquet", parquet(compression="snappy", row_group_size=2)),
    ("none.parquet", parquet(compression="none", use_dictionary=False, data_page_version="2.0")),
    ("open-quote.csv", 'a,b\n1,"x'),
    ("huge.csv", "id,x\n12345678901234567890123,1\n1,2\n"),
    ("garbage.csv.gz", members + b"xyz"),
    ("cut.csv.gz", members[:-5]),
    ("latin.txt", b"a\xe9b\n"),
    ("list.jsonl", '{"a": 1}\n[1]\n'),
]
KINDS = {"csv": "csv", "tsv": "csv", "json": "json", "jsonl": "json", "txt": "text", "parquet": "parquet"}
golden["files"] = []
for name, data, *rest in FILES:
    kind = KINDS[name.removesuffix(".gz").rsplit(".", 1)[1]]
    options = {"sep": "\t"} if name.endswith(".tsv") else {"sample_by": rest[0]} if rest else {}
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, name)
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        case = {"name": name, "data": b64(data), "sampleBy": rest[0] if rest else None}
        try:
            ds = datasets.load_dataset(kind, data_files=str(path), split="train", cache_dir=folder, **options)
            # Dictionaries as lists, since `__proto__` is no name for every reader of JSON.
            case["rows"] = [[[column, plain(value)] for column, value in row.items()] for row in ds.to_list()]
        except Exception as error:
            case["refused"] = type(error.__cause__ or error).__name__
        golden["files"].append(case)


def file(header, data=8):
    header = header if isinstance(header, bytes) else header.encode()
    return struct.pack("<Q", len(header)) + header + bytes(data)


def one(dtype="F32", shape="[2]", offsets="[0,8]", more=""):
    return f'{{"a":{{"dtype":"{dtype}","shape":{shape},"data_offsets":{offsets}{more}}}}}'


HEADERS = [file(one(dtype, shape, f"[0,{size}]"), size) for dtype, shape, size in [
    ("F8_E4M3", "[3]", 3), ("F8_E5M2", "[3]", 3), ("F8_E8M0", "[3]", 3), ("F8_E4M3FNUZ", "[3]", 3), ("F8_E5M2FNUZ", "[3]", 3),
    ("F4", "[4]", 2), ("F4", "[3]", 2), ("F6_E2M3", "[4]", 3), ("F6_E3M2", "[4]", 3), ("C64", "[2]", 16),
    ("F99", "[2]", 8), ("f32", "[2]", 8), ("BF16", "[1]", 2), ("BOOL", "[2,0]", 0), ("U8", "[]", 1),
]]
HEADERS += [file(text) for text in [
    one(), one() + "  ", " " + one(), "\n" + one(), one() + "\0", one(more=',"x":1'), one(more=',"shape":[2]'),
    one(shape="[2.0]"), one(shape="[-2]"), one(shape="2"), one(shape="null"), one(offsets="[0,8,8]"), one(offsets="[0]"),
    one(offsets="[8,0]"), one(offsets="[0,8.0]"), one(offsets='["0","8"]'), one(shape="[4611686018427387904,4]"),
    one(shape="[18446744073709551616]"), one(shape="[2,4611686018427387904,4]"), one(shape="[0,18446744073709551615,18446744073709551615]", offsets="[0,0]"),
    one(offsets="[0,4]"), one(offsets="[4,8]"), one(shape="[1]", offsets="[4,8]"),
    one()[:-1] + ',"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}',
    one()[:-1] + ',"__metadata__":{}}', one()[:-1] + ',"__metadata__":{"x":"y"}}', one()[:-1] + ',"__metadata__":{"x":1}}',
    one()[:-1] + ',"__metadata__":null}', one()[:-1] + ',"__metadata__":"x"}', one()[:-1] + ',"__metadata__":{"x":"1","x":"2"}}',
    one()[:-1] + ',"__metadata__":{},"__metadata__":{}}', one()[:-1] + ',"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}',
    one()[:-1] + ',"b":{"dtype":"F32","shape":[0],"data_offsets":[8,8]}}', one()[:-1] + ',"b":{"dtype":"F32","shape":[0],"data_offsets":[4,4]}}',
    "{}", "[]", "null", "", "{", "x", '{"a":1}', '{"__metadata__":{}}', '{"a":{}}', '{"__proto__":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}',
    '{"":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}', one(more=","), one().replace('"dtype"', "'dtype'"), one(shape="[2,]"), one(shape="[02]"),
    one(shape="[2e0]"), one(shape="[NaN]"), '{"\\ud800":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}',
]]
HEADERS += [file("{}", 0), file('{"__metadata__":{}}', 0), file(b'{"\xff":1}'), b"", b"\0" * 7, b"\0" * 8, b"\xff" * 16, file(one())[:-1], file(one(), 9), file(one(), 9000)]
golden["headers"] = []
for data in HEADERS:
    try:
        deserialize(data)
        said = None
    except Exception as error:
        said = str(error)
    golden["headers"].append({"data": b64(data[:200]), "length": len(data), "refused": said})

# All the numbers of 8 bits, as PyTorch reads them.
QUARTERS = {"F8_E4M3": torch.float8_e4m3fn, "F8_E5M2": torch.float8_e5m2, "F8_E4M3FNUZ": torch.float8_e4m3fnuz, "F8_E5M2FNUZ": torch.float8_e5m2fnuz, "F8_E8M0": torch.float8_e8m0fnu}
golden["quarters"] = {name: plain(torch.arange(256, dtype=torch.uint8).view(dtype).float().tolist()) for name, dtype in QUARTERS.items()}

here = pathlib.Path(__file__).parent
(here / "faults.json").write_text(json.dumps(golden, ensure_ascii=False) + "\n")
