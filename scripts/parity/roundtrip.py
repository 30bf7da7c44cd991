"""Through Python and back: what `samclip convert` writes, loaded by the programs it is meant for.

    python scripts/parity/roundtrip.py --model MERGED.safetensors --clip CLIP.safetensors [--samclip ./samclip]

Runs `samclip predict` on a random image, `samclip convert` to every format, and compares what Python
computes from the converted files with what samclip wrote. Prints a table of relative errors (largest
difference / largest value) and ends with code 1 if one is above 1e-5.
Needs torch, safetensors, tokenizers, pillow, numpy, open_clip_torch and segment_anything.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

import numpy as np
import open_clip
import torch
from PIL import Image
from safetensors.torch import load_file
from segment_anything.modeling import ImageEncoderViT, MaskDecoder, PromptEncoder, Sam, TwoWayTransformer
from tokenizers import Tokenizer

TOLERANCE = 1e-5
SAM_MEAN, SAM_STD = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)
POINT, BOX = (0.5, 0.4), (0.1, 0.2, 0.7, 0.8)
rows = []


def compare(file, what, got, expected):
    got, expected = got.detach().float().squeeze(), expected.float().squeeze()
    assert got.shape == expected.shape, (file, what, got.shape, expected.shape)
    error = ((got - expected).abs().max() / expected.abs().max()).item()
    rows.append(error)
    print(f"| {file} | {what} | {tuple(expected.shape)} | {error:.1e} |", flush=True)


def image_file(path, side):
    pixels = np.random.default_rng(side).integers(0, 256, (side, side, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path)
    return torch.from_numpy(pixels).permute(2, 0, 1).float()


def normalised(pixels, mean, std):
    return ((pixels - torch.tensor(mean).view(3, 1, 1)) / torch.tensor(std).view(3, 1, 1))[None]


def unit(x):
    return x / x.norm(dim=-1, keepdim=True)


def ids_of(tokenizer, text, length):
    ids = tokenizer.encode(text).ids[:length]
    return torch.tensor([ids + [0] * (length - len(ids))])


def segment_anything(sizes):
    e, h = sizes["encoder"], sizes["sam_head"]
    return Sam(
        ImageEncoderViT(
            img_size=e["grid"] * e["patch"],
            patch_size=e["patch"],
            embed_dim=e["width"],
            depth=e["depth"],
            num_heads=e["heads"],
            mlp_ratio=e["mlp_ratio"],
            out_chans=e["neck"],
            norm_layer=partial(torch.nn.LayerNorm, eps=1e-6),
            use_rel_pos=True,
            window_size=e["window"],
            global_attn_indexes=e["global_layers"],
        ),
        PromptEncoder(h["dim"], (e["grid"], e["grid"]), (e["grid"] * e["patch"],) * 2, h["mask_in_channels"]),
        MaskDecoder(
            transformer_dim=h["dim"],
            transformer=TwoWayTransformer(h["depth"], h["dim"], h["heads"], h["mlp_dim"]),
            num_multimask_outputs=h["multimask_outputs"],
            iou_head_depth=h["iou_head_depth"],
            iou_head_hidden_dim=h["iou_head_hidden"],
        ),
    ).eval()


def check_sam(file, state, sizes, image, prompts, expected):
    sam = segment_anything(sizes)
    sam.load_state_dict(state)
    embedding = sam.image_encoder(image)
    compare(file, "sam_embedding", embedding, expected["sam_embedding"])
    point, box = prompts
    for row, (points, boxes) in enumerate((((point, torch.tensor([[1]])), None), (None, box))):
        sparse, dense = sam.prompt_encoder(points, boxes, None)
        pe = sam.prompt_encoder.get_dense_pe()
        masks, iou = sam.mask_decoder(embedding, pe, sparse, dense, multimask_output=boxes is None)
        compare(file, "mask of a " + ("box" if row else "point"), masks[0, iou[0].argmax()], expected["mask_logits"][row])


def check_torchscript(file, image, prompts, expected, summary):
    extra = {"samclip.json": "", "tokenizer.json": ""}
    module = torch.jit.load(file, _extra_files=extra)
    print("  provenance:", sorted(json.loads(extra["samclip.json"])), file=sys.stderr)
    embedding, patches, neck = module(image)
    compare(file.name, "image_embedding", unit(embedding), expected["image_embedding"])
    compare(file.name, "patch_features", patches, expected["patch_features"])
    compare(file.name, "sam_embedding", neck, expected["sam_embedding"])
    point, box = prompts
    # A point is followed by a padding point, a box is its two corners.
    points = torch.stack([torch.cat([point[0], torch.zeros(1, 2)]), box.view(2, 2)])[None]
    labels = torch.tensor([[[1, -1], [2, 3]]])
    masks, iou = module.decode(neck, points, labels)
    compare(file.name, "mask of a point", masks[0, 0, 1 + iou[0, 0, 1:].argmax()], expected["mask_logits"][0])
    compare(file.name, "mask of a box", masks[0, 1, 0], expected["mask_logits"][1])
    refined, _ = module.decode(neck, points, labels, masks[:, :, :1])
    assert refined.shape == masks.shape and not torch.equal(refined, masks)
    assert module(torch.cat([image, image], 3))[2].shape[3] == 2 * neck.shape[3]
    length = json.loads(json.loads(extra["samclip.json"])["samclip.architecture"])["language"]["clip"]["text"]["context_length"]
    ids = ids_of(Tokenizer.from_buffer(extra["tokenizer.json"]), "cat", length)
    text = unit(module.encode_text(ids))
    compare(file.name, "cosine with a text", unit(embedding) @ text.T, torch.tensor(summary["texts"][0]["cosine"]))
    return text


def check_openclip(folder, image, expected, summary):
    model = open_clip.create_model(f"local-dir:{folder}").eval()
    name = next(path.name for path in folder.iterdir() if path.name.startswith("open_clip_") and path.suffix != ".json")
    embedding = unit(model.encode_image(image))
    compare(name, "image_embedding", embedding, expected["image_embedding"])
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    text = model.encode_text(ids_of(tokenizer, "cat", model.context_length), normalize=True)
    compare(name, "cosine with a text", embedding @ text.T, torch.tensor(summary["texts"][0]["cosine"]))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True, help="merged model that samclip wrote")
    parser.add_argument("--clip", type=Path, required=True, help="CLIP that samclip wrote")
    parser.add_argument("--samclip", default="./samclip", help="the launcher")
    arguments = parser.parse_args()

    def samclip(*words):
        subprocess.run([arguments.samclip, *map(str, words)], check=True, stdout=subprocess.DEVNULL)

    with tempfile.TemporaryDirectory() as name, torch.no_grad():
        folder = Path(name)
        (folder / "templates.txt").write_text("{}\n")

        def predict(model, side, *prompts):
            out = folder / ("predicted-" + model.stem)
            pixels = image_file(folder / "image.png", side)
            common = ("--text", "cat", "--templates", folder / "templates.txt", "--out", out)
            samclip("predict", "--model", model, "--image", folder / "image.png", *prompts, *common)
            return pixels, load_file(out / "arrays.safetensors"), json.loads((out / "prediction.json").read_text())

        def convert(model, form, file, *more):
            (folder / file).parent.mkdir(exist_ok=True)
            samclip("convert", model, "--to", form, "--out", folder / file, *more)
            return folder / file

        print("| file | output | shape | relative error |\n|---|---|---|---:|")
        script = convert(arguments.model, "torchscript", "merged.pt")
        extra = {"samclip.json": ""}
        torch.jit.load(script, _extra_files=extra)
        student = json.loads(json.loads(extra["samclip.json"])["samclip.architecture"])["student"]
        masks = next(head for head in student["heads"].values() if head["kind"] == "mask-decoder")
        sizes = {"encoder": student["backbone"]["encoder"], "sam_head": masks["decoder"]}
        side = sizes["encoder"]["grid"] * sizes["encoder"]["patch"]
        point, box = [value * side for value in POINT], [value * side for value in BOX]
        words = ("--point", "{},{}".format(*point), "--box", "{},{},{},{}".format(*box))
        pixels, expected, summary = predict(arguments.model, side, *words)
        image = normalised(pixels, SAM_MEAN, SAM_STD)
        prompts = (torch.tensor([[point]]), torch.tensor([box]))
        text = check_torchscript(script, image, prompts, expected, summary)
        pth = convert(arguments.model, "sam", "sam.pth")
        check_sam(pth.name, torch.load(pth, weights_only=True), sizes, image, prompts, expected)
        safetensors = convert(arguments.model, "sam", "sam.safetensors")
        check_sam(safetensors.name, load_file(safetensors), sizes, image, prompts, expected)

        for file in ("bin/open_clip_pytorch_model.bin", "safetensors/open_clip_model.safetensors"):
            convert(arguments.clip, "openclip", file)
        config = json.loads((folder / "bin/open_clip_config.json").read_text())
        pixels, expected, summary = predict(arguments.clip, config["model_cfg"]["vision_cfg"]["image_size"])
        preprocess = config["preprocess_cfg"]
        image = normalised(pixels / 255, preprocess["mean"], preprocess["std"])
        check_openclip(folder / "bin", image, expected, summary)
        check_openclip(folder / "safetensors", image, expected, summary)

        tower = convert(arguments.model, "openclip", "text/text.bin", "--part", "text")
        clip = open_clip.create_model(f"local-dir:{folder / 'bin'}").eval()
        missing = clip.load_state_dict(torch.load(tower, weights_only=True), strict=False)
        assert not missing.unexpected_keys and all(k.startswith("visual.") or k == "logit_scale" for k in missing.missing_keys)
        ids = ids_of(Tokenizer.from_file(str(folder / "text/tokenizer.json")), "cat", clip.context_length)
        compare(tower.name, "text embedding", clip.encode_text(ids, normalize=True), text)

    sys.exit(max(rows) > TOLERANCE)


if __name__ == "__main__":
    main()
