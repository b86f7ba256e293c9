"""The operations of the core, as coroutines."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, TypeVar

from .. import _picture, creation, external, operations, rows
from .. import event as events
from .._core import Core, checked
from ..client import open_core
from ..creation import CreatedTask, StepLike
from ..errors import ConflictError, Error
from ..external import ClaimedStep, StepName
from ..operations import Operation
from ..results import (
    Drawing,
    EventDefinition,
    FunctionVersion,
    Reset,
    SchemaCheck,
    Stats,
    TaskProgress,
    Transition,
)
from ..table import Rows
from ._replies import Sender
from .session import Session
from .subscription import Subscription

T = TypeVar("T")


def connect(url: str, *, timeout: float | None = None, **settings: str | float | list[str]) -> Client:
    """A client whose operations are awaited; see tasker_core.connect.

    It needs no running loop, and may be used by several.
    """
    limit = checked(timeout)
    return Client(Sender(open_core(url, settings)), limit)


class Client:
    """The operations of tasker_core.Client, to be awaited.

    Cancelling who awaits one cancels its statement in the database.
    """

    def __init__(self, sender: Sender, timeout: float | None = None) -> None:
        self.timeout = checked(timeout)
        self._sender = sender

    @property
    def core(self) -> Core:
        """The core that answers."""
        return self._sender.core

    def with_timeout(self, timeout: float | None) -> Client:
        """The same client with another limit, in seconds, for each operation."""
        return Client(self._sender, timeout)

    async def close(self) -> None:
        """Closes every connection and session; what others await is cancelled."""
        await self._sender.close()

    @property
    def closed(self) -> bool:
        """Whether close was called."""
        return self.core.closed

    async def run(self, operation: Operation[T]) -> T:
        """Sends an operation and reads its answer."""
        arguments = operation.arguments
        if operation.by_rules:
            arguments = {**arguments, "function_version": await self.readiness_version()}
        try:
            return operation.read(
                await self._sender.call(operation.name, arguments, self.timeout, operation.opens)
            )
        except ConflictError as conflict:
            if operation.refused is None:
                raise
            return operation.refused(conflict)

    # What runs, and how it stands.

    async def step_readiness(
        self, task_id: int, step_ids: Iterable[int] | None = None, *, must_exist: bool = False
    ) -> Rows[rows.StepReadiness]:
        """See tasker_core.Client.step_readiness."""
        return await self.run(operations.step_readiness(task_id, step_ids, must_exist))

    async def step_readiness_batch(self, task_ids: Iterable[int]) -> Rows[rows.StepReadiness]:
        """See tasker_core.Client.step_readiness_batch."""
        return await self.run(operations.step_readiness_batch(task_ids))

    async def viable_steps(self, task_id: int, *, must_exist: bool = False) -> list[int]:
        """See tasker_core.Client.viable_steps."""
        return await self.run(operations.viable_steps(task_id, must_exist))

    async def task_execution_context(self, task_id: int) -> rows.TaskExecutionContext | None:
        """See tasker_core.Client.task_execution_context."""
        return await self.run(operations.task_execution_context(task_id))

    async def task_execution_contexts(self, task_ids: Iterable[int]) -> Rows[rows.TaskExecutionContext]:
        """See tasker_core.Client.task_execution_contexts."""
        return await self.run(operations.task_execution_contexts(task_ids))

    async def dependency_levels(
        self, task_id: int, *, must_exist: bool = False
    ) -> Rows[rows.DependencyLevel]:
        """See tasker_core.Client.dependency_levels."""
        return await self.run(operations.dependency_levels(task_id, must_exist))

    async def step_dag(self, task_id: int, *, must_exist: bool = False) -> Rows[rows.StepDagRelationship]:
        """See tasker_core.Client.step_dag."""
        return await self.run(operations.step_dag(task_id, must_exist))

    async def task_progress(self, task_id: int) -> TaskProgress | None:
        """See tasker_core.Client.task_progress."""
        return await self.run(operations.task_progress(task_id))

    async def readiness_version(self) -> int:
        """See tasker_core.Client.readiness_version."""
        if self.core.rules is None:
            self.core.rules = await self.run(operations.readiness_version())
        return self.core.rules

    # New tasks.

    async def create_task(
        self,
        name: str,
        *,
        steps: Sequence[StepLike],
        context: Mapping[str, Any],
        namespace: str = "default",
        version: str = "0.1.0",
        initiator: str | None = None,
        source_system: str | None = None,
        reason: str | None = None,
        tags: Sequence[str] = (),
        bypass_steps: Sequence[str] = (),
        identity: str | None = None,
        identity_hash: str | None = None,
        enqueue: bool = False,
    ) -> CreatedTask:
        """See tasker_core.Client.create_task."""
        return await self.run(
            creation.create_task(
                name,
                steps,
                context,
                namespace=namespace,
                version=version,
                initiator=initiator,
                source_system=source_system,
                reason=reason,
                tags=tags,
                bypass_steps=bypass_steps,
                identity=identity,
                identity_hash=identity_hash,
                enqueue=enqueue,
            )
        )

    # States.

    async def transition_step(
        self, step_id: int, *, to: str, metadata: Mapping[str, Any] | None = None
    ) -> Transition:
        """See tasker_core.Client.transition_step."""
        return await self.run(operations.transition_step(step_id, to, metadata))

    async def transition_step_or_raise(
        self, step_id: int, *, to: str, metadata: Mapping[str, Any] | None = None
    ) -> Transition:
        """See tasker_core.Client.transition_step_or_raise."""
        return (await self.transition_step(step_id, to=to, metadata=metadata)).raise_unless_written()

    async def transition_steps(
        self, step_ids: Iterable[int], *, to: str, metadata: Mapping[str, Any] | None = None
    ) -> list[Transition]:
        """See tasker_core.Client.transition_steps."""
        return await self.run(operations.transition_steps(step_ids, to, metadata))

    async def transition_task(
        self, task_id: int, *, to: str, metadata: Mapping[str, Any] | None = None
    ) -> Transition:
        """See tasker_core.Client.transition_task."""
        return await self.run(operations.transition_task(task_id, to, metadata))

    async def transition_task_or_raise(
        self, task_id: int, *, to: str, metadata: Mapping[str, Any] | None = None
    ) -> Transition:
        """See tasker_core.Client.transition_task_or_raise."""
        return (await self.transition_task(task_id, to=to, metadata=metadata)).raise_unless_written()

    async def current_step_state(self, step_id: int) -> str | None:
        """See tasker_core.Client.current_step_state."""
        return await self.run(operations.current_step_state(step_id))

    async def current_task_state(self, task_id: int) -> str | None:
        """See tasker_core.Client.current_task_state."""
        return await self.run(operations.current_task_state(task_id))

    async def open_session(self, task_id: int) -> Session:
        """See tasker_core.Client.open_session."""
        opening = _picture.open_session(self.core, task_id)
        return Session(self, task_id, opening, await self.run(opening))

    # The whole database.

    async def system_health_counts(self) -> rows.SystemHealthCounts:
        """See tasker_core.Client.system_health_counts."""
        return await self.run(operations.system_health_counts())

    async def analytics_metrics(self, *, since: datetime | None = None) -> rows.AnalyticsMetrics:
        """See tasker_core.Client.analytics_metrics."""
        return await self.run(operations.analytics_metrics(since))

    async def slowest_steps(
        self,
        *,
        since: datetime | None = None,
        limit: int | None = 10,
        namespace: str | None = None,
        task_name: str | None = None,
        version: str | None = None,
    ) -> Rows[rows.SlowestStep]:
        """See tasker_core.Client.slowest_steps."""
        return await self.run(operations.slowest_steps(since, limit, namespace, task_name, version))

    async def slowest_tasks(
        self,
        *,
        since: datetime | None = None,
        limit: int | None = 10,
        namespace: str | None = None,
        task_name: str | None = None,
        version: str | None = None,
    ) -> Rows[rows.SlowestTask]:
        """See tasker_core.Client.slowest_tasks."""
        return await self.run(operations.slowest_tasks(since, limit, namespace, task_name, version))

    async def analyze_graph(
        self, task_id: int, *, weights: Mapping[str, Any] | None = None
    ) -> dict[str, Any] | None:
        """See tasker_core.Client.analyze_graph."""
        return await self.run(operations.analyze_graph(task_id, weights))

    async def draw(self, task_id: int, *, format: str = "svg") -> Drawing | None:
        """See tasker_core.Client.draw."""
        return await self.run(operations.draw(task_id, format))

    async def analyze_templates(self, steps: Mapping[str, Iterable[str]]) -> dict[str, Any]:
        """See tasker_core.Client.analyze_templates."""
        return await self.run(operations.analyze_templates(steps))

    # Which events there are.

    async def event_catalog(self) -> list[EventDefinition]:
        """See tasker_core.Client.event_catalog."""
        return await self.run(operations.event_catalog())

    async def register_event(
        self, name: str, *, meaning: str, fields: Mapping[str, str] | None = None
    ) -> None:
        """See tasker_core.Client.register_event."""
        await self.run(operations.register_event(name, meaning, fields))

    # The schema.

    async def install_schema(self) -> list[str]:
        """See tasker_core.Client.install_schema."""
        return await self.run(operations.install_schema())

    async def check_schema(self) -> SchemaCheck:
        """See tasker_core.Client.check_schema."""
        return await self.run(operations.check_schema())

    async def function_versions(self) -> list[FunctionVersion]:
        """See tasker_core.Client.function_versions."""
        return await self.run(operations.function_versions())

    # Work that a dead worker holds. Ages are counted by the database's clock.

    async def stuck_steps(self, *, older_than: timedelta | float) -> Rows[rows.StuckStep]:
        """See tasker_core.Client.stuck_steps."""
        return await self.run(operations.stuck_steps(older_than))

    async def stuck_tasks(self, *, older_than: timedelta | float) -> Rows[rows.StuckTask]:
        """See tasker_core.Client.stuck_tasks."""
        return await self.run(operations.stuck_tasks(older_than))

    async def reset_stuck(self, *, older_than: timedelta | float) -> Reset:
        """See tasker_core.Client.reset_stuck."""
        return await self.run(operations.reset_stuck(older_than, leave_tasks=False))

    async def reset_stuck_steps(self, *, older_than: timedelta | float) -> Rows[rows.ResetStep]:
        """See tasker_core.Client.reset_stuck_steps."""
        return (await self.run(operations.reset_stuck(older_than, leave_tasks=True))).steps

    # Events.

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
        """See tasker_core.Client.subscribe."""
        options = {
            "task_id": task_id,
            "namespace": namespace,
            "task_name": task_name,
            "step_name": step_name,
            "capacity": capacity,
            "max_bytes": max_bytes,
            "max_wait": max_wait,
        }
        return Subscription(self, events.subscribe(names, when_full, options))

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
        """See tasker_core.Client.publish."""
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
        """See tasker_core.Client.publish_events."""
        return await self.run(events.publish(published))

    async def event_stats(self) -> dict[str, int]:
        """See tasker_core.Client.event_stats."""
        return await self.run(operations.event_stats())

    async def relay_stats(self) -> dict[str, Any]:
        """See tasker_core.Client.relay_stats."""
        return await self.run(operations.relay_stats())

    # Steps that are executed outside of Rails.

    async def claim_ready_steps(
        self, names: Iterable[StepName], *, limit: int = 1, start_tasks: bool = False
    ) -> list[ClaimedStep]:
        """See tasker_core.Client.claim_ready_steps."""
        wanted = list(names)
        while claimed := await self.run(external.claim_ready_steps(wanted, limit, start_tasks)):
            readable = [step for step in claimed if not await self._failed_as_unreadable(step)]
            if readable:
                return readable
        return []

    async def _failed_as_unreadable(self, step: ClaimedStep) -> bool:
        if step.unreadable is None:
            return False
        try:
            await self.run(external.fail_unreadable(step))
        except Error as error:  # the others are claimed, and their caller's
            external.logger.error(
                "step %d stays claimed: %s; %s", step.workflow_step_id, step.unreadable, error
            )
        return True

    async def complete_claim(self, step: ClaimedStep, *, results: Any = None) -> Transition:
        """See tasker_core.Client.complete_claim."""
        return await self.run(external.complete_claim(step, results))

    async def fail_claim(
        self,
        step: ClaimedStep,
        *,
        error: BaseException | str,
        retryable: bool = True,
        retry_after: timedelta | float | None = None,
    ) -> Transition:
        """See tasker_core.Client.fail_claim."""
        return await self.run(external.fail_claim(step, error, retryable, retry_after))

    async def renew_claims(
        self, steps: Iterable[ClaimedStep], *, stopping: bool = False
    ) -> list[ClaimedStep]:
        """See tasker_core.Client.renew_claims."""
        return await self.run(external.renew_claims(steps, stopping))

    async def begin_claim(self, step: ClaimedStep, *, runner: str) -> str:
        """See tasker_core.Client.begin_claim."""
        return await self.run(external.begin_claim(step, runner))

    async def claim_state(self, step: ClaimedStep) -> str:
        """See tasker_core.Client.claim_state."""
        return await self.run(external.claim_state(step))

    async def finalize_task(self, task_id: int) -> str:
        """See tasker_core.Client.finalize_task."""
        return await self.run(external.finalize_task(task_id))

    async def await_steps(self, *, timeout: float) -> bool:
        """See tasker_core.Client.await_steps."""
        return await self.run(external.await_steps(timeout))

    # The core itself.

    async def session_stats(self) -> dict[str, int]:
        """See tasker_core.Client.session_stats."""
        return await self.run(operations.session_stats())

    async def ping(self, *, database: bool = True) -> str:
        """See tasker_core.Client.ping."""
        return await self.run(operations.ping(database))

    async def stats(self) -> Stats:
        """See tasker_core.Client.stats."""
        return await self.run(operations.stats())

    async def stats_text(self) -> str:
        """See tasker_core.Client.stats_text."""
        return await self.run(operations.stats_text())

    async def __aenter__(self) -> Client:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def __repr__(self) -> str:
        kind = f"{type(self).__module__}.{type(self).__name__}"
        return f"<{kind} {self.core.address}{' closed' if self.closed else ''}>"
