#!/usr/bin/env python3
"""Draws the effect of index size: reads the lines of JSON that `compare.py growth` writes, and writes an SVG.

    python plot_growth.py GROWTH.jsonl OUT.svg

The plot leaves out null figures, which mean that another program ran meanwhile.
"""

import json
import math
import sys

import matplotlib

matplotlib.use("svg")
matplotlib.rcParams.update({"svg.hashsalt": "growth", "svg.fonttype": "none", "font.family": "sans-serif"})
import matplotlib.pyplot as plt

PANELS = (
    ("Build without encoding, s", {"build_s": ""}, "log"),
    ("Index, MB", {"bytes_mb": ""}, "log"),
    ("Open, checksums apart, ms", {"open_ms": ""}, "log"),
    ("Own memory, MB", {"build_mb": "a build", "anonymous_mb": "searching"}, "log"),
    ("A query, ms", {"p50_ms": "p50", "p99_ms": "p99"}, "linear"),
    ("Recall@10", {"recall_at_10": ""}, "linear"),
)
COLOURS = ("#2563eb", "#d97706")


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    for row in rows:
        row["bytes_mb"] = row["bytes"] / 1e6
    value = lambda row, key: math.nan if row.get(key) is None else row[key]
    sizes = [row["passages"] for row in rows]
    figure, axes = plt.subplots(2, 3, figsize=(9.6, 4.8), sharex=True, constrained_layout=True)
    for axis, (title, lines, scale) in zip(axes.flat, PANELS):
        for colour, (key, label) in zip(COLOURS, lines.items()):
            axis.plot(sizes, [value(row, key) for row in rows], "o-", color=colour, label=label, markersize=4)
        axis.set(title=title, xscale="log", yscale=scale)
        if scale == "linear":
            axis.set_ylim(0, 1.05 if "Recall" in title else None)
        axis.grid(alpha=0.25)
        axis.spines[["top", "right"]].set_visible(False)
        axis.title.set_fontsize(10)
        if len(lines) > 1:
            axis.legend(frameon=False, fontsize=8)
    figure.supxlabel("passages", fontsize=10)
    figure.savefig(sys.argv[2], metadata={"Date": None, "Creator": None})


if __name__ == "__main__":
    main()
