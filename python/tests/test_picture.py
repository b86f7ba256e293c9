"""The picture of a task in the terminal, of steps that are given by hand; as Ruby's."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from typing import Any

from hypothesis import given
from hypothesis import strategies as some

from tasker_core import StepProgress, TaskProgress
from tasker_core.cli.lanes import Lanes
from tasker_core.cli.picture import Picture
from tasker_core.cli.text import columns

NOW = datetime(2026, 1, 1, tzinfo=timezone.utc)


def progress(*steps: dict[str, Any]) -> TaskProgress:
    usual = {"state": "pending", "attempts": 0, "retry_limit": 3, "level": 0, "parent_step_ids": []}
    times = {"began_at": None, "ended_at": None, "duration_micros": None}
    made: Any = [
        StepProgress(**{"workflow_step_id": n, "name": f"step_{n}", **usual, **times, **step})
        for n, step in enumerate(steps, start=1)
    ]
    return TaskProgress(1, "n", "t", "1", "in_progress", NOW, made)


def lines(shown: TaskProgress, width: int = 80, **options: Any) -> list[str]:
    return Picture(shown).lines(shown, width=width, **options)


def line(count: int) -> list[dict[str, Any]]:
    return [{"level": n, "parent_step_ids": [n] if n else []} for n in range(count)]


def test_state_attempt_and_duration_are_shown() -> None:
    shown = progress(
        {"state": "in_progress", "attempts": 1, "duration_micros": 1_500_000},
        {"state": "complete", "attempts": 1, "retry_limit": None, "duration_micros": 90_000_000},
        {
            "state": "error",
            "attempts": 3,
            "duration_micros": 7_500_000_000,
            "level": 1,
            "parent_step_ids": [1],
        },
        {"state": "cancelled", "level": 2, "parent_step_ids": [3]},
        {"state": "resolved_manually", "duration_micros": 400, "level": 3, "parent_step_ids": [4]},
        {
            "state": "odd",
            "attempts": 9,
            "duration_micros": 200_000_000_000,
            "level": 4,
            "parent_step_ids": [5],
        },
    )
    told = [
        re.sub(" +", " ", re.sub(r"[│ ]+(?=.*step)", " ", row)).strip() for row in lines(shown, since=750_000)
    ]
    facts = sorted((row[row.index("step_") :], re.sub(r"[^◐●✗⊘◉?]", "", row)) for row in told)
    assert facts == [
        ("step_1 in progress attempt 2/3 2.25 s", "◐"),
        ("step_2 complete attempt 1 1 m 30 s", "●"),
        ("step_3 error attempt 3/3 2 h 5 m", "✗"),
        ("step_4 cancelled", "⊘"),
        ("step_5 resolved 0 ms", "◉"),
        ("step_6 odd attempt 9/3 2 d 7 h", "?"),
    ]


def test_it_is_never_wider_than_the_terminal() -> None:
    names = ["x" * 200, "名前" * 60, "bad\x1b[31m\nname", "é" * 90, ""]
    shown = progress(
        *({"name": name, "state": "error", "attempts": 3, "duration_micros": 5_000_000} for name in names)
    )
    for width in (44, 50, 60, 80, 100):
        assert max(map(columns, lines(shown, width))) <= width
    assert not re.search("[\x1b\n]", "".join(lines(shown)))


def test_what_is_far_from_what_happens_is_left_out() -> None:
    steps = line(40)
    for step in steps[:20]:
        step["state"] = "complete"
    shown = lines(progress(*steps), height=10)
    assert (len(shown), shown[0], shown[-1]) == (10, "⋮ 19 more above", "⋮ 13 more below")
    assert "step_20 " in shown[1]
    assert len(lines(progress(*line(10)), height=10)) == 10
    assert lines(progress(*line(11)), height=10)[-1] == "⋮ 2 more below"
    done = lines(progress(*({**step, "state": "complete"} for step in line(30))), height=10)
    assert (done[0], len(done)) == ("⋮ 21 more above", 10)


def test_many_alike_are_one_line() -> None:
    states = ["error"] * 7 + ["pending"] * 83
    fan = [{"level": 1, "parent_step_ids": [1], "state": state} for state in states]
    shown = lines(progress({"state": "complete"}, *fan), width=60)
    assert re.fullmatch("✗ 90 \u00d7 step_2 … step_91 +7 ✗ 83 ○", shown[-1])
    shown = lines(progress({"state": "complete"}, *fan[:8]), colour=True)
    assert shown[-1].endswith(f"\x1b[31m{'✗' * 7}\x1b[0m\x1b[90m○\x1b[0m")
    assert lines(progress()) == []


def drawn(graph: dict[int, list[int]]) -> list[str]:
    return [f"{row.before}●{row.after}" for row in Lanes(graph).lines().values()]


def test_each_node_is_led_to_what_waits_for_it() -> None:
    assert drawn({1: [], 2: [1], 3: [1], 4: [2, 3]}) == ["●", "├─●", "● │", "●─╯"]
    graph: dict[int, list[int]] = {1: [], 2: [1], 3: [1], 4: [1], 5: [2, 3], 6: [3, 4], 7: [1, 6], 8: [5, 7]}
    assert drawn(graph) == ["●", "├─●", "├─│─●", "├─│─│─●", "│ ●─┤ │", "│ │ ●─╯", "●─│─╯", "●─╯"]
    assert drawn({1: [], 2: [], 3: [], 4: [3]}) == ["●", "  ●", "●", "●"]


@given(some.lists(some.sets(some.integers(1, 13)), max_size=14))
def test_the_lines_say_what_the_graph_says(above: list[set[int]]) -> None:
    graph = {node: sorted(p for p in parents if p < node) for node, parents in enumerate(above, start=1)}
    lanes: dict[int, int] = {}
    for (node, parents), row in zip(graph.items(), drawn(graph), strict=True):
        cells, gaps = row[::2], row[1::2]
        column = cells.index("●")
        reached, place = [column], column
        while place > 0 and gaps[place - 1] == "─":
            place -= 1
            reached += [place] * (cells[place] in "├┼┤╰┴╯")
        place = column
        while place < len(gaps) and gaps[place] == "─":
            place += 1
            reached += [place] * (cells[place] in "├┼┤╰┴╯")
        assert sorted(lanes[place] for place in reached if place in lanes) == parents
        lanes = {place: owner for place, owner in lanes.items() if cells[place : place + 1] in list("│├┼┤")}
        lanes[column] = node
