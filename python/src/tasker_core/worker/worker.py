"""The public class of a worker."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol, TypeVar

from .. import client as clients
from .._address import address
from ..errors import ConfigurationError
from ..external import StepName
from . import executors
from .executors import Executing
from .loop import Elsewhere, Loop, Options
from .step import StepHandler
from .tally import Counter, Progress, Tally
from .travel import Access

Handler = TypeVar("Handler", bound=StepHandler)


#: The number of an executor's steps that are written at once.
MOST_OUTCOMES = 8


class _Stoppable(Protocol):
    def stop(self) -> None: ...


class Worker:
    """Executes steps in Python, in workflows that a Rails application drives.

    ```python
    worker = tasker_core.Worker("postgresql://localhost/shop", concurrency=8)

    @worker.step("etl/orders", "score")
    def score(step):
        rows = step.parents["extract"]["rows"]
        return {"scores": [model(row) for row in rows]}

    if __name__ == "__main__":
        worker.run()
    ```

    In Rails, the template of such a step names an executor in its handler_config (docs/WORKER.md).
    A handler fails by raising PermanentError, RetryableError or any other exception, which is
    recorded and retried like an error in Ruby. It returns any value that can be written as JSON;
    numbers are exact in both directions.

    Args:
        url: the URL of the workflow's database.
        concurrency: the number of steps that run at once, in threads of each process.
        processes: the number of processes that share the work, for handlers that need their own
            interpreter; 0 runs everything in this process. Processes are started with spawn, so
            handlers must be functions of a module, and the script needs `if __name__ ==
            "__main__"`.
        executor: executes the handlers instead: a concurrent.futures.Executor, or a function that
            creates one and is called again if the executor breaks. Claims, heartbeats and results
            stay in this process, and concurrency is the number of steps in the executor at once. If
            it uses other processes, each of them connects to the database.
        poll_interval: how often to look for steps without a notification, in seconds: failed steps
            whose backoff is over, and missed work.
        heartbeat: how often to renew claims, in seconds. Steps whose claims are not renewed for a
            multiple of it may be reset (stuck_steps).
        grace: how long a stop waits for handlers, in seconds, before it fails their steps as
            retryable.
        listen: whether to keep a connection for notifications; pass False behind PgBouncer in
            transaction mode, where poll_interval decides.
        owns_tasks: whether only workers run the tasks; the worker then also starts and closes them.
        exact_numbers: whether numbers with a fraction are Decimal; False for float.
        progress: whether to show a line about the work done, on standard error.
        **settings: settings of the connections; see connect.

    Raises:
        ConfigurationError: if a setting is invalid.
    """

    def __init__(
        self,
        url: str,
        *,
        concurrency: int = 4,
        processes: int = 0,
        executor: Executing | None = None,
        poll_interval: float = 1.0,
        heartbeat: float = 15.0,
        grace: float = 30.0,
        listen: bool = True,
        owns_tasks: bool = False,
        exact_numbers: bool = True,
        progress: bool = False,
        **settings: Any,
    ) -> None:
        self._options = Options(
            concurrency=concurrency,
            poll_interval=poll_interval,
            heartbeat=heartbeat,
            grace=grace,
            listen=listen,
            owns_tasks=owns_tasks,
            exact_numbers=exact_numbers,
        ).check()
        if not isinstance(processes, int) or not 0 <= processes <= 100:
            raise ConfigurationError(
                f"processes is {processes!r}; it must be from 0 to 100", code="configuration"
            )
        if executor is not None:
            executors.check(executor)
            if processes:
                raise ConfigurationError(
                    f"processes is {processes!r} and executor is set too; pass one of them",
                    code="configuration",
                )
        self._executor = executor
        self._url = url
        self._processes = processes
        self._progress = progress
        # One connection for each thread's outcome, one for claims, one for heartbeats. Handlers in
        # an
        # executor take long enough for outcomes to share.
        outcomes = min(concurrency, MOST_OUTCOMES) if executor is not None else concurrency
        self._settings: Mapping[str, Any] = {
            "pool_max_connections": min(outcomes + 2, 1000),
            "application_name": "tasker_core worker",
            # The worker itself logs each failure once.
            "log_level": "error",
            **settings,
        }
        self._handlers: dict[StepName, StepHandler] = {}
        self._stoppable: _Stoppable | None = None

    def step(self, task: str, step: str, *, version: str | None = None) -> Callable[[Handler], Handler]:
        """Registers the decorated function as the handler of a step.

        Args:
            task: "namespace/name" of the task's template, or its name in the namespace "default".
            step: the name of the step's template.
            version: the version of the task's template; None for every version without its own
                handler.
        """

        def register(handler: Handler) -> Handler:
            self.add(handler, task, step, version=version)
            return handler

        return register

    def add(self, handler: StepHandler, task: str, step: str, *, version: str | None = None) -> None:
        """Registers an existing function as the handler of a step.

        Raises:
            ConfigurationError: if the step has a handler already.
        """
        namespace, _, name = task.rpartition("/")
        key = StepName(name, step, namespace or "default", version)
        if not callable(handler) or not name or not step:
            raise ConfigurationError(f"{handler!r} cannot be the handler of {key}", code="configuration")
        if key in self._handlers:
            raise ConfigurationError(f"{key} has a handler already", code="configuration")
        self._handlers[key] = handler

    def run(self, *, until_idle: bool = False) -> Tally:
        """Works until SIGTERM, SIGINT or stop; a second signal does not wait for handlers.

        Args:
            until_idle: whether to end when no step is ready and none is running; failed steps in
                backoff are left.

        Returns:
            The outcomes of the steps.

        Raises:
            Error: if no steps can be claimed for a permanent reason; with until_idle also if the
                database does not answer for some seconds.
            ExecutorFailed: if the executor broke and cannot be created again; its steps have
                failed as retryable.
        """
        self._check()
        return self._run_processes(until_idle) if self._processes else self._run(until_idle=until_idle)

    def run_once(self) -> Tally:
        """Claims ready steps, at most as many as may run at once, and executes them.

        Raises:
            Error: if no steps can be claimed, or the database does not answer for some seconds.
            ExecutorFailed: if the executor broke and cannot be created again.
        """
        self._check()
        return self._run(once=True)

    def stop(self) -> None:
        """Ends run from another thread or from a handler, as a signal does."""
        if self._stoppable is not None:
            self._stoppable.stop()

    def _check(self) -> None:
        if not self._handlers:
            raise ConfigurationError(
                "the worker has no handler; register one with step", code="configuration"
            )
        if self._stoppable is not None:
            raise ConfigurationError("the worker is running already", code="configuration")

    def _run(self, *, until_idle: bool = False, once: bool = False) -> Tally:
        with self._shown() as show, clients.connect(self._url, **self._settings) as client:
            counter = Counter(show)
            loop = Loop(client, self._handlers, self._options, counter, elsewhere=self._elsewhere())
            with self._stopped_by_signals(loop):
                loop.run(until_idle=until_idle, once=once)
            return counter.tally

    def _elsewhere(self) -> Elsewhere | None:
        if self._executor is None:
            return None
        return Elsewhere(self._executor, Access(self._url, self._settings))

    def _run_processes(self, until_idle: bool) -> Tally:
        # Importing multiprocessing takes time.
        from .processes import Job, Processes

        job = Job(self._url, self._settings, self._handlers, self._options, until_idle)
        with self._shown() as show:
            children = Processes(job, self._processes, show)
            with self._stopped_by_signals(children):
                children.run()
            show(children.tally)
            return children.tally

    @contextmanager
    def _shown(self) -> Iterator[Callable[[Tally], None]]:
        if not self._progress:
            yield lambda _: None
            return
        progress, last = Progress(), [Tally()]

        def show(tally: Tally) -> None:
            last[0] = tally
            progress.show(tally)

        try:
            yield show
        finally:
            progress.close(last[0])

    @contextmanager
    def _stopped_by_signals(self, stoppable: _Stoppable) -> Iterator[None]:
        self._stoppable = stoppable
        signals = (
            (signal.SIGTERM, signal.SIGINT) if threading.current_thread() is threading.main_thread() else ()
        )
        before = {number: signal.signal(number, lambda *_: stoppable.stop()) for number in signals}
        try:
            yield
        finally:
            self._stoppable = None
            for number, handler in before.items():
                signal.signal(number, handler)

    def __repr__(self) -> str:
        running = " running" if self._stoppable is not None else ""
        return f"<{type(self).__name__} of {len(self._handlers)} steps, {address(self._url)}{running}>"
