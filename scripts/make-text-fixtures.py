#!/usr/bin/env python3
"""Small tokenizers in the public formats of SigLIP and SigLIP 2, with the ids that transformers gives.

The result is samclip-core/src/test/resources/texts; run it again only to change the fixtures:

    pip install transformers sentencepiece protobuf
    python scripts/make-text-fixtures.py samclip-core/src/test/resources/texts

Nothing is fetched. Both vocabularies are learned from the sentences below. transformers 5.18.0, tokenizers 0.23.2
and sentencepiece 0.2.2 made the files in the repository.
"""
import argparse
import json
import pathlib
import shutil

import sentencepiece
import tokenizers
import transformers
from sentencepiece import sentencepiece_model_pb2

CONTEXT = 12

SENTENCES = """a photo of a red boat on the water
two dogs run over the green field in the morning
an old man reads a newspaper near the station
the kitchen has a white table and four chairs
children play football behind the school
a close photo of a yellow flower after the rain
the mountain stands above the clouds at sunrise
people wait for the bus at the corner of the street
a plate of pasta with tomatoes and cheese
the cat sleeps on the warm roof of a parked car
naïve café owners serve crème brûlée
he isn't sure what 42 or 1984 means""".split("\n")

TEXTS = [
    "a photo of a red boat", "", " ", "   two\t dogs \n run  ", "A PHOTO of a RED Boat!", "it's a cat, isn't it?",
    "...!?", "a photo of a boat.", "<b>red</b> & green", "naïve café, crème brûlée", "NAÏVE CAFÉ",
    "日本語のテキスト", "emoji 🚤 boat 🐶", "\u00a0boat\u3000red\u2003", "ＲＥＤ ﬁeld", "e\u0301 decomposed",
    "İstanbul", "straße STRASSE", "boat\u0000red\u0007", "boat\x1cred\x85dog", "▁boat ▁▁ red", "a_b-c/d", "42 + 1984 = 2026",
    "“quoted” ‘single’ – dash … dots", "an old man reads a newspaper near the station and then another newspaper",
    "photo " * 100, "x" * 300, "the\u200bboat", "\u0391\u03a3\u0391", "\U0001f468\u200d\U0001f469\u200d\U0001f467",
    "boat <", "$1,000.00", "`~!@#$%^&*()_+-={}[]|\\:;\"'<>,.?/",
]


def siglip(folder):
    """Unigram; the public one has T5's ids: <pad> 0, </s> 1, <unk> 2 (big_vision, c4_en)."""
    folder.mkdir()
    rules = folder / "rules.tsv"
    # The public rules are NFKC, a table of 240 KB; these few are of the same kind.
    pairs = [("\u00a0", " "), ("\u3000", " "), ("\u2003", " "), ("\ufb01", "fi"), ("\uff32", "R"), ("\uff52", "r"),
             ("\uff45", "e"), ("\uff44", "d"), ("e\u0301", "\u00e9"), ("\u2026", "..."), ("\t", " "), ("\n", " "),
             ("\u0007", ""), ("\u200b", " ")]
    rules.write_text("".join("%s\t%s\n" % (" ".join("%X" % ord(c) for c in a), " ".join("%X" % ord(c) for c in b))
                             for a, b in pairs))
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(SENTENCES), model_prefix=str(folder / "spiece"), model_type="unigram", vocab_size=120,
        pad_id=0, eos_id=1, unk_id=2, bos_id=-1, normalization_rule_tsv=str(rules), hard_vocab_limit=False,
        minloglevel=2, num_threads=1)
    rules.unlink()
    (folder / "spiece.vocab").unlink()
    learned = sentencepiece_model_pb2.ModelProto.FromString((folder / "spiece.model").read_bytes())
    for where, name in ((learned.trainer_spec, "model_prefix"), (learned.normalizer_spec, "normalization_rule_tsv")):
        where.ClearField(name)  # names of this folder
    (folder / "spiece.model").write_bytes(learned.SerializeToString(deterministic=True))
    tokenizer = transformers.SiglipTokenizer(str(folder / "spiece.model"), model_max_length=CONTEXT)
    write(folder, tokenizer, TEXTS)


def siglip2(folder):
    """BPE with byte fallback; the public one is Gemma's."""
    folder.mkdir()
    special = ["<pad>", "<eos>", "<bos>", "<unk>", "<mask>"]
    learned = tokenizers.Tokenizer(tokenizers.models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    learned.normalizer = tokenizers.normalizers.Replace(" ", "▁")
    learned.pre_tokenizer = tokenizers.pre_tokenizers.Split(" ", "merged_with_previous", False)
    bytes_ = ["<0x%02X>" % b for b in range(256)]
    trainer = tokenizers.trainers.BpeTrainer(vocab_size=360, special_tokens=special + bytes_, show_progress=False)
    learned.train_from_iterator(SENTENCES, trainer)
    model = json.loads(learned.to_str())["model"]
    tokenizer = transformers.Siglip2Tokenizer(model["vocab"], [tuple(m) for m in model["merges"]],
                                              padding_side="right", add_bos_token=False, add_eos_token=True)
    tokenizer._tokenizer.post_processor = tokenizers.processors.TemplateProcessing(
        single="$A <eos>", pair="$A <eos> $B <eos>", special_tokens=[("<eos>", 1)])
    write(folder, tokenizer, TEXTS + ["boat <eos> red", "<BOS>boat"])
    # The published file has no lower-casing; transformers' class puts it in front.
    published = json.loads(tokenizer._tokenizer.to_str())
    published["normalizer"] = {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}
    published["truncation"] = None
    published["padding"] = {"strategy": {"Fixed": 64}, "direction": "Right", "pad_to_multiple_of": None, "pad_id": 0,
                            "pad_type_id": 0, "pad_token": "<pad>"}
    (folder / "tokenizer.json").write_text(json.dumps(published, ensure_ascii=False, separators=(",", ":")) + "\n")


def write(folder, tokenizer, texts):
    rows = tokenizer(texts, padding="max_length", truncation=True, max_length=CONTEXT)["input_ids"]
    lines = [json.dumps({"text": text, "ids": ids}) for text, ids in zip(texts, rows)]
    (folder / "ids.json").write_text("[\n" + ",\n".join(lines) + "\n]\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path, help="made anew")
    folder = parser.parse_args().folder
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    siglip(folder / "siglip")
    siglip2(folder / "siglip2")


if __name__ == "__main__":
    main()
