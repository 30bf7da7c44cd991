#!/usr/bin/env python3
"""Small vision foundation models in the public formats, with what the public packages compute with them.

The result is samclip-core/src/test/resources/teachers; run it again only to change the fixtures:

    pip install torch transformers timm safetensors
    python scripts/make-teacher-fixtures.py samclip-core/src/test/resources/teachers

With --full the models have published sizes (DINOv2 B/14 without and with registers, DINOv3 ViT-B/16, SigLIP 2
B/16-256), for the comparison of docs/weights.md. All weights are random (seeds below). torch 2.13.0,
transformers 5.18.0 and timm 1.0.29 made the files in the repository.
"""
import argparse
import pathlib
import shutil

import torch
from safetensors.torch import save_file


def randomise(model, seed):
    """No parameter keeps a value such as zero or one, which would hide a swapped tensor."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in sorted(model.named_parameters()):
            std = .3 if parameter.dim() < 2 or "token" in name or "pos" in name else parameter[0].numel() ** -.5
            parameter.copy_(torch.randn(parameter.shape, generator=generator) * std)
            if "norm" in name or "scale" in name or "gamma" in name:
                parameter.add_(0. if name.endswith("bias") else 1.)
    return model.eval()


def images(height, width):
    return torch.randn(2, 3, height, width, generator=torch.Generator().manual_seed(7))


def write(folder, sizes, features, more=None):
    """Inputs and outputs for each size; features gives summary [B, D] and patches [B, h w, D]."""
    tensors = dict(more or {})
    for name, (height, width, patch) in sizes.items():
        pixels = images(height, width)
        with torch.no_grad():
            summary, patches = features(pixels)
        grid = patches.transpose(1, 2).unflatten(2, (height // patch, width // patch))
        tensors.update({f"{name}.images": pixels, f"{name}.summary": summary, f"{name}.spatial": grid})
    save_file({name: tensor.detach().clone().contiguous() for name, tensor in tensors.items()},
              folder / "outputs.safetensors")


def hugging_face(model, prefix, **options):
    def features(pixels):
        out = model(pixel_values=pixels, **options)
        return out.pooler_output, out.last_hidden_state[:, prefix:]
    return features


def tiny(**more):
    return dict(hidden_size=32, num_hidden_layers=2, num_attention_heads=2, **more)


def base(**more):
    return dict(hidden_size=768, num_hidden_layers=12, num_attention_heads=12, **more)


def plain_names(state):
    """From transformers' class to facebookresearch's names."""
    names = {}
    for name, tensor in state.items():
        new = name.replace("encoder.layer.", "blocks.").replace("attention.o_proj", "attn.proj")
        new = new.replace("layer_scale1.lambda1", "ls1.gamma").replace("layer_scale2.lambda1", "ls2.gamma")
        new = new.replace("embeddings.patch_embeddings.projection", "patch_embed.proj")
        new = new.replace("embeddings.position_embeddings", "pos_embed").replace("embeddings.", "")
        new = new.replace("layernorm.", "norm.").replace("mlp.down_proj", "mlp.w3")
        names[new] = tensor
    for name in [n for n in names if ".q_proj." in n]:
        parts = [names.pop(name.replace("q_proj", part)) for part in ("q_proj", "k_proj", "v_proj")]
        names[name.replace("attention.q_proj", "attn.qkv")] = torch.cat(parts)
    for name in [n for n in names if ".gate_proj." in n]:
        parts = [names.pop(name.replace("gate_proj", part)) for part in ("gate_proj", "up_proj")]
        names[name.replace("gate_proj", "w12")] = torch.cat(parts)
    return names


def write_dinov2(folder, config, sizes, seed, registers=0, plain=False):
    import transformers
    folder.mkdir(parents=True)
    if registers:
        config = transformers.Dinov2WithRegistersConfig(num_register_tokens=registers, **config)
        model = transformers.Dinov2WithRegistersModel(config)
    else:
        model = transformers.Dinov2Model(transformers.Dinov2Config(**config))
    randomise(model, seed)
    if plain:
        torch.save(plain_names(model.state_dict()), folder / "model.pth")
        (folder / "config.json").write_text('{"num_heads": 2}\n')
    else:
        model.save_pretrained(folder)
    write(folder, sizes, hugging_face(model, 1 + registers))


def write_dinov3(folder, config, sizes, seed):
    import transformers
    folder.mkdir(parents=True)
    model = randomise(transformers.DINOv3ViTModel(transformers.DINOv3ViTConfig(num_register_tokens=4, **config)), seed)
    model.save_pretrained(folder)
    write(folder, sizes, hugging_face(model, 5))


def write_siglip(folder, vision, text, sizes, seed):
    import transformers
    folder.mkdir(parents=True)
    config = transformers.SiglipConfig(vision_config=vision, text_config=text)
    model = randomise(transformers.SiglipModel(config), seed)
    model.save_pretrained(folder)
    vocabulary, context = model.config.text_config.vocab_size, model.config.text_config.max_position_embeddings
    ids = torch.randint(vocabulary, (3, context), generator=torch.Generator().manual_seed(8))
    alone = {}
    with torch.no_grad():
        texts = model.text_model(input_ids=ids).pooler_output
        for name, (height, width, patch) in sizes.items():
            tokens = model.vision_model(images(height, width), interpolate_pos_encoding=True).last_hidden_state
            pooled = model.vision_model.head(tokens.flatten(0, 1).unsqueeze(1))  # each patch as the only one
            alone[f"{name}.alone"] = pooled.unflatten(0, (2, height // patch, width // patch)).permute(0, 3, 1, 2)
        height, width, _ = sizes["native"]
        logits = model(pixel_values=images(height, width), input_ids=ids).logits_per_image
    write(folder, sizes, hugging_face(model.vision_model, 0, interpolate_pos_encoding=True),
          {"texts": ids, "text": texts, "logits": logits, **alone})


def write_timm(folder, seed, **arguments):
    import json
    from timm.models.vision_transformer import VisionTransformer
    folder.mkdir(parents=True)
    model = VisionTransformer(img_size=16, patch_size=4, embed_dim=32, depth=2, num_heads=2, num_classes=3,
                              dynamic_img_size=True, **arguments)
    randomise(model, seed)
    save_file(model.state_dict(), folder / "model.safetensors")
    config = {"architecture": "vit_tiny", "num_features": 32, "global_pool": model.global_pool,
              "model_args": {"num_heads": 2}}
    (folder / "config.json").write_text(json.dumps(config, indent=1) + "\n")

    def features(pixels):
        tokens = model.forward_features(pixels)
        return model.forward_head(tokens, pre_logits=True), tokens[:, model.num_prefix_tokens:]
    write(folder, {"native": (16, 16, 4), "other": (24, 12, 4)}, features)


def write_tiny(folder):
    sizes = {"native": (16, 16, 4), "other": (24, 12, 4)}
    dinov2 = tiny(image_size=16, patch_size=4)
    write_dinov2(folder / "dinov2", dinov2, sizes, 1)
    write_dinov2(folder / "dinov2-registers", dinov2 | dict(use_swiglu_ffn=True), sizes, 2, registers=2)
    write_dinov2(folder / "dinov2-plain", dinov2 | dict(use_swiglu_ffn=True), sizes, 3, plain=True)
    dinov3 = tiny(image_size=16, patch_size=4, intermediate_size=64)
    write_dinov3(folder / "dinov3", dinov3, sizes, 4)
    write_dinov3(folder / "dinov3-gated", dinov3 | dict(use_gated_mlp=True, hidden_act="silu"), sizes, 5)
    write_siglip(folder / "siglip", tiny(image_size=16, patch_size=4, intermediate_size=64),
                 tiny(vocab_size=360, max_position_embeddings=12, intermediate_size=64, projection_size=32), sizes, 6)
    write_timm(folder / "timm", 9, init_values=1., reg_tokens=3, no_embed_class=True)
    write_timm(folder / "timm-mean", 10, global_pool="avg")


def write_full(folder):
    dinov2 = base(image_size=518, patch_size=14)
    sizes = {"other": (224, 224, 14)}
    write_dinov2(folder / "dinov2", dinov2, sizes, 1)
    write_dinov2(folder / "dinov2-registers", dinov2, sizes, 2, registers=4)
    write_dinov3(folder / "dinov3", base(image_size=224, patch_size=16, intermediate_size=3072),
                 {"native": (224, 224, 16)}, 4)
    write_siglip(folder / "siglip", base(image_size=256, patch_size=16, intermediate_size=3072),
                 base(vocab_size=256000, max_position_embeddings=64, intermediate_size=3072),
                 {"native": (256, 256, 16)}, 6)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path, help="made anew")
    parser.add_argument("--full", action="store_true", help="published sizes, 2.4 GB")
    arguments = parser.parse_args()
    shutil.rmtree(arguments.folder, ignore_errors=True)
    arguments.folder.mkdir(parents=True)
    torch.set_num_threads(1)
    (write_full if arguments.full else write_tiny)(arguments.folder)


if __name__ == "__main__":
    main()
