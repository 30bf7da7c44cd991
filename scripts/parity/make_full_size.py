"""Full-size weights and what the public Python programs make of them, for `mvn -Pparity`.

    python scripts/parity/make_full_size.py DIR

Needs torch, safetensors, open_clip_torch and segment_anything (from github.com/facebookresearch/segment-anything;
PYTHONPATH may point at a copy). Writes about 3 GB. All weights are random and seeded; they are scaled so that
activations and attention logits stay of the order of 1 and no part of the arithmetic hides behind zeros:
biases, relative positions and position grids are not zero, norm weights not one.
"""

import argparse
import gc
import math
import time
import zlib
from pathlib import Path

import open_clip
import torch
from safetensors.torch import save_file
from segment_anything import sam_model_registry

PARTS = ("sam", "ViT-B-16", "ViT-L-14")
# Matrices that multiply from the right, or whose first axis is the input: the fan-in is axis 0.
INPUT_FIRST = ("visual.proj", "text_projection", "output_upscaling.0.weight", "output_upscaling.3.weight")
# Tables that are added to activations or stand for them.
TABLES = ("embed", "embedding", "_token", "_tokens", "positional_encoding_gaussian_matrix")


def random_like(name, parameter):
    generator = torch.Generator().manual_seed(zlib.crc32(name.encode()))
    noise = torch.randn(parameter.shape, generator=generator)
    if name == "logit_scale":
        return torch.tensor(math.log(20.0))
    if "rel_pos" in name:
        return noise * 0.1
    if any(part.endswith(TABLES) for part in name.split(".")[-2:]) and "proj" not in name:
        return noise * (1 if "gaussian" in name else 0.5)
    if parameter.ndim < 2:
        return noise * 0.1 + (1 if name.endswith("weight") else 0)
    fan_in = parameter.shape[0] if name in INPUT_FIRST else parameter[0].numel()
    return noise * fan_in**-0.5


def randomise(model):
    state = {name: random_like(name, value) for name, value in model.state_dict().items()}
    model.load_state_dict(state)
    return model.eval(), state


def uniform(seed, low, high, *shape):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed)) * (high - low) + low


def normal(seed, *shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def sam(folder):
    model, state = randomise(sam_model_registry["vit_b"]())
    torch.save(state, folder / "sam_vit_b.pth")
    io = {"image": normal(1, 1, 3, 1024, 1024)}
    tokens = []
    model.image_encoder.blocks[-1].register_forward_hook(lambda module, inputs, output: tokens.append(output))
    io["embedding"] = model.image_encoder(io["image"])
    io["tokens"] = tokens[0]
    io["dense_pe"] = model.prompt_encoder.get_dense_pe()
    io["points"] = uniform(2, 0, 1024, 3, 2, 2)
    io["labels"] = torch.tensor([[1, 0], [1, 1], [0, 1]])
    corners = uniform(3, 0, 1024, 3, 2, 2).sort(dim=1).values
    io["boxes"] = corners.reshape(3, 4)
    io["masks"] = normal(4, 3, 1, 256, 256) * 5
    given = (io["points"], io["labels"])
    cases = {
        "points": (given, None, None),
        "boxes": (None, io["boxes"], None),
        "all": (given, io["boxes"], io["masks"]),
    }
    for name, (points, boxes, masks) in cases.items():
        sparse, dense = model.prompt_encoder(points, boxes, masks)
        logits, iou = model.mask_decoder.predict_masks(io["embedding"], io["dense_pe"], sparse, dense)
        io[name + ".sparse"] = sparse
        io[name + ".dense"] = dense
        io[name + ".logits"] = logits
        io[name + ".iou"] = iou
    write(folder / "sam_vit_b_io.safetensors", io)


def clip(folder, name):
    model, state = randomise(open_clip.create_model(name, pretrained=None))
    file = "openclip_" + name.lower().replace("-", "_")
    torch.save(state, folder / (file + ".bin"))
    io = {"image": normal(5, 2, 3, 224, 224)}
    ids = torch.randint(1, 49405, (3, 77), generator=torch.Generator().manual_seed(6))
    for row, length in enumerate((4, 12, 77)):
        ids[row, 0] = 49406
        ids[row, length - 1] = 49407
        ids[row, length:] = 0
    io["ids"] = ids
    io["image_features"] = model.encode_image(io["image"])
    io["text_features"] = model.encode_text(ids)
    io["logits"] = model.get_logits(io["image"], ids)[0]
    write(folder / (file + "_io.safetensors"), io)


def write(path, arrays):
    for name, array in arrays.items():
        if array.is_floating_point():
            print(f"{path.name} {name} {tuple(array.shape)} std {array.std():.3f} largest {array.abs().max():.3f}")
    save_file({name: array.contiguous().clone() for name, array in arrays.items()}, path)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", choices=PARTS, help="make one part; without it all three")
    arguments = parser.parse_args()
    folder = arguments.folder
    folder.mkdir(parents=True, exist_ok=True)
    with torch.no_grad():
        for part in [arguments.only] if arguments.only else PARTS:
            start = time.time()
            sam(folder) if part == "sam" else clip(folder, part)
            gc.collect()
            print(f"{part}: {time.time() - start:.0f} s", flush=True)


if __name__ == "__main__":
    main()
