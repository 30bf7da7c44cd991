#!/usr/bin/env python3
"""Patch features of the tiny CLIP by the value path of its last block, computed with open_clip's own modules.

    pip install open_clip_torch safetensors
    python scripts/parity/make-dense-vectors.py samclip-core/src/test/resources/vectors

Reads clip_tiny.json and clip_tiny_weights.safetensors there and writes clip_tiny_dense.safetensors and its side
file. That a token attends to itself alone is said by a mask: torch's MultiheadAttention then gives each token's
value through the output projection, without this script taking the weights apart. open_clip 3.3.0 and
torch 2.13.0 made the files in the repository.
"""
import argparse
import json
import pathlib

import torch
from open_clip.model import CLIP
from safetensors.torch import load_file, save_file


def tokens_before_last(tower, images):
    x = tower.conv1(images).flatten(2).transpose(1, 2)
    cls = tower.class_embedding.expand(x.shape[0], 1, -1)
    x = tower.ln_pre(torch.cat([cls, x], 1) + tower.positional_embedding)
    for block in tower.transformer.resblocks[:-1]:
        x = block(x)
    return x


def projected(tower, x, grid):
    y = tower.ln_post(x[:, 1:]) @ tower.proj
    return y.transpose(1, 2).unflatten(2, (grid, grid)).contiguous()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=pathlib.Path)
    folder = parser.parse_args().folder
    torch.set_num_threads(1)
    config = json.loads((folder / "clip_tiny.json").read_text())["config"]
    keys = ("image_size", "patch_size", "width", "layers", "head_width", "mlp_ratio")
    vision = {key: config["vision_cfg"][key] for key in keys}
    weights = load_file(folder / "clip_tiny_weights.safetensors")
    grid = vision["image_size"] // vision["patch_size"]
    out = {}
    for variant in ("quick_gelu", "gelu"):
        model = CLIP(config["embed_dim"], vision, config["text_cfg"], quick_gelu=variant == "quick_gelu")
        model.load_state_dict(weights, strict=False)
        tower = model.eval().visual
        images = load_file(folder / f"clip_tiny_{variant}_io.safetensors")["input.image"]
        with torch.no_grad():
            x = tokens_before_last(tower, images)
            alone = torch.full((x.shape[1], x.shape[1]), float("-inf")).fill_diagonal_(0)
            last = tower.transformer.resblocks[-1]
            normed = last.ln_1(x)
            value = last.attn(normed, normed, normed, need_weights=False, attn_mask=alone)[0]
            out[f"{variant}.value"] = projected(tower, value, grid)
            out[f"{variant}.value_block"] = projected(tower, last(x, attn_mask=alone), grid)
    save_file(out, folder / "clip_tiny_dense.safetensors")
    side = {
        "what": "Patch features of the CLIP of clip_tiny by the value path of its last block, for input.image.",
        "source": {"repository": "mlfoundations/open_clip", "script": "scripts/parity/make-dense-vectors.py"},
        "tensors": {
            "VARIANT.value": "[B,E,h,w] the last block's attention output where each token attends to itself, ln_post, proj",
            "VARIANT.value_block": "[B,E,h,w] the whole last block with that attention, ln_post, proj",
        },
        "tolerance": {"rtol": 1e-4, "atol": 3e-5},
    }
    (folder / "clip_tiny_dense.json").write_text(json.dumps(side, indent=1) + "\n")


if __name__ == "__main__":
    main()
