"""Draws what a results.json of bin/bench says, as SVG for light and dark pages.

plots.py LINES.json FOLDER, where LINES.json holds what Headlines#lines gives.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import matplotlib as mpl

mpl.use("svg")
import matplotlib.pyplot as plt

THEMES = {
    "light": {"text": "#1f2328", "engine": "#8c959f", "core": "#0969da", "grid": "#d1d9e0"},
    "dark": {"text": "#e6edf3", "engine": "#8b949e", "core": "#58a6ff", "grid": "#3d444d"},
}
SETTINGS = {
    "svg.fonttype": "none",
    "svg.hashsalt": "tasker_core",
    "font.family": "sans-serif",
    "font.size": 10,
}
HEIGHT = 0.38


def shown(milliseconds: float) -> str:
    """A time as people say it."""
    if milliseconds >= 1000:
        return f"{milliseconds / 1000:.2f} s"
    return f"{milliseconds:.0f} ms" if milliseconds >= 10 else f"{milliseconds:.2g} ms"


def bars(axes: plt.Axes, lines: list[dict], side: str, offset: float, colour: str, text: str) -> None:
    """The bars of one side, each with its median, and a line from its least to its most."""
    medians = [line[side]["median_ms"] for line in lines]
    places = [place + offset for place in range(len(lines))]
    spread = [
        [line[side]["median_ms"] - line[side]["least_ms"] for line in lines],
        [line[side]["most_ms"] - line[side]["median_ms"] for line in lines],
    ]
    axes.barh(places, medians, HEIGHT, color=colour, xerr=spread, ecolor=text, error_kw={"linewidth": 0.7})
    for place, line in zip(places, lines, strict=True):
        label = shown(line[side]["median_ms"])
        if side == "core":
            label += f"  ({line['ratio']:.0f}x)" if line["ratio"] >= 10 else f"  ({line['ratio']:.1f}x)"
        axes.text(line[side]["most_ms"] * 1.12, place, label, va="center", color=text, fontsize=9)


def draw(lines: list[dict], theme: dict[str, str], path: Path) -> None:
    """One picture."""
    figure, axes = plt.subplots(figsize=(9, 0.62 * len(lines) + 1.1))
    bars(axes, lines, "engine", -HEIGHT / 2, theme["engine"], theme["text"])
    bars(axes, lines, "core", HEIGHT / 2, theme["core"], theme["text"])
    axes.set_xscale("log")
    axes.set_xlim(right=max(line["engine"]["most_ms"] for line in lines) * 6)
    axes.set_yticks(range(len(lines)), [line["what"] for line in lines], color=theme["text"])
    axes.invert_yaxis()
    axes.set_xlabel("milliseconds, on a logarithmic scale", color=theme["text"])
    axes.tick_params(colors=theme["text"])
    axes.grid(axis="x", color=theme["grid"], linewidth=0.6)
    axes.set_axisbelow(True)
    for side in axes.spines.values():
        side.set_visible(False)
    handles = [plt.Rectangle((0, 0), 1, 1, color=theme[side]) for side in ("engine", "core")]
    labels = ["the engine", "with tasker_core"]
    axes.legend(handles, labels, loc="upper right", frameon=False, labelcolor=theme["text"])
    figure.savefig(path, transparent=True, bbox_inches="tight", metadata={"Date": None})
    plt.close(figure)


def main(source: str, folder: str) -> None:
    """Draws each theme."""
    lines = json.loads(Path(source).read_text())
    Path(folder).mkdir(parents=True, exist_ok=True)
    with plt.rc_context(SETTINGS):
        for name, theme in THEMES.items():
            draw(lines, theme, Path(folder) / f"speed-{name}.svg")


main(*sys.argv[1:])
