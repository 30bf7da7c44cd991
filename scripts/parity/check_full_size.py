"""A merged ViT-B that Java wrote, in Python: after make_full_size.py and `mvn -Pparity`.

    python scripts/parity/check_full_size.py DIR

Loads the state dict into segment_anything's own registry and the TorchScript archive into torch.jit, and
prints relative errors (largest difference / largest value); ends with code 1 if one is above 1e-5.
"""

import sys
from pathlib import Path

import torch
from safetensors.torch import load_file
from segment_anything import sam_model_registry

TOLERANCE = 1e-5


def main():
    folder = Path(sys.argv[1])
    sam = sam_model_registry["vit_b"](checkpoint=folder / "from_java_sam.pth").state_dict()
    weights = torch.load(folder / "sam_vit_b.pth", weights_only=True)
    assert sam.keys() == weights.keys() and all(torch.equal(sam[name], weights[name]) for name in weights)
    print(f"from_java_sam.pth: {len(weights)} tensors, the same bits in sam_model_registry['vit_b']")

    given = load_file(folder / "sam_vit_b_io.safetensors")
    expected = load_file(folder / "from_java_io.safetensors")
    module = torch.jit.load(folder / "from_java_samclip.pt")
    got = {}
    with torch.no_grad():
        got["embedding"], got["patches"], got["neck"] = module(given["image"])
        masks = given["masks"][None]
        got["logits"], got["iou"] = module.decode(got["neck"], given["points"][None], given["labels"][None], masks)
        got["text"] = module.encode_text(load_file(folder / "openclip_vit_b_16_io.safetensors")["ids"])
    worst = 0
    print("| TorchScript output | shape | relative error |\n|---|---|---:|")
    for name, array in expected.items():
        error = ((got[name] - array).abs().max() / array.abs().max()).item()
        worst = max(worst, error)
        print(f"| {name} | {list(array.shape)} | {error:.1e} |")
    sys.exit(worst > TOLERANCE)


if __name__ == "__main__":
    main()
