"""What each kind of argument takes: the table that Go and Ruby run as well."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import tasker_core
from tasker_core.external import ClaimedStep, StepName

CASES = json.loads((Path(__file__).parents[2] / "spec/fixtures/arguments.json").read_text("utf-8"))
CLAIMED = ClaimedStep(StepName("t", "s"), "1", 1, 1, 1, 0, 3, {}, {}, {}, {})
ASKED: dict[tuple[str, str], Callable[[tasker_core.Client, Any], object]] = {
    ("viable_steps", "task_id"): lambda client, value: client.viable_steps(value),
    ("step_readiness_batch", "task_ids"): lambda client, value: client.step_readiness_batch(value),
    ("viable_steps", "must_exist"): lambda client, value: client.viable_steps(1, must_exist=value),
    ("slowest_steps", "limit"): lambda client, value: client.slowest_steps(limit=value),
    ("claim_ready_steps", "limit"): lambda client, value: client.claim_ready_steps([], limit=value),
    ("slowest_steps", "namespace"): lambda client, value: client.slowest_steps(namespace=value),
    ("transition_step", "to"): lambda client, value: client.transition_step(1, to=value),
    ("draw", "format"): lambda client, value: client.draw(1, format=value),
    ("create_task", "tags"): lambda client, value: client.create_task(
        "t", steps=["a"], context={"a": 1}, tags=value
    ),
    ("stuck_steps", "older_than"): lambda client, value: client.stuck_steps(older_than=value),
    ("await_steps", "timeout"): lambda client, value: client.await_steps(timeout=value),
    ("finish_claim", "retry_after"): lambda client, value: client.fail_claim(
        CLAIMED, error="down", retry_after=value
    ),
}


def taken(client: tasker_core.Client, ask: Callable[[tasker_core.Client, Any], object], value: Any) -> bool:
    """Whether the argument was taken, whatever became of the call."""
    try:
        ask(client, value)
    except tasker_core.InvalidArgument as error:
        # The step of the claim is not there: that is not said of the argument.
        return "is not a step of task" in str(error)
    except (tasker_core.NotFound, tasker_core.ConflictError):
        return True
    return True


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['operation']} {case['argument']}")
def test_arguments_are_judged_as_in_every_language(client: tasker_core.Client, case: dict[str, Any]) -> None:
    ask = ASKED[case["operation"], case["argument"]]
    assert [value for value in case["takes"] if not taken(client, ask, value)] == []
    assert [value for value in case["refuses"] if taken(client, ask, value)] == []
