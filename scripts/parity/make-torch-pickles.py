#!/usr/bin/env python3
"""Makes small checkpoints of torch.save with all that may stand beside weights, and what torch reads of them.

    python3 -m venv peer && peer/bin/pip install torch==2.13.0 numpy
    peer/bin/python scripts/parity/make-torch-pickles.py samclip-core/src/test/resources/torch

expected.json: by file, the tensors that torch.load gives ("tensors": type, shape, values as float64), the plain
values at the top ("metadata"), and the keys of what samclip does not read ("unread"). Files in "safe" are read by
torch.load with weights_only=True, the others only without. wrapped-names.json: names of a state dict, and of the
same module in torch's own wrappers.
"""
import argparse
import collections
import datetime
import enum
import json
import pathlib
import random
import sys

import numpy as np
import torch

OUT = pathlib.Path(sys.argv[1])
OUT.mkdir(parents=True, exist_ok=True)
torch.manual_seed(20)


class Config:
    """A class of somebody's training script."""

    def __init__(self):
        self.lr = 1e-3
        self.inner = {"weight": torch.ones(2)}


class Phase(enum.Enum):
    WARM = 1


def weights():
    tensor = torch.arange(6.).reshape(2, 3) / 4
    return {"a.weight": tensor, "a.bias": torch.tensor([-1.5, 2.]), "b": tensor.t()}


def attributed():
    tensor = torch.tensor([3., 4.])
    tensor.note = "an attribute"
    return tensor


def parameter_with_state():
    parameter = torch.nn.Parameter(torch.tensor([5., 6.]))
    parameter.role = "an attribute"
    return parameter


# Each: what is saved, the keys that are not read, the options of torch.save.
SAFE = {
    "plain-objects.pt": (
        {"model": collections.OrderedDict(weights()), "epoch": 3, "big": 2 ** 70, "name": "tiny", "on": True,
         "size": torch.Size([1, 2]), "dtype": torch.bfloat16, "device": torch.device("cuda", 1),
         "counter": collections.Counter("abca"), "set": {1, 2}, "bytes": b"\x00\xffx", "array": bytearray(b"xy"),
         "complex": 1 + 2j, "list": [1, [2.5, None]], "tuple": (1, (2,)), "none": None,
         "keys": {(1, "a"): 1, 2.5: 2, None: 3, b"k": 4, torch.float32: 5}, "ordered": collections.OrderedDict(x=1),
         "layout": torch.strided, "scheme": torch.per_tensor_affine},
        ["size", "counter", "set", "bytes", "array", "complex", "list", "tuple", "keys", "ordered", "layout"]),
    "tensor-kinds.pt": (
        {**weights(), "parameter": torch.nn.Parameter(torch.tensor([1., 2.])), "state": parameter_with_state(),
         "attributes": attributed(), "half": torch.tensor([.5]).half(), "bf": torch.tensor([.5]).bfloat16(),
         "flags": torch.tensor([True, False]), "ids": torch.tensor([2 ** 40, -1]),
         "complex": torch.tensor([1 + 2j]), "float8": torch.tensor([1.]).to(torch.float8_e4m3fn),
         "unsigned": torch.tensor([1, 2], dtype=torch.uint16), "sparse": torch.eye(2).to_sparse(),
         "quantized": torch.quantize_per_tensor(torch.ones(2), .5, 0, torch.quint8),
         "meta": torch.empty(2, device="meta")},
        ["complex", "float8", "unsigned", "sparse", "quantized", "meta"]),
    "optimizer.pt": (
        {"state_dict": weights(), "optimizer": {"state": {0: {"exp_avg": torch.ones(2), "step": 3}}, "param_groups": [
            {"lr": 1e-3, "params": [0]}]}, "rng": torch.get_rng_state()[:4]},
        ["optimizer"]),
}
for protocol in (3, 4, 5):
    SAFE[f"protocol-{protocol}.pt"] = (*SAFE["plain-objects.pt"], {"pickle_protocol": protocol})
OTHER = {
    "numpy.pt": (
        {"epoch": 1, "state_dict": weights(), "best_acc": np.float64(.5), "history": np.arange(3), "flag": np.bool_(True),
         "rng": np.random.RandomState(1).get_state()},
        ["best_acc", "history", "flag", "rng"]),
    "objects.pt": (
        {"model": weights(), "args": argparse.Namespace(lr=1e-3), "config": Config(), "phase": Phase.WARM,
         "path": pathlib.PurePosixPath("a/b"), "when": datetime.datetime(2024, 1, 2), "random": random.getstate(),
         "default": collections.defaultdict(list, a=[1]), "class": Config, "function": json.dumps,
         "frozen": frozenset({1}), "slice": slice(1, 2), "deep": {"er": {"config": Config()}}},
        ["args", "config", "phase", "path", "when", "random", "default", "class", "function", "frozen", "slice",
         "deep", "deep.er.config"]),
    "objects-protocol-4.pt": None,
    "object-as-weight.pt": ({**weights(), "a.bias": np.float32(1)}, ["a.bias"]),
}
OTHER["objects-protocol-4.pt"] = (*OTHER["objects.pt"], {"pickle_protocol": 4})


def tensors(value, prefix=""):
    """As a person would name them: the keys that lead to a tensor, with dots between."""
    found = {}
    for key, item in value.items():
        if isinstance(key, str) and isinstance(item, torch.Tensor):
            found[prefix + key] = item
        elif isinstance(key, str) and type(item) in (dict, collections.OrderedDict):
            found.update(tensors(item, prefix + key + "."))
    return found


def plain(value):
    kinds = (str, int, float, bool, torch.dtype, torch.device, torch.qscheme)
    return {k: str(v).lower() if isinstance(v, bool) else str(v) for k, v in value.items() if type(v) in kinds}


expected = {}
for safe, files in ((True, SAFE), (False, OTHER)):
    for name, (content, unread, *options) in files.items():
        torch.save(content, OUT / name, **(options[0] if options else {}))
        read = torch.load(OUT / name, weights_only=safe) if "protocol" not in name or not safe else torch.load(
            OUT / name, weights_only=False)  # torch's safe loader knows protocol 2 alone
        if not safe:
            try:
                torch.load(OUT / name, weights_only=True)
                raise SystemExit(name + " was meant to be refused by the safe loader")
            except Exception as error:
                assert "weights_only" in str(error) or "Unsupported" in str(error), error
        found = {k: t for k, t in tensors(read).items() if k not in unread}
        expected[name] = {
            "safe": safe,
            "tensors": {k: {"dtype": str(t.dtype)[6:], "shape": list(t.shape),
                            "values": t.detach().double().reshape(-1).tolist()} for k, t in found.items()},
            "metadata": plain(read),
            "unread": unread,
        }
(OUT / "expected.json").write_text(json.dumps({"torch": torch.__version__, "files": expected}, indent=1) + "\n")


class Model(torch.nn.Module):
    """The names by which an open_clip model is told."""

    def __init__(self):
        super().__init__()
        self.visual = torch.nn.Module()
        self.visual.conv1 = torch.nn.Conv2d(3, 4, 2, bias=False)
        self.visual.ln_pre = torch.nn.LayerNorm(4)
        self.ln_final = torch.nn.LayerNorm(4)
        self.logit_scale = torch.nn.Parameter(torch.zeros(()))


def wrapped_inside():
    model = Model()
    model.visual = torch.nn.DataParallel(torch.compile(model.visual))
    model.ln_final = torch.distributed.algorithms._checkpoint.checkpoint_wrapper.checkpoint_wrapper(model.ln_final)
    # Checkpoint wrappers take their own name out again; FSDP's does not where the wrapper alone is saved.
    return model


def lightning():
    model = torch.nn.Module()
    model.net = torch.nn.Module()
    model.net.backbone = torch.compile(Model())
    model.criterion = torch.nn.Linear(2, 2)
    return model


import torch.distributed.algorithms._checkpoint.checkpoint_wrapper  # noqa: E402

wrapped = {
    "compile": torch.compile(Model()),
    "parallel": torch.nn.DataParallel(Model()),
    "parallel of compiled": torch.nn.DataParallel(torch.compile(Model())),
    "compiled parallel": torch.compile(torch.nn.DataParallel(Model())),
    "averaged": torch.optim.swa_utils.AveragedModel(torch.nn.DataParallel(Model())),
    "inside": wrapped_inside(),
    "part of another": lightning(),
}
(OUT / "wrapped-names.json").write_text(json.dumps(
    {"bare": sorted(Model().state_dict()), "wrapped": {k: list(m.state_dict()) for k, m in wrapped.items()}},
    indent=1) + "\n")
