#!/usr/bin/env python3
"""Small weights in the public formats, as the public packages write them, with what those packages compute.

The result is samclip-core/src/test/resources/official; run it again only to change the fixtures:

    pip install torch transformers open_clip_torch safetensors
    python scripts/make-official-fixtures.py samclip-core/src/test/resources/official

All weights are random (seeds below). torch 2.13.0, transformers 5.18.0 and open_clip 3.3.0 made the files in the
repository.
"""
import argparse
import json
import pathlib
import shutil

import torch
import transformers
from open_clip.model import CLIP
from safetensors.torch import save_file

SIDE, PATCH, VOCAB = 32, 16, 24


def randomise(model, seed):
    """No parameter keeps a value such as zero or one, which would hide a swapped tensor."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in sorted(model.named_parameters()):
            std = .3 if parameter.dim() < 2 else parameter[0].numel() ** -.5
            parameter.copy_(torch.randn(parameter.shape, generator=generator) * std)
            if "norm" in name or "ln_" in name:
                parameter.add_(1. if name.endswith("weight") else 0.)
        if hasattr(model, "logit_scale"):
            model.logit_scale.fill_(2.3)
    return model.eval()


def texts():
    """[3, 77]: start, words, end (the largest id), zeros."""
    ids = torch.zeros(3, 77, dtype=torch.int64)
    for row, words in enumerate([[1, 2, 3], [4, 0, 5, 6, 7], list(range(1, 20)) * 3]):
        row_ids = [VOCAB - 2, *words, VOCAB - 1]
        ids[row, :len(row_ids)] = torch.tensor(row_ids)
    return ids


def images():
    return torch.randn(2, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(7))


def open_clip_model(seed, quick_gelu):
    config = {
        "embed_dim": 12,
        "quick_gelu": quick_gelu,
        "vision_cfg": {"image_size": SIDE, "layers": 2, "width": 16, "head_width": 8, "patch_size": PATCH},
        "text_cfg": {"context_length": 77, "vocab_size": VOCAB, "width": 8, "heads": 2, "layers": 2},
    }
    return randomise(CLIP(**config), seed), config


def clip_outputs(image_features, text_features):
    return {
        "images": images(),
        "texts": texts(),
        "image_features": image_features.detach().float().contiguous(),
        "text_features": text_features.detach().float().contiguous(),
    }


def write_open_clip(folder):
    """A hub folder: safetensors and its config; the same weights as a training checkpoint of a parallel run."""
    folder.mkdir()
    model, config = open_clip_model(1, quick_gelu=False)
    save_file(model.state_dict(), folder / "open_clip_model.safetensors")
    (folder / "open_clip_config.json").write_text(json.dumps({"model_cfg": config}, indent=1) + "\n")
    state = {"module." + name: tensor for name, tensor in model.state_dict().items()}
    optimizer = torch.optim.AdamW([model.logit_scale], lr=0.)
    model.logit_scale.exp().backward()
    optimizer.step()
    torch.save(
        {"epoch": 32, "name": "tiny", "state_dict": state, "optimizer": optimizer.state_dict()},
        folder / "epoch_32.pt")
    save_file(clip_outputs(model.encode_image(images()), model.encode_text(texts())), folder / "outputs.safetensors")


def write_openai(folder):
    """As OpenAI's archives: TorchScript, half precision, three numbers as buffers, heads of 64."""
    folder.mkdir()
    model = CLIP(
        embed_dim=12, quick_gelu=True,
        vision_cfg={"image_size": SIDE, "layers": 1, "width": 64, "head_width": 64, "patch_size": PATCH},
        text_cfg={"context_length": 77, "vocab_size": VOCAB, "width": 64, "heads": 1, "layers": 1})
    randomise(model, 2)
    for name, value in {"input_resolution": SIDE, "context_length": 77, "vocab_size": VOCAB}.items():
        if hasattr(model, name):
            delattr(model, name)
        model.register_buffer(name, torch.tensor(value))
    model.half().float()  # the values that the file holds, computed with in float32
    save_file(clip_outputs(model.encode_image(images()), model.encode_text(texts())), folder / "outputs.safetensors")
    scripted = torch.jit.trace_module(
        model, {"forward": (images(), texts()), "encode_image": (images(),), "encode_text": (texts(),)}).half()
    torch.jit.save(scripted, folder / "ViT-tiny.pt")


def write_hugging_face_clip(folder):
    config = transformers.CLIPConfig(
        projection_dim=12,
        vision_config=dict(hidden_size=16, intermediate_size=64, num_hidden_layers=2, num_attention_heads=2,
                           image_size=SIDE, patch_size=PATCH, hidden_act="gelu", projection_dim=12),
        text_config=dict(hidden_size=8, intermediate_size=32, num_hidden_layers=2, num_attention_heads=2,
                         vocab_size=VOCAB, hidden_act="gelu", projection_dim=12,
                         bos_token_id=VOCAB - 2, eos_token_id=VOCAB - 1))
    model = randomise(transformers.CLIPModel(config), 3)
    model.save_pretrained(folder)
    model.save_pretrained(folder / "shards", max_shard_size="20KB")
    image = model.visual_projection(model.vision_model(pixel_values=images()).pooler_output)
    text = model.text_projection(model.text_model(input_ids=texts()).pooler_output)
    save_file(clip_outputs(image, text), folder / "outputs.safetensors")


def write_hugging_face_sam(folder):
    """The decoder's LayerNorm gets segment-anything's epsilon; transformers' default is 1e-6."""
    config = transformers.SamConfig(
        vision_config=transformers.SamVisionConfig(
            hidden_size=16, num_hidden_layers=2, num_attention_heads=2, image_size=64, patch_size=PATCH,
            window_size=3, global_attn_indexes=[1], output_channels=16, mlp_dim=64, num_pos_feats=8),
        prompt_encoder_config=transformers.SamPromptEncoderConfig(
            hidden_size=16, image_size=64, patch_size=PATCH, mask_input_channels=16),
        mask_decoder_config=transformers.SamMaskDecoderConfig(
            hidden_size=16, mlp_dim=32, num_attention_heads=4, iou_head_hidden_dim=16, layer_norm_eps=1e-5))
    model = randomise(transformers.SamModel(config), 4)
    with torch.no_grad():
        model.shared_image_embedding.positional_embedding.normal_(generator=torch.Generator().manual_seed(5))
    model.save_pretrained(folder)
    torch.save(model.state_dict(), folder / "pytorch_model.bin")
    pixels = torch.randn(1, 3, 64, 64, generator=torch.Generator().manual_seed(6))
    points = torch.tensor([[[[20., 15.]], [[50., 45.]]]])
    labels = torch.tensor([[[1], [1]]])
    with torch.no_grad():
        embedding = model.get_image_embeddings(pixels)
        out = model(image_embeddings=embedding, input_points=points, input_labels=labels, multimask_output=True)
    save_file({
        "images": pixels,
        "points": points,
        "labels": labels,
        "embedding": embedding.contiguous(),
        "masks": out.pred_masks.contiguous(),
        "iou": out.iou_scores.contiguous(),
    }, folder / "outputs.safetensors")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path, help="made anew")
    folder = parser.parse_args().folder
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    torch.set_num_threads(1)
    write_open_clip(folder / "open-clip")
    write_openai(folder / "openai")
    write_hugging_face_clip(folder / "hugging-face-clip")
    write_hugging_face_sam(folder / "hugging-face-sam")


if __name__ == "__main__":
    main()
