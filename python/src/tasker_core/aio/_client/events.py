"""Events of this client's core: which there are, those that come, and those published here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from ... import event as events
from ... import operations
from ...results import EventDefinition
from ..subscription import Subscription
from .base import Operations


class Events(Operations):
    """The catalogue, subscriptions and publishing."""

    async def event_catalog(self) -> list[EventDefinition]:
        """Every event of the engine and the core, and those registered with this client."""
        return await self.run(operations.event_catalog())

    async def register_event(
        self, name: str, *, meaning: str, fields: Mapping[str, str] | None = None
    ) -> None:
        """Registers a custom event with this client's core.

        Args:
            name: such as "order.fulfilled".
            meaning: when it happens.
            fields: the types of its payload's keys, see EventField.

        Raises:
            InvalidArgument: if the name cannot be had, or a type is none; the reason is said.
        """
        await self.run(operations.register_event(name, meaning, fields))

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
            *names: names (step.completed), prefixes (step.*), or *.
            task_id: only events of this task.
            namespace: only of this namespace.
            task_name: only of tasks with this name.
            step_name: only of steps with this name.
            capacity: how many events may wait in memory, 10,000 unless given.
            max_bytes: how much memory they may take, 16 MB unless given.
            when_full: "drop_oldest" drops and counts, "spill" goes on in temporary files,
                "block" lets who publishes wait.
            max_wait: seconds that "block" waits for a subscriber that takes nothing at
                all, 5 unless given, 0 for ever; after that events are dropped and counted.

        Raises:
            InvalidArgument: if names or options do not fit.
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

    async def publish(
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

        It waits where a subscription with when_full="block" has no room.

        Args:
            name: such as "order.shipped".
            payload: what msgpack does not know becomes text, times in ISO 8601.
            task_id: the task that it is about.
            step_id: the step.
            namespace: the task's.
            task_name: the task's.
            step_name: the step's.
            occurred_at: with a time zone; None for now.
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
        await self.publish_events([event])

    async def publish_events(self, published: Iterable[Mapping[str, Any]]) -> int:
        """Publishes many events in their order, with one call.

        Args:
            published: each a mapping with a name, and what publish takes.

        Returns:
            How many were published.
        """
        return await self.run(events.publish(published))

    async def event_stats(self) -> dict[str, int]:
        """What became of all events of this client's core.

        published, and matched, delivered, dropped, spilled, pending summed over its
        subscriptions.
        """
        return await self.run(operations.event_stats())

    async def relay_stats(self) -> dict[str, Any]:
        """What became of events between processes, with the setting event_relay."""
        return await self.run(operations.relay_stats())
