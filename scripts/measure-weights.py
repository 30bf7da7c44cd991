#!/usr/bin/env python3
"""How fast, and with how much memory, Python's torch opens a file of weights: the peer in docs/weights.md.

    python scripts/measure-weights.py FILE mmap|whole

safetensors files are opened with safetensors' own reader: mmap maps them, whole loads all tensors.
"""
import pathlib
import re
import sys
import time

import torch
from safetensors.torch import load_file, safe_open


def peak():
    """Largest resident memory of this process so far, in kB (Linux)."""
    return int(re.search(r"VmHWM:\s+(\d+)", pathlib.Path("/proc/self/status").read_text()).group(1))


def main():
    file, how = sys.argv[1:]
    before, start, start_cpu = peak(), time.perf_counter(), time.process_time()
    if file.endswith(".safetensors"):
        if how == "mmap":
            with safe_open(file, "pt") as tensors:
                tensors.get_tensor("visual.transformer.resblocks.0.attn.in_proj_weight").clone()
        else:
            load_file(file)
    else:
        state = torch.load(file, mmap=how == "mmap", weights_only=True)
        state["image_encoder.blocks.0.attn.qkv.weight"].clone()
    seconds = time.perf_counter() - start
    cpu = time.process_time() - start_cpu
    print(f"torch {torch.__version__} {how}: {seconds:.2f} s (CPU {cpu:.2f} s), {(peak() - before) // 1024} MB above the start")


if __name__ == "__main__":
    main()
