"""
Writes byte_level.json: tokenizers trained with Hugging Face's tokenizers, as tutorials do it, and what they make of texts.

Run with Python 3.11, tokenizers and transformers 5.18.
"""

import json
import pathlib

import tokenizers
import transformers
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast

CORPUS = ["The river ran past the mill, and the mill ran on the river."] * 3 + [
    "It'll turn 1000 times before noon, we've counted: 12345678 grains a minute!!!",
    "a café in Łódź, naïve Ærø",
]
TEXTS = [
    "The river ran.",
    "",
    "  two  spaces   and\n\na\ttab  ",
    "<|endoftext|>the mill<|endoftext|>",
    "<|end|><|endoftext|><|e",
    "cafe\u0301 in Ło\u0301dz\u0301, caf\u00e9",
    "日本 😀 the",
    "x<s>y</s> 12345 we'll WE'LL",
    "the miller's ÷ \u00a0 wheel",
]
PIECES = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
END = ["<|endoftext|>"]


def trained(special, whole=True, size=300, pattern=None, unknown=None):
    tokenizer = Tokenizer(models.BPE(unk_token=unknown))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    if pattern:
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
            pre_tokenizers.Split(Regex(pattern), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ])
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(CORPUS, trainers.BpeTrainer(
        vocab_size=size,
        special_tokens=special,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet() if whole else [],
        show_progress=False,
    ))
    return tokenizer


def neox():
    """GPT-NeoX's: special tokens first, NFC, and runs of spaces at the end."""
    tokenizer = trained(["<|endoftext|>", "<|padding|>"])
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.add_tokens(["   ", "  ", "mill"])
    return tokenizer


def overlapping():
    """Special tokens that begin alike: the longest is found."""
    tokenizer = trained([], whole=False, size=60)
    tokenizer.add_special_tokens(["<|e", "<|end|>", "<|endoftext|>"])
    return tokenizer


def cutting():
    """Cuts and fills texts, which transformers does only when it is asked to."""
    tokenizer = trained(END, whole=False, size=60)
    tokenizer.enable_truncation(3)
    tokenizer.enable_padding(length=5, pad_id=0, pad_token="<|endoftext|>")
    return tokenizer


def around():
    """As Llama 3's, and with a token at the end: a template of what stands around a text."""
    tokenizer = trained(["<s>", "</s>", "<mask>"], whole=False, size=70)
    tokenizer.post_processor = processors.Sequence([
        processors.ByteLevel(trim_offsets=False),
        processors.TemplateProcessing(
            single="<s> <mask> $A </s>", special_tokens=[("<s>", 0), ("<mask>", 2), ("</s>", 1)],
        ),
    ])
    return tokenizer


def roberta():
    """RoBERTa's, as the tutorial on Esperanto has it."""
    tokenizer = trained(["<s>", "</s>"], whole=False, size=70)
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 1), ("<s>", 0))
    return tokenizer


def words():
    """Llama 3's: a chunk that is in the vocabulary is one token, though no merge makes it."""
    json_ = json.loads(trained(["<s>"], whole=False, size=70).to_str())
    model = json_["model"]
    for word in ["Ġmill", "tw", "ĠÅģÃ³dÅº", "The", "Ġ'", "spaces"]:
        model["vocab"].setdefault(word, len(model["vocab"]))
    model["ignore_merges"] = True
    return Tokenizer.from_str(json.dumps(json_))


def prefixed():
    """As ByteLevel() without arguments: a space in front of a text; and its corpus holds the token that ends a text."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel()
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(vocab_size=90, special_tokens=["<|"], show_progress=False)
    tokenizer.train_from_iterator([*CORPUS, "<|end|><|end|><|end|>"], trainer)
    tokenizer.add_tokens(["mill"])
    return tokenizer


ALL = {
    "special tokens first": trained(["<s>", "<pad>", "</s>", "<unk>"]),
    "only the bytes of its corpus": trained(END, whole=False, size=70),
    "a pattern of its own": trained(END, whole=False, size=70, pattern=PIECES),
    "no pattern": trained(END, whole=False, size=70, pattern=r"[\s\S]+"),
    "GPT-NeoX's": neox(),
    "special tokens that begin alike": overlapping(),
    "truncation and padding": cutting(),
    "tokens around a text": around(),
    "RoBERTa's": roberta(),
    "words that no merge makes": words(),
    "a space in front": prefixed(),
}
REFUSED = {
    "a token for unknown bytes": trained(["<unk>"], whole=False, size=60, unknown="<unk>"),
    "a pattern with anchors": trained(END, whole=False, size=60, pattern=r"^T|\S+$|\s+|\S"),
    "a pattern with classes in a class": trained(END, whole=False, size=60, pattern=r"[a-z[0-9]]+|[^a-z0-9]"),
}


def answers(tokenizer):
    # transformers leaves out what tokenizers would cut and fill.
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer)
    ids = [fast(text)["input_ids"] for text in TEXTS]
    bare = [fast(text, add_special_tokens=False)["input_ids"] for text in TEXTS]
    text = [tokenizer.decode(each, skip_special_tokens=False) for each in ids]
    lines = lambda rows: [" ".join(map(str, row)) for row in rows]
    return {"ids": lines(ids), "bare": lines(bare), "decoded": text}


written = {
    "versions": [tokenizers.__version__, transformers.__version__],
    "texts": TEXTS,
    "tokenizers": {
        name: {"json": tokenizer.to_str(), **answers(tokenizer)} for name, tokenizer in ALL.items()
    },
    "refused": {name: tokenizer.to_str() for name, tokenizer in REFUSED.items()},
}
path = pathlib.Path(__file__).with_suffix(".json")
path.write_text(json.dumps(written, indent=1, ensure_ascii=True) + "\n")
