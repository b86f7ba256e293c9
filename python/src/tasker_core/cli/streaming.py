"""Prints events as lines."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from typing import Any

from .._address import hidden
from ..client import Client
from ..event import Event

# The time until the relay's connection has to listen, in seconds.
_PATIENCE = 5.0


def heard(
    client: Client, names: tuple[str, ...], count: int | None, seconds: float | None, only: dict[str, Any]
) -> Iterator[Event]:
    """Events as they arrive, up to a number and a time."""
    ending = None if seconds is None else time.monotonic() + seconds
    with client.subscribe(*names, **only) as subscription:
        _say_if_nothing_can_come(client)
        while count is None or count > 0:
            left = None if ending is None else max(0.0, ending - time.monotonic())
            event = subscription.get(timeout=left)
            if event is not None:
                count = None if count is None else count - 1
                yield event
            elif left is not None or subscription.closed:
                return


def _say_if_nothing_can_come(client: Client) -> None:
    """Waits until the relay listens; if it cannot, this is reported once."""
    ending = time.monotonic() + _PATIENCE
    while not (stats := client.relay_stats())["listening"]:
        if time.monotonic() > ending or stats["failure"]:
            reason = stats["failure"] or f"no connection after {_PATIENCE:g} seconds"
            print(f"tasker-core: no events arrive yet: {hidden(reason)}", file=sys.stderr, flush=True)
            return
        time.sleep(0.02)


def line(event: Event) -> str:
    """The time and name of an event, and its task and step."""
    about = [event.occurred_at.isoformat(sep=" ", timespec="milliseconds"), event.name]
    task = "/".join(part for part in (event.namespace, event.task_name) if part)
    if event.task_id:
        about.append(f"task {event.task_id} {task}".rstrip())
    if event.step_id:
        about.append(f"step {event.step_id} {event.step_name or ''}".rstrip())
    return "  ".join(about)


def fields(event: Event) -> dict[str, Any]:
    """All fields of an event, for JSON."""
    names = ("sequence", "name", "occurred_at", "task_id", "step_id", "namespace", "task_name", "step_name")
    return {name: getattr(event, name) for name in (*names, "origin", "payload")}
