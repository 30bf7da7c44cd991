#!/usr/bin/env python3
"""Makes small image files of every kind samclip decodes, and what Pillow makes of them.

    python3 -m venv peer && peer/bin/pip install pillow==12.3.0 numpy
    peer/bin/python scripts/parity/make-decode-vectors.py \
        samclip-data/src/test/resources/org/samclip/data/transform/decode

Beside NAME: NAME.rgb, the bytes [H, W, 3] of Image.open(NAME).convert("RGB"), and for files with an
EXIF orientation NAME.upright.rgb, the same after ImageOps.exif_transpose.
"""
import struct
import sys
import zlib
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

OUT = Path(sys.argv[1])
W, H = 23, 17


def picture(seed, bands=3):
    """Smooth colours with a little noise."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[0:H, 0:W]
    planes = [
        128 + 100 * np.sin(x / (3 + b) + seed) * np.cos(y / (4 - b % 3) + b) + random.normal(0, 6, (H, W))
        for b in range(bands)
    ]
    return np.clip(np.stack(planes, -1), 0, 255).astype(np.uint8)


def image(seed, mode="RGB"):
    array = picture(seed, len(mode))
    return Image.fromarray(array[..., 0] if len(mode) == 1 else array, mode)


def keep(name):
    opened = Image.open(OUT / name)
    (OUT / (name + ".rgb")).write_bytes(opened.convert("RGB").tobytes())
    if opened.getexif().get(0x0112):
        upright = ImageOps.exif_transpose(Image.open(OUT / name))
        (OUT / (name + ".upright.rgb")).write_bytes(upright.convert("RGB").tobytes())


def save(name, img, **options):
    img.save(OUT / name, **options)
    keep(name)


def raw(name, data):
    (OUT / name).write_bytes(data)
    keep(name)


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(depth, colour, rows, extra=b"", width=W, height=H):
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    body = b"".join(b"\0" + row for row in rows)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + extra
            + chunk(b"IDAT", zlib.compress(body)) + chunk(b"IEND", b""))


def exif(orientation):
    tags = Image.Exif()
    tags[0x0112] = orientation
    return tags


# JPEG: samplings, progressive, grey, stored RGB, inks.
for name, options in {
    "420.jpg": {"subsampling": 2}, "422.jpg": {"subsampling": 1}, "444.jpg": {"subsampling": 0},
    "progressive.jpg": {"progressive": True}, "restart.jpg": {"restart_marker_blocks": 1},
    "rgb.jpg": {"keep_rgb": True},
}.items():
    save(name, image(1), quality=88, **options)
save("grey.jpg", image(2, "L"), quality=88)
save("cmyk.jpg", image(3, "CMYK"), quality=92)
adobe = (OUT / "cmyk.jpg").read_bytes()
at = adobe.index(b"Adobe")
raw("ycck.jpg", adobe[:at + 11] + b"\2" + adobe[at + 12:])
segment = at - 4
raw("cmyk-no-adobe.jpg", adobe[:segment] + adobe[at + 12:])
# Component numbers 0, 1, 2 without JFIF or Adobe segment, as some cameras write.
plain = bytearray((OUT / "444.jpg").read_bytes())
jfif = plain.index(b"JFIF")
del plain[jfif - 4:jfif + 14]
for marker, offset, step in ((b"\xff\xc0", 10, 3), (b"\xff\xda", 5, 2)):
    place = plain.index(marker)
    for component in range(3):
        plain[place + offset + component * step] = component
raw("numbered-0.jpg", bytes(plain))
for orientation in range(1, 9):
    save(f"turned-{orientation}.jpg", image(4), quality=88, exif=exif(orientation))

# PNG: every colour type and depth.
random = np.random.default_rng(7)
for colour, kind, channels, depths in (
    (0, "grey", 1, (1, 2, 4, 8, 16)), (2, "rgb", 3, (8, 16)), (4, "grey-alpha", 2, (8, 16)),
    (6, "rgb-alpha", 4, (8, 16)),
):
    for depth in depths:
        width = (W * channels * depth + 7) // 8
        rows = [random.integers(0, 256, width, dtype=np.uint8).tobytes() for _ in range(H)]
        raw(f"{kind}-{depth}.png", png(depth, colour, rows))
dark = random.integers(0, 300, (H, W)).astype(">u2")
raw("grey-16-dark.png", png(16, 0, [row.tobytes() for row in dark]))
palette = chunk(b"PLTE", random.integers(0, 256, 48, dtype=np.uint8).tobytes())
for depth in (1, 2, 4, 8):
    width = (W * depth + 7) // 8
    rows = [random.integers(0, 16 if depth == 8 else 256, width, dtype=np.uint8).tobytes() for _ in range(H)]
    colours = chunk(b"PLTE", palette[8:8 + 3 * min(16, 2 ** depth)])
    raw(f"palette-{depth}.png", png(depth, 3, rows, colours))
    raw(f"palette-{depth}-transparent.png", png(depth, 3, rows, colours + chunk(b"tRNS", b"\0\x80")))
grey = [bytes(random.integers(0, 4, W, dtype=np.uint8)) for _ in range(H)]
raw("grey-8-transparent.png", png(8, 0, grey, chunk(b"tRNS", b"\0\2")))
save("alpha.png", image(5, "RGBA"))
save("turned-6.png", image(4), exif=exif(6))
save("animated.png", image(5), save_all=True, append_images=[image(6)])

# WebP: lossy, lossless, alpha, animated.
save("lossy.webp", image(1), quality=80)
save("lossy-alpha.webp", image(5, "RGBA"), quality=70)
save("lossless.webp", image(1), lossless=True)
save("lossless-alpha.webp", image(5, "RGBA"), lossless=True, exact=True)
save("turned-8.webp", image(4), quality=80, exif=exif(8))
save("animated.webp", image(5), save_all=True, append_images=[image(6)], lossless=True)
