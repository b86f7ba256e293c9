"""Events of tasks and steps, and events that programs publish."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

import msgpack

from .errors import InvalidArgument
from .request import Operation, as_id, micros
from .table import moment
from .tuples import QueueReply


class Event:
    """An event of a task or a step, or one that a program published."""

    __slots__ = ("_fields", "_payload")

    def __init__(self, fields: list[Any]) -> None:
        self._fields = fields
        self._payload: dict[str, Any] | None = None

    @property
    def sequence(self) -> int:
        """The number of the event on its bus, from 1 without gaps."""
        return int(self._fields[0])

    @property
    def name(self) -> str:
        """The name, such as "step.completed"; see tasker_core.events."""
        return str(self._fields[1])

    @property
    def occurred_at(self) -> datetime:
        """The time of the event, in UTC."""
        return moment(self._fields[2])

    @property
    def task_id(self) -> int | None:
        """The id of its task, if it has one."""
        return self._fields[3] or None

    @property
    def step_id(self) -> int | None:
        """The id of its step, if it has one."""
        return self._fields[4] or None

    @property
    def namespace(self) -> str | None:
        """The task's namespace."""
        return self._fields[5] or None

    @property
    def task_name(self) -> str | None:
        """The task's name."""
        return self._fields[6] or None

    @property
    def step_name(self) -> str | None:
        """The step's name."""
        return self._fields[7] or None

    @property
    def origin(self) -> str:
        """The bus that published it, as host:process:number."""
        return str(self._fields[8])

    @property
    def payload(self) -> dict[str, Any]:
        """The payload. It is decoded on first use."""
        if self._payload is None:
            packed = self._fields[9]
            self._payload = msgpack.unpackb(packed, strict_map_key=False) if packed else {}
        return self._payload

    def __getitem__(self, key: str) -> Any:
        return self.payload[key]

    def __repr__(self) -> str:
        about = "".join(
            f" {what} {number}" for what, number in (("task", self.task_id), ("step", self.step_id)) if number
        )
        return f"<Event {self.sequence} {self.name}{about}>"


def subscribe(
    names: tuple[str, ...], when_full: str, options: Mapping[str, Any]
) -> Operation[tuple[int, int]]:
    """See Client.subscribe; returns the queue and its descriptor."""
    if not names:
        raise InvalidArgument(
            "no event is named; pass names such as step.completed, prefixes such as step.*, or *",
            code="invalid_argument",
        )
    given = {name: value for name, value in options.items() if value is not None}
    if "task_id" in given:
        given["task_id"] = as_id(given["task_id"])
    arguments = {"names": list(names), "when_full": when_full, **given}
    return Operation("subscribe", arguments, lambda found: QueueReply(*found))


def publish(events: Iterable[Mapping[str, Any]]) -> Operation[int]:
    """See Client.publish_events."""
    return Operation(
        "publish_events", {"events": [_row(event) for event in events], "wait": True}, lambda count: count
    )


_FIELDS = ("task_id", "step_id", "namespace", "task_name", "step_name")
_KNOWN = {"name", "payload", "occurred_at", *_FIELDS}


def _row(event: Mapping[str, Any]) -> list[Any]:
    """The fields in the order of go/event/codec.go."""
    if "name" not in event or not event.keys() <= _KNOWN:
        raise InvalidArgument(
            f"an event has a name, and may have {', '.join(sorted(_KNOWN - {'name'}))}; this one has "
            f"{', '.join(map(str, event))}",
            code="invalid_argument",
        )
    payload = event.get("payload")
    about = [event.get(field) for field in _FIELDS]
    return [
        event["name"],
        micros(event.get("occurred_at")),
        *about,
        None if payload is None else _plain(payload),
    ]


# The maximum nesting of a payload, as in go/msgpackstrict/depth.go.
_MAX_DEPTH = 100


def _plain(value: Any, around: int = 0) -> Any:
    """Values that msgpack does not have become text, times in ISO 8601, as in Ruby."""
    if value is None or isinstance(value, (bool, str, float)):
        return value
    if isinstance(value, int) and -(2**63) <= value < 2**63:
        return value
    if isinstance(value, (Mapping, list, tuple)):
        if around == _MAX_DEPTH:
            raise InvalidArgument(
                f"a payload is nested deeper than {_MAX_DEPTH} levels",
                code="invalid_argument",
            )
        if isinstance(value, Mapping):
            return {str(key): _plain(item, around + 1) for key, item in value.items()}
        return [_plain(item, around + 1) for item in value]
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    return str(value)
