"""The process in which Python's tokenizers are measured: `text_works.py tokenizers FILE` prints how many seconds each
work took, as JSON. "tokenizers" is Hugging Face's library in Rust; "minbpe" the algorithm of Karpathy's
minbpe, counting all pairs again for each merge."""

import json
import sys
import time

which, path = sys.argv[1:]
text = open(path, encoding="utf-8").read()
times = []


def took(work, start, factor=1):
    times.append({"work": work, "seconds": (time.perf_counter() - start) * factor})


def measure_tokenizers():
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers

    pieces = [text[i : i + 100_000] for i in range(0, len(text), 100_000)]
    for size, name in [(512, "512"), (50_000, "50,000")]:
        tokenizer = Tokenizer(models.BPE())
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        alphabet = pre_tokenizers.ByteLevel.alphabet()
        trainer = trainers.BpeTrainer(
            vocab_size=size, initial_alphabet=alphabet, show_progress=False
        )
        start = time.perf_counter()
        tokenizer.train_from_iterator(pieces, trainer)
        took(f"train {name} ids", start)
    start = time.perf_counter()
    tokenizer.encode(text)
    took("encode with the 50,000", start)


def measure_minbpe():
    """Eight merges of a megabyte; the cost of more is proportional."""
    import re

    part = text[:1_000_000]
    chunks = [list(chunk.encode()) for chunk in re.findall(r" ?\w+| ?[^\s\w]+|\s+", part)]
    start = time.perf_counter()
    for i in range(8):
        counts = {}
        for ids in chunks:
            for pair in zip(ids, ids[1:]):
                counts[pair] = counts.get(pair, 0) + 1
        best = max(counts, key=counts.get)
        chunks = [merged(ids, best, 256 + i) for ids in chunks]
    for size, name in [(512, "512"), (50_000, "50,000")]:
        took(f"train {name} ids", start, (size - 256) / 8 * len(text) / len(part))


def merged(ids, pair, index):
    new, i = [], 0
    while i < len(ids):
        if ids[i] == pair[0] and i < len(ids) - 1 and ids[i + 1] == pair[1]:
            new.append(index)
            i += 2
        else:
            new.append(ids[i])
            i += 1
    return new


measure_tokenizers() if which == "tokenizers" else measure_minbpe()
print(json.dumps(times))
