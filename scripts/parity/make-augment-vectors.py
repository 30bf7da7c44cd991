#!/usr/bin/env python3
"""Makes what torchvision's augmentations give for two small images and given factors.

    python3 -m venv peer && peer/bin/pip install torch torchvision
    peer/bin/python scripts/parity/make-augment-vectors.py \
        samclip-data/src/test/resources/org/samclip/data/transform/augment.json

The functions are those of torchvision.transforms.v2 on uint8 tensors, on the CPU. Images are bytes
[H, W, 3] in base64. A case is a list of steps, applied one after the other to the image it names.
"""
import base64
import itertools
import json
import sys

import torch
import torchvision
from torchvision.transforms.v2 import functional as F

STEPS = {
    "flip": lambda x, _: F.horizontal_flip(x),
    "brightness": F.adjust_brightness,
    "contrast": F.adjust_contrast,
    "saturation": F.adjust_saturation,
    "hue": F.adjust_hue,
    "grey": lambda x, _: F.rgb_to_grayscale(x, num_output_channels=3),
    "blur": lambda x, sigma: F.gaussian_blur(x, [9, 9], [sigma, sigma]),
    "solarise": F.solarize,
}


def noise():
    """Colours without order, 13 x 11."""
    return torch.randint(0, 256, (3, 11, 13), dtype=torch.uint8, generator=torch.manual_seed(5))


def palette():
    """Every mixture of six levels and forty greys, 16 x 16: ties of channels, and both ends."""
    colours = list(itertools.product([0, 1, 127, 128, 254, 255], repeat=3))
    colours += [(v, v, v) for v in range(2, 254, 6)][:40]
    return torch.tensor(colours, dtype=torch.uint8).T.reshape(3, 16, 16).contiguous()


def cases():
    for name, factors in {
        "brightness": [0.0, 0.6, 0.8731, 1.0, 1.1337, 1.4],
        "contrast": [0.0, 0.6, 0.9173, 1.0, 1.2771, 1.4],
        "saturation": [0.0, 0.8, 0.9511, 1.0, 1.0777, 1.2, 3.0],
        "hue": [-0.5, -0.1, -0.0321, 0.0, 0.0447, 0.1, 0.5],
        "blur": [0.1, 0.35, 0.9, 2.2, 5.0],
        "solarise": [0, 1, 128, 255],
        "flip": [0],
        "grey": [0],
    }.items():
        for factor in factors:
            yield [[name, factor]]
    yield [
        ["flip", 0],
        ["hue", -0.0712],
        ["contrast", 1.2345],
        ["brightness", 0.7123],
        ["saturation", 0.8456],
        ["solarise", 128],
    ]
    yield [["saturation", 1.13], ["brightness", 1.31], ["hue", 0.09], ["contrast", 0.66], ["grey", 0]]


def encoded(image):
    return base64.b64encode(image.permute(1, 2, 0).contiguous().numpy().tobytes()).decode()


images = {"noise": noise(), "palette": palette()}
out = {
    "source": f"torchvision {torchvision.__version__}, torch {torch.__version__}",
    "images": {
        name: {"width": x.shape[2], "height": x.shape[1], "rgb": encoded(x)} for name, x in images.items()
    },
    "cases": [],
}
for steps, (name, image) in itertools.product(cases(), images.items()):
    result = image
    for step, factor in steps:
        result = STEPS[step](result, factor)
    out["cases"].append({"image": name, "steps": steps, "rgb": encoded(result)})
with open(sys.argv[1], "w") as file:
    json.dump(out, file, separators=(",", ":"))
    file.write("\n")
