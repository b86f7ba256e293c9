# Written by python/tools/sync_client.py from aio/_client/events.py; change that file instead.
"""The events of this client's core: its catalogue, subscriptions and publishing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from .. import event as events
from .. import operations
from ..results import EventDefinition
from ..subscription import Subscription
from .base import Operations


class Events(Operations):
    """The catalogue, subscriptions and publishing."""

    def event_catalog(self) -> list[EventDefinition]:
        """Lists every event of the engine and the core, and those registered with this client."""
        return self.run(operations.event_catalog())

    def register_event(self, name: str, *, meaning: str, fields: Mapping[str, str] | None = None) -> None:
        """Registers a custom event with this client's core.

        Args:
            name: such as "order.fulfilled".
            meaning: a description of the event.
            fields: the types of its payload's keys; see EventField.

        Raises:
            InvalidArgument: if the name cannot be registered, or a type is unknown; the message
                has the reason.
        """
        self.run(operations.register_event(name, meaning, fields))

    def subscribe(
        self,
        *names: str,
        task_id: int | None = None,
        namespace: str | None = None,
        task_name: str | None = None,
        step_name: str | None = None,
        capacity: int | None = None,
        max_bytes: int | None = None,
        when_full: str = "drop_oldest",
        max_wait: float | None = None,
    ) -> Subscription:
        """Subscribes to events of this client's core, from now on.

        Args:
            *names: names ("step.completed"), prefixes ("step.*") or "*".
            task_id: only events of this task.
            namespace: only events of this namespace.
            task_name: only events of tasks with this name.
            step_name: only events of steps with this name.
            capacity: the number of events that may wait in memory; None for 10,000.
            max_bytes: the memory that waiting events may use, in bytes; None for 16 MB.
            when_full: "drop_oldest" drops events and counts them, "spill" writes them to temporary
                files, "block" makes publishers wait.
            max_wait: seconds that "block" waits for a subscriber that takes no events; None for 5,
                0 for no limit. After that, events are dropped and counted.

        Raises:
            InvalidArgument: if a name or an option is invalid.
        """
        options = {
            "task_id": task_id,
            "namespace": namespace,
            "task_name": task_name,
            "step_name": step_name,
            "capacity": capacity,
            "max_bytes": max_bytes,
            "max_wait": max_wait,
        }
        return Subscription(self.core, events.subscribe(names, when_full, options))

    def publish(
        self,
        name: str,
        payload: Mapping[str, Any] | None = None,
        *,
        task_id: int | None = None,
        step_id: int | None = None,
        namespace: str | None = None,
        task_name: str | None = None,
        step_name: str | None = None,
        occurred_at: datetime | None = None,
    ) -> None:
        """Publishes an event on this client's core.

        It waits if a subscription with when_full="block" has no room.

        Args:
            name: such as "order.shipped".
            payload: a mapping; values that msgpack does not have become text, times in ISO 8601.
            task_id: the id of its task.
            step_id: the id of its step.
            namespace: the namespace of its task.
            task_name: the name of its task.
            step_name: the name of its step.
            occurred_at: a datetime with a time zone; None for now.
        """
        event = {
            "name": name,
            "payload": payload,
            "task_id": task_id,
            "step_id": step_id,
            "namespace": namespace,
            "task_name": task_name,
            "step_name": step_name,
            "occurred_at": occurred_at,
        }
        self.publish_events([event])

    def publish_events(self, published: Iterable[Mapping[str, Any]]) -> int:
        """Publishes many events in order, with one call.

        Args:
            published: for each event a mapping with a name and the arguments of publish.

        Returns:
            The number of published events.
        """
        return self.run(events.publish(published))

    def event_stats(self) -> dict[str, int]:
        """Counts the events of this client's core.

        The keys are published, and matched, delivered, dropped, spilled and pending summed over its
        subscriptions.
        """
        return self.run(operations.event_stats())

    def relay_stats(self) -> dict[str, Any]:
        """Counts the events sent to and received from other processes (setting event_relay)."""
        return self.run(operations.relay_stats())
