#!/usr/bin/env python3
"""Draws the curves of scripts/bench-growth.sh.

    python3 scripts/bench/growth.py growth.jsonl growth.svg
"""
import json
import sys
from collections import defaultdict
from pathlib import Path

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt

# What a curve runs over, its key in a row, and its title.
CURVES = {
    "side": ("side", "image side in pixels", "encoder, forward and backward, one image"),
    "batch": ("images", "images", "encoder, forward and backward, {side} px"),
    "prompts": ("prompts", "prompts", "step of stage 2, {side} px"),
}


def main(rows_file, out):
    curves, machine = defaultdict(lambda: defaultdict(list)), None
    for line in Path(rows_file).read_text().splitlines():
        entry = json.loads(line)
        machine = entry["report"]["machine"]
        row = entry["report"]["rows"][0]
        curves[entry["curve"]][row["checkpoint_activations"]].append(row)
    # The same picture for the same rows: no date, no random ids; text stays text.
    plt.rcParams.update({"svg.hashsalt": "samclip", "svg.fonttype": "none", "font.size": 9})
    figure, axes = plt.subplots(2, len(curves), figsize=(11, 5.6), layout="constrained", squeeze=False)
    for column, (name, forms) in enumerate(curves.items()):
        key, label, title = CURVES[name]
        some = next(iter(forms.values()))[0]
        for checkpoint, rows in sorted(forms.items()):
            rows.sort(key=lambda row: row[key])
            style = dict(
                marker="o", markersize=4, color="tab:orange" if checkpoint else "tab:blue",
                label="blocks computed again" if checkpoint else "activations kept")
            x = [row[key] for row in rows]
            axes[0][column].plot(x, [row["median_s"] for row in rows], **style)
            axes[1][column].plot(x, [row["peak_mb"] / 1000 for row in rows], **style)
        axes[0][column].set_title(title.format(**some), fontsize=9)
        for line, unit in enumerate(["seconds", "peak resident GB"]):
            axis = axes[line][column]
            axis.set(xlabel=label, ylabel=unit if column == 0 else None)
            axis.set_xticks([row[key] for row in rows])
            axis.set_ylim(0, 1.08 * axis.dataLim.y1)
            axis.grid(alpha=0.3)
    axes[0][0].legend()
    preset = some["preset"]
    figure.suptitle(f"{preset}, float32, {some['threads']} threads, {machine}", fontsize=9)
    figure.savefig(out, metadata={"Date": None})


if __name__ == "__main__":
    main(*sys.argv[1:])
