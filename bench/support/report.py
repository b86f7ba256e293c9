"""What a benchmark in Python prints and, with --json, gives to programs; see report.rb."""

from __future__ import annotations

import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable


class Report:
    """Figures and targets of one script. A missed target is a result: the exit code stays 0."""

    def __init__(self, conditions: str) -> None:
        self._json = "--json" in sys.argv
        self._out = sys.stderr if self._json else sys.stdout
        self._figures: list[dict[str, object]] = []
        self._targets: list[dict[str, object]] = []
        self._conditions = f"{conditions}\n{_machine()}"
        self.say(self._conditions)

    def say(self, text: str) -> None:
        """Prints a line where people read."""
        print(text, file=self._out, flush=True)

    def figure(self, name: str, value: float, unit: str) -> None:
        """Prints and keeps one figure."""
        self._figures.append({"name": name, "value": value, "unit": unit})
        self.say(f"  {name:<66} {_shown(value):>12} {unit}")

    def target(
        self,
        name: str,
        value: float,
        *,
        at_least: float | None = None,
        at_most: float | None = None,
        unit: str = "x",
    ) -> None:
        """Prints and keeps a target with the figure that was measured."""
        met = value >= at_least if at_least is not None else value <= (at_most or 0)
        wanted = f">= {at_least} {unit}" if at_least is not None else f"<= {at_most} {unit}"
        self._targets.append(
            {"name": name, "wanted": wanted, "value": round(value, 4), "unit": unit, "met": met}
        )
        self.say(
            f"  {name:<52} {wanted:<14} measured {_shown(value):>10} {unit:<5} {'met' if met else 'MISSED'}"
        )

    def finish(self) -> None:
        """Gives the report to programs that asked for it."""
        if self._json:
            result = {
                "script": os.path.basename(sys.argv[0]),
                "conditions": self._conditions,
                "failed": False,
            }
            print(json.dumps({**result, "tables": [], "figures": self._figures, "targets": self._targets}))


def median_seconds(work: Callable[[], object], times: int, rounds: int = 9) -> float:
    """Seconds of one turn: the median of rounds, less an empty loop."""
    return statistics.median(_loop(work, times) - _loop(_nothing, times) for _ in range(rounds)) / times


def in_turns(ways: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """The median seconds of each way, measured in turns, so that all see the same machine."""
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, work in ways.items():
            taken[name].append(_loop(work, 1))
    return {name: statistics.median(times) for name, times in taken.items()}


def _loop(work: Callable[[], object], times: int) -> float:
    began = time.perf_counter()
    for _ in range(times):
        work()
    return time.perf_counter() - began


def _nothing() -> None:
    pass


def _machine() -> str:
    load = " and ".join(f"{part:.2f}" for part in os.getloadavg()[:2])
    return (
        f"CPython {platform.python_version()}; {os.cpu_count()} processors; "
        f"load average {load} (1 and 5 minutes) at the start; "
        f"{time.strftime('%Y-%m-%d %H:%M:%S', time.gmtime())} UTC"
    )


def _shown(value: float) -> str:
    return f"{value:.3f}" if abs(value) < 10 else f"{value:.1f}"
