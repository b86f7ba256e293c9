"""Draws what a results.json of bin/bench says, as SVG for light and dark pages.

plots.py MEASURED.json FOLDER; plots.rb writes the first.
"""

from __future__ import annotations

import itertools
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
LABELS = {"engine": "the engine", "core": "with tasker_core"}
PANELS = {"throughput": "processes", "sidekiq": "Sidekiq processes of five threads"}


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


def speed(lines: list[dict], theme: dict[str, str]) -> plt.Figure:
    """Times of workflows, as bars beside each other."""
    figure, axes = plt.subplots(figsize=(9, 0.62 * len(lines) + 1.1))
    bars(axes, lines, "engine", -HEIGHT / 2, theme["engine"], theme["text"])
    bars(axes, lines, "core", HEIGHT / 2, theme["core"], theme["text"])
    axes.set_xscale("log")
    axes.set_xlim(right=max(line["engine"]["most_ms"] for line in lines) * 6)
    axes.set_yticks(range(len(lines)), [line["what"] for line in lines], color=theme["text"])
    axes.invert_yaxis()
    axes.xaxis.set_major_formatter("{x:,g}")
    axes.set_xlabel("milliseconds, on a logarithmic scale")
    dress(axes, theme, "x")
    return figure


def curves(axes: plt.Axes, sides: dict[str, list], theme: dict[str, str], label: str) -> None:
    """What was measured by size, each side a line, with its last value beside it."""
    for side, points in sides.items():
        sizes, values = zip(*points, strict=True)
        axes.plot(sizes, values, marker="o", color=theme[side])
        axes.annotate(
            label.format(values[-1]),
            (sizes[-1], values[-1]),
            (6, 4),
            textcoords="offset points",
            color=theme["text"],
            fontsize=9,
        )


def growth(sides: dict[str, list], theme: dict[str, str]) -> plt.Figure:
    """The time of a run by its steps: a straight line of slope one is linear."""
    figure, axes = plt.subplots(figsize=(9, 4))
    seconds = {side: [(size, time / 1000) for size, time in points] for side, points in sides.items()}
    curves(axes, seconds, theme, "{:.3g} s")
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.yaxis.set_major_formatter("{x:,g}")
    axes.set_xlabel("steps in a line, on a logarithmic scale")
    axes.set_ylabel("seconds of a run, on a logarithmic scale")
    dress(axes, theme, "both")
    return figure


def workers(panels: dict[str, dict[str, list]], theme: dict[str, str]) -> plt.Figure:
    """Steps a second by processes."""
    figure, places = plt.subplots(1, len(panels), figsize=(9, 3.6), squeeze=False)
    for axes, (title, sides) in zip(places[0], panels.items(), strict=True):
        curves(axes, sides, theme, "{:.0f}")
        counts = sorted({count for points in sides.values() for count, _ in points})
        axes.set_xticks(counts)
        axes.set_xmargin(0.15)
        axes.set_ylim(bottom=0)
        axes.set_xlabel(title)
        axes.set_ylabel("steps a second")
        dress(axes, theme, "y")
    figure.tight_layout()
    return figure


def after(tasks: float) -> str:
    """When a process was looked at."""
    if not tasks:
        return "after its start"
    return "after a task" if tasks == 1 else f"after {tasks:.0f} tasks"


def memory(sides: dict[str, list], theme: dict[str, str]) -> plt.Figure:
    """Resident memory of a process after its start and after tasks, as bars beside each other."""
    figure, axes = plt.subplots(figsize=(9, 3.2))
    for place, (side, points) in enumerate(sides.items()):
        spots = [spot + (place - (len(sides) - 1) / 2) * HEIGHT for spot in range(len(points))]
        drawn = axes.bar(spots, [value for _, value in points], HEIGHT, color=theme[side])
        axes.bar_label(drawn, fmt="%.0f MB", color=theme["text"], fontsize=9)
    tasks = [count for count, _ in next(iter(sides.values()))]
    axes.set_xticks(range(len(tasks)), [after(count) for count in tasks])
    axes.set_ymargin(0.25)
    axes.set_ylabel("megabytes in memory")
    dress(axes, theme, "y")
    return figure


def dress(axes: plt.Axes, theme: dict[str, str], grid: str) -> None:
    """What all pictures have alike: colours, a grid, a legend of the two sides."""
    axes.tick_params(colors=theme["text"])
    axes.xaxis.label.set_color(theme["text"])
    axes.yaxis.label.set_color(theme["text"])
    axes.grid(axis=grid, color=theme["grid"], linewidth=0.6)
    axes.set_axisbelow(True)
    for side in axes.spines.values():
        side.set_visible(False)
    handles = [plt.Rectangle((0, 0), 1, 1, color=theme[side]) for side in LABELS]
    above = {"loc": "lower left", "bbox_to_anchor": (0, 1), "ncol": len(LABELS)}
    axes.legend(handles, LABELS.values(), frameon=False, labelcolor=theme["text"], **above)


def pictures(measured: dict) -> dict[str, tuple]:
    """What there is to draw, by the name of the file: a function and what it draws."""
    panels = {title: measured[name] for name, title in PANELS.items() if measured[name]}
    found = {
        "speed": (speed, measured["speed"]),
        "growth": (growth, measured["growth"]),
        "workers": (workers, panels),
        "memory": (memory, measured["memory"]),
    }
    return {name: picture for name, picture in found.items() if picture[1]}


def main(source: str, folder: str) -> None:
    """Draws each picture in each theme."""
    measured = json.loads(Path(source).read_text())
    Path(folder).mkdir(parents=True, exist_ok=True)
    with plt.rc_context(SETTINGS):
        for (name, (draw, what)), (light, theme) in itertools.product(
            pictures(measured).items(), THEMES.items()
        ):
            figure = draw(what, theme)
            path = Path(folder) / f"{name}-{light}.svg"
            figure.savefig(path, transparent=True, bbox_inches="tight", metadata={"Date": None})
            plt.close(figure)


main(*sys.argv[1:])
