#!/usr/bin/env python3
"""Makes the shards that the data benchmark reads: noise with the spectrum of photographs.

    python3 scripts/bench/make_shards.py DIR        # needs pillow, numpy and pycocotools

DIR/web.tar        400 JPEGs of 640 x 480, quality 90, with captions, as WebDataset
DIR/web-webp.tar   the same as lossy WebP, quality 80
DIR/sa.tar         40 JPEGs of 2250 x 1500 with 64 masks each, as SA-1B
"""
import io
import json
import sys
import tarfile
from pathlib import Path

import numpy as np
from PIL import Image
from pycocotools import mask as coco


def photo(width, height, seed):
    random = np.random.default_rng(seed)
    fy = np.fft.fftfreq(height)[:, None]
    fx = np.fft.rfftfreq(width)[None, :]
    amplitude = 1 / np.maximum(np.hypot(fy, fx), 1 / max(width, height)) ** 1.3

    def field():
        phase = np.exp(2j * np.pi * random.random(amplitude.shape))
        values = np.fft.irfft2(amplitude * phase, s=(height, width))
        return (values - values.mean()) / values.std()

    luma, a, b = field(), field() / 2, field() / 2
    rgb = np.stack([luma + a, luma - 0.4 * a - 0.4 * b, luma + b], -1) * 50 + 120
    return Image.fromarray(np.clip(rgb, 0, 255).astype(np.uint8))


def encoded(image, **options):
    out = io.BytesIO()
    image.save(out, **options)
    return out.getvalue()


def add(tar, name, data):
    info = tarfile.TarInfo(name)
    info.size = len(data)
    tar.addfile(info, io.BytesIO(data))


def blobs(width, height, count, seed):
    random = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    for i in range(count):
        cy, cx = random.uniform(0, height), random.uniform(0, width)
        radius = 10 ** random.uniform(1.3, 2.6)
        angle = np.arctan2(y - cy, x - cx)
        edge = radius * (1 + 0.2 * np.sin(5 * angle + i) + 0.1 * np.sin(17 * angle))
        yield coco.encode(np.asfortranarray((np.hypot(y - cy, x - cx) < edge).astype(np.uint8)))


def main(folder):
    folder.mkdir(parents=True, exist_ok=True)
    with tarfile.open(folder / "web.tar", "w") as jpeg, tarfile.open(folder / "web-webp.tar", "w") as webp:
        for i in range(400):
            image = photo(640, 480, i % 50)
            add(jpeg, f"{i:09d}.jpg", encoded(image, format="JPEG", quality=90))
            add(jpeg, f"{i:09d}.txt", f"a picture with the number {i}".encode())
            add(webp, f"{i:09d}.webp", encoded(image, format="WEBP", quality=80))
    masks = [{"segmentation": {"size": r["size"], "counts": r["counts"].decode()}} for r in blobs(2250, 1500, 64, 1)]
    with tarfile.open(folder / "sa.tar", "w") as tar:
        for i in range(40):
            add(tar, f"sa_{i}.jpg", encoded(photo(2250, 1500, 1000 + i % 8), format="JPEG", quality=90))
            add(tar, f"sa_{i}.json", json.dumps({"annotations": masks}).encode())


main(Path(sys.argv[1]))
