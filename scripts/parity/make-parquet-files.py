#!/usr/bin/env python3
"""Makes small Parquet files of images as pyarrow and Hugging Face's datasets write them.

    python3 -m venv peer && peer/bin/pip install pyarrow==25.0.1 pillow==12.3.0
    peer/bin/python scripts/parity/make-parquet-files.py \
        samclip-data/src/test/resources/org/samclip/data/source/parquet

Row i of each file is an image whose pixels are all 10 * i, with the caption "caption i". Row 3 has
no caption, row 5 none and no bytes of an image.
"""
import io
import json
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

OUT = Path(sys.argv[1])
ROWS = 12


def picture(i):
    out = io.BytesIO()
    kind = ("PNG", "JPEG", "WEBP")[i % 3]
    options = {"WEBP": {"lossless": True}, "JPEG": {"quality": 100}}.get(kind, {})
    Image.new("RGB", (4, 3), (10 * i,) * 3).save(out, kind, **options)
    return None if i == 5 else out.getvalue()


images = [picture(i) for i in range(ROWS)]
texts = [None if i in (3, 5) else f"caption {i}" for i in range(ROWS)]

# The layout and the metadata of datasets' Dataset.to_parquet; 5 rows a group.
features = {"image": {"_type": "Image"}, "text": {"dtype": "string", "_type": "Value"}}
structs = [{"bytes": b, "path": f"{i}.png"} for i, b in enumerate(images)]
image_type = pa.struct({"bytes": pa.binary(), "path": pa.string()})
table = pa.table(
    {
        "label": pa.array(range(ROWS), pa.int64()),
        "image": pa.array(structs, image_type),
        "tags": pa.array([["a", "b"]] * ROWS, pa.list_(pa.string())),
        "text": pa.array(texts, pa.string()),
    }
).replace_schema_metadata({"huggingface": json.dumps({"info": {"features": features}})})
pq.write_table(table, OUT / "hf.parquet", row_group_size=5, compression="snappy")

# Plain columns with keys, in every packing and with both kinds of pages.
plain = pa.table(
    {
        "key": pa.array([f"photos/{i:03}" for i in range(ROWS)], pa.string()),
        "picture": pa.array(images, pa.binary()),
        "caption": pa.array(texts, pa.large_string()),
    }
)
for name in ("none-1", "none-2", "snappy-1", "snappy-2", "gzip-1", "zstd-2", "lz4-1"):
    packing, version = name.split("-")
    pq.write_table(
        plain,
        OUT / f"{name}.parquet",
        compression=packing,
        data_page_version=f"{version}.0",
        row_group_size=7,
        # Pages of few rows; a dictionary that soon gives way to plain values.
        write_batch_size=2,
        data_page_size=100,
        dictionary_pagesize_limit=300,
    )
pq.write_table(plain, OUT / "no-dictionary.parquet", use_dictionary=False, compression="none")

# No rows at all, of typed and untyped columns, with a group and without; and a group of no rows
# between two others.
types = pa.schema([("image", pa.binary()), ("text", pa.string())])
none = pa.table({"image": pa.array([], pa.binary()), "text": pa.array([], pa.string())})
pq.write_table(none, OUT / "rows-0.parquet")
untyped = pa.table({"image": pa.array([], pa.null()), "text": pa.array([], pa.null())})
pq.write_table(untyped, OUT / "rows-0-untyped.parquet")
pq.ParquetWriter(OUT / "rows-0-groups-0.parquet", types).close()
with pq.ParquetWriter(OUT / "rows-1-0-1.parquet", types) as writer:
    for rows in ([0], [], [1]):
        columns = {"image": [images[i] for i in rows], "text": [texts[i] for i in rows]}
        writer.write_table(pa.table(columns, schema=types))
