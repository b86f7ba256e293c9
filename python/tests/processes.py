"""What other processes of the tests run; imported there by name."""

from __future__ import annotations

import gc

import tasker_core


def ask(url: str, task_id: int, times: int = 50) -> list[int]:
    """Asks often, so that goroutines wait and collections run."""
    with tasker_core.connect(url) as client:
        for _ in range(times - 1):
            client.step_readiness(task_id)
        gc.collect()
        return client.viable_steps(task_id)
