#!/usr/bin/env python3
"""The peer of org.samclip.data.bench.DataBench: the same stages with tarfile, Pillow, numpy and
pycocotools, in one process on one core. Prints CPU milliseconds an image for each stage. Where
webdataset is installed, the same work follows as its users write it, through its own pipeline.

    python3 scripts/bench/data_peer.py DIR          # shards of make_shards.py
"""
import io
import json
import sys
import tarfile
import time
from pathlib import Path

import numpy as np
from PIL import Image
from pycocotools import mask as coco

try:
    import webdataset
except ImportError:
    webdataset = None

MEAN = np.array([0.48145466, 0.4578275, 0.40821073], np.float32)
STD = np.array([0.26862954, 0.26130258, 0.27577711], np.float32)
ROUNDS = 3


class Stages:
    def __init__(self):
        self.times = {}

    def run(self, name, action):
        start = time.process_time()
        result = action()
        self.times[name] = self.times.get(name, 0) + time.process_time() - start
        return result


def samples(path):
    with tarfile.open(path, "r|") as tar:
        group, key = {}, None
        for member in tar:
            stem, _, field = member.name.partition(".")
            if group and stem != key:
                yield group
                group = {}
            key = stem
            group[field] = tar.extractfile(member).read()
        yield group


def resized(image, size, longest):
    side = max(image.size) if longest else min(image.size)
    width, height = (round(s * size / side) for s in image.size)
    image = image.resize((width, height), Image.BILINEAR if longest else Image.BICUBIC)
    if longest:
        return image
    left, top = (width - size) // 2, (height - size) // 2
    return image.crop((left, top, left + size, top + size))


def tensor(image):
    values = (np.asarray(image, np.float32) / 255 - MEAN) / STD
    return np.ascontiguousarray(values.transpose(2, 0, 1))


def decode_masks(annotations):
    # One at a time, as DataBench: all of an image's masks at once are 200 MB of fresh memory.
    for annotation in annotations:
        coco.decode(annotation["segmentation"])


def run(path, size, with_masks):
    best = None
    for _ in range(ROUNDS):
        stages, count = Stages(), 0
        reader = samples(path)
        while True:
            sample = stages.run("read", lambda: next(reader, None))
            if sample is None:
                break
            data = next(v for k, v in sample.items() if k in ("jpg", "webp"))
            image = stages.run("decode", lambda: Image.open(io.BytesIO(data)).convert("RGB"))
            small = stages.run("resize", lambda: resized(image, size, with_masks))
            stages.run("normalise", lambda: tensor(small))
            if with_masks:
                annotations = json.loads(sample["json"])["annotations"]
                stages.run("masks", lambda: decode_masks(annotations))
            count += 1
        total = sum(stages.times.values())
        if best is None or total < sum(best.values()):
            best = stages.times
    parts = ", ".join(f"{name} {1000 * t / count:.2f}" for name, t in best.items())
    total = sum(best.values())
    print(f"{path.name}: {parts} ms; {count / total:.0f} images/s a core")


def run_webdataset(path, size, with_masks):
    def prepare(sample):
        if with_masks:
            decode_masks(sample["json"]["annotations"])
        return tensor(resized(sample["image"], size, with_masks))

    best = None
    for _ in range(ROUNDS):
        start = time.process_time()
        pipeline = webdataset.WebDataset(str(path), shardshuffle=False)
        pipeline = pipeline.decode("pilrgb").rename(image="jpg;webp").map(prepare)
        count = sum(1 for _ in pipeline)
        taken = time.process_time() - start
        best = taken if best is None else min(best, taken)
    print(
        f"{path.name} through webdataset {webdataset.__version__}: "
        f"all {1000 * best / count:.2f} ms; {count / best:.0f} images/s a core"
    )


folder = Path(sys.argv[1])
for shard, side, masks in (("web.tar", 224, False), ("web-webp.tar", 224, False), ("sa.tar", 1024, True)):
    run(folder / shard, side, masks)
    if webdataset:
        run_webdataset(folder / shard, side, masks)
