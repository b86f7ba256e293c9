"""The operations of the core, as methods that wait for their answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, TypeVar

from . import _picture, creation, external, operations, rows
from . import event as events
from ._core import Core, checked
from .creation import CreatedTask, StepLike
from .errors import ConfigurationError, ConflictError, Error
from .external import ClaimedStep, StepName
from .operations import Operation
from .results import (
    Drawing,
    EventDefinition,
    FunctionVersion,
    Reset,
    SchemaCheck,
    Stats,
    TaskProgress,
    Transition,
)
from .session import Session
from .subscription import Subscription
from .table import Rows

T = TypeVar("T")


def connect(url: str, *, timeout: float | None = None, **settings: str | float | list[str]) -> Client:
    """A client over connections of the core's own.

    No connection is opened before the first operation. It may be used by many threads at
    once; a forked child opens connections of its own::

        with tasker_core.connect("postgresql://localhost/shop") as client:
            print(client.viable_steps(42))

    Args:
        url: postgresql://user@host/database, or keyword=value pairs as libpq reads them.
        timeout: seconds that each operation may take; None for no limit.
        **settings: pool_max_connections (4), pool_exec_mode ("cache_statement"; behind
            PgBouncer in transaction mode "exec", "simple_protocol" or "cache_describe"),
            pool_acquire_timeout_seconds (5), application_name, and what else
            go/config/config.go lists.

    Raises:
        ConfigurationError: if a setting, or the URL, cannot be used.
        InvalidArgument: for a timeout that is no number above 0.
        Unavailable: if the native core does not load.
    """
    limit = checked(timeout)
    return Client(open_core(url, settings), limit)


def open_core(url: str, settings: Mapping[str, Any]) -> Core:
    """A core with connections to a database."""
    if not isinstance(url, str) or not url:
        raise ConfigurationError(
            "url must be a text such as postgresql://user@host/database", code="configuration"
        )
    return Core({**settings, "database_url": url})


class Client:
    """The operations of the core. Every answer is read from the database at the time of the call.

    Every method raises DatabaseError (SchemaMissing where the engine's tables are not
    there) if the database fails, InvalidArgument for arguments that do not fit, and
    TimeoutError where the client's timeout passed. Ctrl-C cancels the statement.
    """

    def __init__(self, core: Core, timeout: float | None = None) -> None:
        self.core = core
        self.timeout = checked(timeout)

    def with_timeout(self, timeout: float | None) -> Client:
        """The same client with another limit, in seconds, for each operation."""
        return Client(self.core, timeout)

    def close(self) -> None:
        """Closes every connection and session; what other threads have under way is cancelled."""
        self.core.close()

    @property
    def closed(self) -> bool:
        """Whether close was called."""
        return self.core.closed

    def run(self, operation: Operation[T]) -> T:
        """Sends an operation and reads its answer."""
        arguments = operation.arguments
        if operation.by_rules:
            arguments = {**arguments, "function_version": self.readiness_version()}
        try:
            return operation.read(self.core.call(operation.name, arguments, self.timeout, operation.opens))
        except ConflictError as conflict:
            if operation.refused is None:
                raise
            return operation.refused(conflict)

    # What runs, and how it stands.

    def step_readiness(
        self, task_id: int, step_ids: Iterable[int] | None = None, *, must_exist: bool = False
    ) -> Rows[rows.StepReadiness]:
        """Which steps of a task can run, and why the others cannot.

        The rows of the engine's get_step_readiness_status, ordered by step id.

        Args:
            task_id: the task's; there are no rows for an unknown one.
            step_ids: only these steps; None all, [] none.
            must_exist: whether an unknown task is an error.

        Raises:
            NotFound: for an unknown task, with must_exist.
        """
        return self.run(operations.step_readiness(task_id, step_ids, must_exist))

    def step_readiness_batch(self, task_ids: Iterable[int]) -> Rows[rows.StepReadiness]:
        """The same for many tasks in one statement.

        Ordered by step id; in a database with version 1 of the functions by task id first,
        as there.
        """
        return self.run(operations.step_readiness_batch(task_ids))

    def viable_steps(self, task_id: int, *, must_exist: bool = False) -> list[int]:
        """The ids of a task's steps that can run now, in ascending order.

        Args:
            task_id: the task's; there are none for an unknown one.
            must_exist: whether an unknown task is an error.

        Raises:
            NotFound: for an unknown task, with must_exist.
        """
        return self.run(operations.viable_steps(task_id, must_exist))

    def task_execution_context(self, task_id: int) -> rows.TaskExecutionContext | None:
        """How a task stands: the engine's get_task_execution_context; None for an unknown task."""
        return self.run(operations.task_execution_context(task_id))

    def task_execution_contexts(self, task_ids: Iterable[int]) -> Rows[rows.TaskExecutionContext]:
        """The same for many tasks in one statement, ordered by task id; unknown tasks are missing."""
        return self.run(operations.task_execution_contexts(task_ids))

    def dependency_levels(self, task_id: int, *, must_exist: bool = False) -> Rows[rows.DependencyLevel]:
        """The level of each step, the longest path from a root, ordered by level and id.

        Raises:
            CycleError: if steps depend on each other in a circle.
            NotFound: for an unknown task, with must_exist.
        """
        return self.run(operations.dependency_levels(task_id, must_exist))

    def step_dag(self, task_id: int, *, must_exist: bool = False) -> Rows[rows.StepDagRelationship]:
        """Parents, children and depth of each step, ordered by step id.

        The rows that the engine's view tasker_step_dag_relationships has for one task.

        Raises:
            NotFound: for an unknown task, with must_exist.
        """
        return self.run(operations.step_dag(task_id, must_exist))

    def task_progress(self, task_id: int) -> TaskProgress | None:
        """Every step of a task with state, attempts and times, by one statement.

        Returns:
            None for an unknown task.

        Raises:
            CycleError: if steps depend on each other in a circle.
        """
        return self.run(operations.task_progress(task_id))

    def readiness_version(self) -> int:
        """Which rules of readiness this database follows, 1 or 2; read once for a client.

        Raises:
            UnknownFunction: if a function's body is not one that is known.
        """
        if self.core.rules is None:
            self.core.rules = self.run(operations.readiness_version())
        return self.core.rules

    # New tasks.

    def create_task(
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
        """Makes a task with its steps, as the engine's TaskInitializer does without a handler.

        All or nothing, in one transaction, with a few statements for any number of steps.
        The namespace, the task's name and those of its steps are made where they are missing.
        A worker that owns its tasks takes it up at once; with enqueue Rails runs it::

            client.create_task("sales_report", namespace="etl", context={"day": "2026-11-26"}, steps=[
                "extract",
                NewStep("score", depends_on=["extract"], retry_limit=5),
            ])

        Args:
            name: the task's.
            steps: each a NewStep, its fields as a mapping, or a name alone.
            context: not empty: the engine takes no task without.
            namespace: of the task.
            version: three numbers.
            initiator: who asks for it; None for "unknown", as in the next two.
            source_system: where it comes from.
            reason: why.
            tags: texts.
            bypass_steps: names of steps.
            identity: "uuid", also where none is given, is a random one; "hash" the engine's
                SHA256 of what was asked for and the minute of it (UTC).
            identity_hash: one of your own instead.
            enqueue: leave it to Rails, where tasker_core:listen enqueues it once; a handler
                with the same steps must be registered there.

        Raises:
            InvalidArgument: for a value that cannot be, named in the message.
            CycleError: if the steps would wait for each other in a circle.
            DuplicateTask: if another task has this identity.
            ConflictError: if another process deleted definitions at the same time.
        """
        return self.run(
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

    def transition_step(
        self, step_id: int, *, to: str, metadata: Mapping[str, Any] | None = None
    ) -> Transition:
        """Moves a step to another state, if its state and its parents allow it.

        The database checks and writes in one statement.

        Args:
            step_id: the step's.
            to: the target state.
            metadata: written to the audit row.

        Returns:
            What became of it; see Transition.code.

        Raises:
            NotFound: if there is no such step.
        """
        return self.run(operations.transition_step(step_id, to, metadata))

    def transition_step_or_raise(
        self, step_id: int, *, to: str, metadata: Mapping[str, Any] | None = None
    ) -> Transition:
        """The same, raising where nothing was written.

        Raises:
            TransitionError: if the state, the guard or another process forbids it.
            NotFound: if there is no such step.
        """
        return self.transition_step(step_id, to=to, metadata=metadata).raise_unless_written()

    def transition_steps(
        self, step_ids: Iterable[int], *, to: str, metadata: Mapping[str, Any] | None = None
    ) -> list[Transition]:
        """Moves many steps in one statement, locked in the order of their ids.

        Those that may not move stay as they are; unknown ids are missing in the answer,
        which is in ascending order of id.

        Raises:
            ConflictError: if another process wrote to one of them at the same time; then
                none was moved.
        """
        return self.run(operations.transition_steps(step_ids, to, metadata))

    def transition_task(
        self, task_id: int, *, to: str, metadata: Mapping[str, Any] | None = None
    ) -> Transition:
        """Moves a task to another state; to complete only if all its steps are done.

        Raises:
            NotFound: if there is no such task.
        """
        return self.run(operations.transition_task(task_id, to, metadata))

    def transition_task_or_raise(
        self, task_id: int, *, to: str, metadata: Mapping[str, Any] | None = None
    ) -> Transition:
        """The same, raising where nothing was written.

        Raises:
            TransitionError: if the state, the guard or another process forbids it.
            NotFound: if there is no such task.
        """
        return self.transition_task(task_id, to=to, metadata=metadata).raise_unless_written()

    def current_step_state(self, step_id: int) -> str | None:
        """The step's state now, None for an unknown step."""
        return self.run(operations.current_step_state(step_id))

    def current_task_state(self, task_id: int) -> str | None:
        """The task's state now, None for an unknown task."""
        return self.run(operations.current_task_state(task_id))

    def open_session(self, task_id: int) -> Session:
        """Opens a session on a task. It changes nothing in the database.

        Raises:
            NotFound: if there is no such task.
            CycleError: if its steps depend on each other in a circle.
            SessionError: if max_sessions are open.
        """
        opening = _picture.open_session(self.core, task_id)
        return Session(self, task_id, opening, self.run(opening))

    # The whole database.

    def system_health_counts(self) -> rows.SystemHealthCounts:
        """Counts of tasks and steps by state, of retries and of connections."""
        return self.run(operations.system_health_counts())

    def analytics_metrics(self, *, since: datetime | None = None) -> rows.AnalyticsMetrics:
        """Throughput, rates and durations.

        Args:
            since: tasks made after it; None: in the last hour.
        """
        return self.run(operations.analytics_metrics(since))

    def slowest_steps(
        self,
        *,
        since: datetime | None = None,
        limit: int | None = 10,
        namespace: str | None = None,
        task_name: str | None = None,
        version: str | None = None,
    ) -> Rows[rows.SlowestStep]:
        """The complete steps that took longest, longest first, then by id.

        Args:
            since: steps made after it; None: in the last 24 hours.
            limit: how many at most; None: all.
            namespace: only of this namespace.
            task_name: only of tasks with this name.
            version: only of tasks with this version.
        """
        return self.run(operations.slowest_steps(since, limit, namespace, task_name, version))

    def slowest_tasks(
        self,
        *,
        since: datetime | None = None,
        limit: int | None = 10,
        namespace: str | None = None,
        task_name: str | None = None,
        version: str | None = None,
    ) -> Rows[rows.SlowestTask]:
        """The tasks that took longest to their last complete or failed step, longest first.

        Args:
            since: tasks made after it; None: in the last 24 hours.
            limit: how many at most; None: all.
            namespace: only of this namespace.
            task_name: only with this name.
            version: only with this version.
        """
        return self.run(operations.slowest_tasks(since, limit, namespace, task_name, version))

    def analyze_graph(
        self, task_id: int, *, weights: Mapping[str, Any] | None = None
    ) -> dict[str, Any] | None:
        """What a task's graph means for its progress; None for an unknown task.

        The keys and numbers of the engine's RuntimeGraphAnalyzer#analyze:
        dependency_graph, critical_paths, parallelism_opportunities, error_chains,
        bottlenecks, generated_at and task_id.

        Args:
            task_id: the task's.
            weights: impact_multipliers, severity_multipliers, penalty_constants,
                severity_thresholds, duration_estimates, as in the engine's
                config.dependency_graph; what is missing has the engine's default.

        Raises:
            CycleError: if steps depend on each other in a circle.
            InvalidArgument: for a weight that does not exist or is no number.
        """
        return self.run(operations.analyze_graph(task_id, weights))

    def draw(self, task_id: int, *, format: str = "svg") -> Drawing | None:
        """The workflow with its steps' states, attempts and durations, and the critical path.

        Args:
            task_id: the task's; None is given for an unknown one.
            format: "svg", a document that needs no other file, or "mermaid", the text of
                a flowchart.

        Raises:
            CycleError: if steps depend on each other in a circle.
            InvalidArgument: for another format, or a task of more than 10,000 steps.
        """
        return self.run(operations.draw(task_id, format))

    def analyze_templates(self, steps: Mapping[str, Iterable[str]]) -> dict[str, Any]:
        """What the dependencies of steps mean before anything runs; the database is not asked.

        Args:
            steps: by name what each depends on, in the order of the template.

        Returns:
            topology, cycles, levels, roots, leaves and summary.

        Raises:
            InvalidArgument: if a step depends on one that is not there.
        """
        return self.run(operations.analyze_templates(steps))

    # Which events there are.

    def event_catalog(self) -> list[EventDefinition]:
        """Every event of the engine and the core, and those registered with this client."""
        return self.run(operations.event_catalog())

    def register_event(self, name: str, *, meaning: str, fields: Mapping[str, str] | None = None) -> None:
        """Registers a custom event with this client's core.

        Args:
            name: such as "order.fulfilled".
            meaning: when it happens.
            fields: the types of its payload's keys, see EventField.

        Raises:
            InvalidArgument: if the name cannot be had, or a type is none; the reason is said.
        """
        self.run(operations.register_event(name, meaning, fields))

    # The schema.

    def install_schema(self) -> list[str]:
        """Creates the engine's tables, indexes, view and functions, in one transaction.

        Returns:
            What was created in the current schema. schema_migrations is left alone.

        Raises:
            SchemaNotEmpty: if one of the engine's tables is there already.
        """
        return self.run(operations.install_schema())

    def check_schema(self) -> SchemaCheck:
        """Compares this database with the expected catalogue. It reads only."""
        return self.run(operations.check_schema())

    def function_versions(self) -> list[FunctionVersion]:
        """Whose text each of the engine's nine functions, and its view, has here."""
        return self.run(operations.function_versions())

    # Work that a dead worker holds. Ages are counted by the database's clock.

    def stuck_steps(self, *, older_than: timedelta | float) -> Rows[rows.StuckStep]:
        """Steps in_progress for longer than that (seconds), of tasks that are not closed."""
        return self.run(operations.stuck_steps(older_than))

    def stuck_tasks(self, *, older_than: timedelta | float) -> Rows[rows.StuckTask]:
        """Tasks whose run was cut short between two steps, without activity for that long."""
        return self.run(operations.stuck_tasks(older_than))

    def reset_stuck(self, *, older_than: timedelta | float) -> Reset:
        """Takes stuck steps from their workers, as if each had failed.

        Where an attempt is left the step is pending again, else it stays in error. Their
        tasks, and those that are stuck, are set pending; to enqueue them is the caller's.

        Raises:
            ConflictError: if another process wrote to one of the tasks at the same time;
                then nothing was reset.
        """
        return self.run(operations.reset_stuck(older_than, leave_tasks=False))

    def reset_stuck_steps(self, *, older_than: timedelta | float) -> Rows[rows.ResetStep]:
        """The same for the steps alone: their tasks stay as they are."""
        return self.run(operations.reset_stuck(older_than, leave_tasks=True)).steps

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
        """Subscribes to events of this client's core, from now on.

        Args:
            *names: names (step.completed), prefixes (step.*), or *.
            task_id: only events of this task.
            namespace: only of this namespace.
            task_name: only of tasks with this name.
            step_name: only of steps with this name.
            capacity: how many events may wait in memory, 10,000 unless given.
            max_bytes: how much memory they may take, 64 MB unless given.
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
        return Subscription(self.core, *self.run(events.subscribe(names, when_full, options)))

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
        self.publish_events([event])

    def publish_events(self, published: Iterable[Mapping[str, Any]]) -> int:
        """Publishes many events in their order, with one call.

        Args:
            published: each a mapping with a name, and what publish takes.

        Returns:
            How many were published.
        """
        return self.run(events.publish(published))

    def event_stats(self) -> dict[str, int]:
        """What became of all events of this client's core.

        published, and matched, delivered, dropped, spilled, pending summed over its
        subscriptions.
        """
        return self.run(operations.event_stats())

    def relay_stats(self) -> dict[str, Any]:
        """What became of events between processes, with the setting event_relay."""
        return self.run(operations.relay_stats())

    # Steps that are executed outside of Rails: what a Worker is made of.

    def claim_ready_steps(
        self, names: Iterable[StepName], *, limit: int = 1, start_tasks: bool = False
    ) -> list[ClaimedStep]:
        """Finds steps that can run, oldest first, and claims them.

        A failed step whose waiting time is over goes back to pending first. Workers that
        ask at the same time get different steps. A step whose documents cannot be read (an
        integer of too many digits, too deep a nesting) fails for good, with the reason in
        its results, and is not among the steps.

        Args:
            names: of the steps that the caller can execute.
            limit: how many at most, 1 to 1000.
            start_tasks: also set their pending tasks in_progress: nobody else runs them.

        Raises:
            ConflictError: if another process wrote to one of the steps at the same time;
                then none was claimed.
        """
        wanted = list(names)
        while claimed := self.run(external.claim_ready_steps(wanted, limit, start_tasks)):
            readable = [step for step in claimed if not self._failed_as_unreadable(step)]
            if readable:
                return readable
        return []

    def _failed_as_unreadable(self, step: ClaimedStep) -> bool:
        if step.unreadable is None:
            return False
        try:
            self.run(external.fail_unreadable(step))
        except Error as error:  # the others are claimed, and their caller's
            external.logger.error(
                "step %d stays claimed: %s; %s", step.workflow_step_id, step.unreadable, error
            )
        return True

    def complete_claim(self, step: ClaimedStep, *, results: Any = None) -> Transition:
        """Records that a claimed step has done its work.

        Args:
            step: the step's claim.
            results: what JSON can say; None is written as {}.

        Returns:
            With the code conflict where the claim no longer holds; nothing is written then.
        """
        return self.run(external.complete_claim(step, results))

    def fail_claim(
        self,
        step: ClaimedStep,
        *,
        error: BaseException | str,
        retryable: bool = True,
        retry_after: timedelta | float | None = None,
    ) -> Transition:
        """Records that a claimed step has failed.

        It can be retried once its waiting time is over, while it has attempts left.

        Args:
            step: the step's claim.
            error: its text, class and traceback become the step's results.
            retryable: False where another attempt would be useless.
            retry_after: seconds to wait before the next attempt, rounded up; None for the
                waiting time that follows from the attempts.
        """
        return self.run(external.fail_claim(step, error, retryable, retry_after))

    def renew_claims(self, steps: Iterable[ClaimedStep], *, stopping: bool = False) -> list[ClaimedStep]:
        """Tells that who holds these claims is alive: the steps do not count as stuck.

        Args:
            steps: the claims.
            stopping: also tell handlers that ask (claim_state) that the worker is to end.

        Returns:
            Those that still hold; results of the others would be refused.
        """
        return self.run(external.renew_claims(steps, stopping))

    def begin_claim(self, step: ClaimedStep, *, runner: str) -> str:
        """Asks whether a handler may be executed now, where its step may arrive twice.

        Between the worker and the handler there may be a queue or a cluster; of all that
        ask, one runner begins.

        Args:
            step: the step's claim.
            runner: who executes the handler, unlike all others; who asks again hears the same.

        Returns:
            "begun": go on; "taken": another runner has begun; "lost": the claim no longer holds.
        """
        return self.run(external.begin_claim(step, runner))

    def claim_state(self, step: ClaimedStep) -> str:
        """How a claim stands; nothing is changed.

        Returns:
            "held"; "stopping": held by a worker that is to end; "lost": a result would be refused.
        """
        return self.run(external.claim_state(step))

    def finalize_task(self, task_id: int) -> str:
        """Closes a task that nobody else runs once there is nothing left to do.

        Returns:
            Its state: complete where every step is, error where one has failed for good.

        Raises:
            NotFound: if there is no such task.
        """
        return self.run(external.finalize_task(task_id))

    def await_steps(self, *, timeout: float) -> bool:
        """Waits until steps may be ready, or have ended elsewhere, at most that long (seconds).

        One connection beside the pool's goes on listening until the client is closed.
        """
        return self.run(external.await_steps(timeout))

    # The core itself.

    def session_stats(self) -> dict[str, int]:
        """Counts of sessions, claims, refusals, results and strict reads since connect."""
        return self.run(operations.session_stats())

    def ping(self, *, database: bool = True) -> str:
        """Gives "pong" when the database answers.

        Args:
            database: False asks the core alone.

        Raises:
            DatabaseError: where it gives no answer.
        """
        return self.run(operations.ping(database))

    def stats(self) -> Stats:
        """What the core has counted: docs/TELEMETRY.md lists the metrics."""
        return self.run(operations.stats())

    def stats_text(self) -> str:
        """The same in Prometheus' text form 0.0.4."""
        return self.run(operations.stats_text())

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        kind = f"{type(self).__module__}.{type(self).__name__}"
        return f"<{kind} {self.core.address}{' closed' if self.closed else ''}>"
