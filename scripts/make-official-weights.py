#!/usr/bin/env python3
"""Random weights at real sizes, in exactly the official names, shapes and formats, to measure how they are opened.

    pip install torch transformers safetensors
    python scripts/make-official-weights.py DIR                # all, 9.9 GB
    python scripts/make-official-weights.py DIR --only sam_vit_b,clip_vit_b_16

Of each model it writes what its publisher offers: SAM as segment-anything's state dict (.pth), CLIP as open_clip's
safetensors with its config, DINOv2 as Hugging Face's. Nothing is downloaded, nothing is trained.
"""
import argparse
import json
import math
import pathlib

import torch
from safetensors.torch import save_file

SAM = {
    "sam_vit_b": dict(width=768, depth=12, heads=12, global_layers=(2, 5, 8, 11)),
    "sam_vit_l": dict(width=1024, depth=24, heads=16, global_layers=(5, 11, 17, 23)),
    "sam_vit_h": dict(width=1280, depth=32, heads=16, global_layers=(7, 15, 23, 31)),
}

CLIP = {
    "clip_vit_b_16": dict(embed_dim=512, vision=dict(image_size=224, layers=12, width=768, patch_size=16),
                          text=dict(context_length=77, vocab_size=49408, width=512, heads=8, layers=12)),
    "clip_vit_l_14": dict(embed_dim=768, vision=dict(image_size=224, layers=24, width=1024, patch_size=14),
                          text=dict(context_length=77, vocab_size=49408, width=768, heads=12, layers=12)),
}

DINOV2 = {"dinov2_vit_b_14": dict(hidden_size=768, num_hidden_layers=12, num_attention_heads=12, image_size=518)}


def linear(shapes, name, rows, columns):
    shapes[name + ".weight"] = (rows, columns)
    shapes[name + ".bias"] = (rows,)


def norm(shapes, name, width):
    shapes[name + ".weight"] = (width,)
    shapes[name + ".bias"] = (width,)


def conv(shapes, name, shape, bias=True):
    shapes[name + ".weight"] = shape
    if bias:
        shapes[name + ".bias"] = (shape[0],)


def attention(shapes, name, width, inner):
    for part in ("q_proj", "k_proj", "v_proj"):
        linear(shapes, f"{name}.{part}", inner, width)
    linear(shapes, f"{name}.out_proj", width, inner)


def mlp(shapes, name, sizes):
    for i, (columns, rows) in enumerate(zip(sizes, sizes[1:])):
        linear(shapes, f"{name}.layers.{i}", rows, columns)


def sam_shapes(width, depth, heads, global_layers):
    """segment-anything, build_sam.py: names and shapes of the whole state dict."""
    s = {"image_encoder.pos_embed": (1, 64, 64, width)}
    conv(s, "image_encoder.patch_embed.proj", (width, 3, 16, 16))
    for i in range(depth):
        block = f"image_encoder.blocks.{i}"
        norm(s, block + ".norm1", width)
        rows = 127 if i in global_layers else 27
        s[block + ".attn.rel_pos_h"] = s[block + ".attn.rel_pos_w"] = (rows, width // heads)
        linear(s, block + ".attn.qkv", 3 * width, width)
        linear(s, block + ".attn.proj", width, width)
        norm(s, block + ".norm2", width)
        linear(s, block + ".mlp.lin1", 4 * width, width)
        linear(s, block + ".mlp.lin2", width, 4 * width)
    conv(s, "image_encoder.neck.0", (256, width, 1, 1), bias=False)
    norm(s, "image_encoder.neck.1", 256)
    conv(s, "image_encoder.neck.2", (256, 256, 3, 3), bias=False)
    norm(s, "image_encoder.neck.3", 256)
    s["prompt_encoder.pe_layer.positional_encoding_gaussian_matrix"] = (2, 128)
    for i in range(4):
        s[f"prompt_encoder.point_embeddings.{i}.weight"] = (1, 256)
    s["prompt_encoder.not_a_point_embed.weight"] = (1, 256)
    conv(s, "prompt_encoder.mask_downscaling.0", (4, 1, 2, 2))
    norm(s, "prompt_encoder.mask_downscaling.1", 4)
    conv(s, "prompt_encoder.mask_downscaling.3", (16, 4, 2, 2))
    norm(s, "prompt_encoder.mask_downscaling.4", 16)
    conv(s, "prompt_encoder.mask_downscaling.6", (256, 16, 1, 1))
    s["prompt_encoder.no_mask_embed.weight"] = (1, 256)
    decoder = "mask_decoder.transformer"
    for i in range(2):
        layer = f"{decoder}.layers.{i}"
        attention(s, layer + ".self_attn", 256, 256)
        norm(s, layer + ".norm1", 256)
        attention(s, layer + ".cross_attn_token_to_image", 256, 128)
        norm(s, layer + ".norm2", 256)
        linear(s, layer + ".mlp.lin1", 2048, 256)
        linear(s, layer + ".mlp.lin2", 256, 2048)
        norm(s, layer + ".norm3", 256)
        norm(s, layer + ".norm4", 256)
        attention(s, layer + ".cross_attn_image_to_token", 256, 128)
    attention(s, decoder + ".final_attn_token_to_image", 256, 128)
    norm(s, decoder + ".norm_final_attn", 256)
    s["mask_decoder.iou_token.weight"] = (1, 256)
    s["mask_decoder.mask_tokens.weight"] = (4, 256)
    s["mask_decoder.output_upscaling.0.weight"] = (256, 64, 2, 2)
    s["mask_decoder.output_upscaling.0.bias"] = (64,)
    norm(s, "mask_decoder.output_upscaling.1", 64)
    s["mask_decoder.output_upscaling.3.weight"] = (64, 32, 2, 2)
    s["mask_decoder.output_upscaling.3.bias"] = (32,)
    for i in range(4):
        mlp(s, f"mask_decoder.output_hypernetworks_mlps.{i}", (256, 256, 256, 32))
    mlp(s, "mask_decoder.iou_prediction_head", (256, 256, 256, 4))
    return s


def clip_shapes(embed_dim, vision, text):
    """open_clip, model.py CLIP: names and shapes of the whole state dict."""
    width, patch = vision["width"], vision["patch_size"]
    s = {
        "positional_embedding": (text["context_length"], text["width"]),
        "text_projection": (text["width"], embed_dim),
        "logit_scale": (),
        "visual.class_embedding": (width,),
        "visual.positional_embedding": ((vision["image_size"] // patch) ** 2 + 1, width),
        "visual.proj": (width, embed_dim),
    }
    conv(s, "visual.conv1", (width, 3, patch, patch), bias=False)
    norm(s, "visual.ln_pre", width)
    tower(s, "visual.transformer", width, vision["layers"])
    norm(s, "visual.ln_post", width)
    tower(s, "transformer", text["width"], text["layers"])
    s["token_embedding.weight"] = (text["vocab_size"], text["width"])
    norm(s, "ln_final", text["width"])
    return s


def tower(s, name, width, layers):
    for i in range(layers):
        block = f"{name}.resblocks.{i}"
        norm(s, block + ".ln_1", width)
        s[block + ".attn.in_proj_weight"] = (3 * width, width)
        s[block + ".attn.in_proj_bias"] = (3 * width,)
        linear(s, block + ".attn.out_proj", width, width)
        norm(s, block + ".ln_2", width)
        linear(s, block + ".mlp.c_fc", 4 * width, width)
        linear(s, block + ".mlp.c_proj", width, 4 * width)


def random_weights(shapes, seed):
    generator = torch.Generator().manual_seed(seed)
    weights = {}
    for name, shape in shapes.items():
        std = .02 if len(shape) < 2 else math.prod(shape[1:]) ** -.5
        weights[name] = torch.randn(shape, generator=generator) * min(std, .1)
        if ("norm" in name or ".ln_" in name or name.startswith("ln_")) and name.endswith("weight"):
            weights[name] += 1
    if "logit_scale" in weights:
        weights["logit_scale"] = torch.tensor(math.log(1 / .07))
    return weights


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path, help="each model gets a folder of its own in it")
    parser.add_argument("--only", default=",".join([*SAM, *CLIP, *DINOV2]), help="names, separated by commas")
    arguments = parser.parse_args()
    for name in arguments.only.split(","):
        if name not in [*SAM, *CLIP, *DINOV2]:
            parser.error(f"unknown model {name}; known are {', '.join([*SAM, *CLIP, *DINOV2])}")
        folder = arguments.folder / name
        folder.mkdir(parents=True, exist_ok=True)
        if name in SAM:
            torch.save(random_weights(sam_shapes(**SAM[name]), seed=1), folder / f"{name}.pth")
        elif name in DINOV2:
            from transformers import Dinov2Config, Dinov2Model

            torch.manual_seed(3)
            Dinov2Model(Dinov2Config(**DINOV2[name])).save_pretrained(folder)
        else:
            save_file(random_weights(clip_shapes(**CLIP[name]), seed=2), folder / "open_clip_model.safetensors")
            config = {"embed_dim": CLIP[name]["embed_dim"], "vision_cfg": CLIP[name]["vision"],
                      "text_cfg": CLIP[name]["text"]}
            (folder / "open_clip_config.json").write_text(json.dumps({"model_cfg": config}, indent=1) + "\n")
        print(folder)


if __name__ == "__main__":
    main()
