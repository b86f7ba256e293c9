"""The loop of one process: claims steps, executes them, and writes their outcomes."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Event, Lock, Thread

from .. import _library, external, jsonb
from .._picture import told
from ..client import Client
from ..errors import ConfigurationError, Error, SchemaMissing, UnknownFunction
from ..external import ClaimedStep, StepName
from ..operations import Operation
from ..results import Transition
from .child import end_child
from .executors import Executing, Executors
from .step import ExecutorFailed, PermanentError, RetryableError, Step, StepHandler, WorkerStopped, logger
from .tally import Counter
from .threads import Threads
from .travel import Access, Call, SentStep, unwritable

#: The pause before a failed write is tried again, in seconds.
RETRIES = (0.1, 0.5, 2.0, 5.0)

#: The first pause of the watch before it tries again, in seconds.
SHORTEST_PAUSE = 0.5

#: The longest pause of a worker that cannot reach the database, in seconds.
LONGEST_PAUSE = 30.0

#: The longest interval at which the watch checks that its parent is alive, in seconds.
LONGEST_WAIT = 5.0

#: How long a task without a running step counts as just closed by another process, in seconds.
LEFT_OPEN = 30.0

#: A COMMIT whose outcome is unknown.
UNKNOWN_OUTCOME = "08007"


@dataclass(frozen=True)
class Options:
    """See Worker."""

    concurrency: int = 4
    poll_interval: float = 1.0
    heartbeat: float = 15.0
    grace: float = 30.0
    listen: bool = True
    owns_tasks: bool = False
    exact_numbers: bool = True

    def check(self) -> Options:
        """Returns itself.

        Raises:
            ConfigurationError: if a value is invalid.
        """
        if not isinstance(self.concurrency, int) or not 1 <= self.concurrency <= 1000:
            raise ConfigurationError(
                f"concurrency is {self.concurrency!r}; it must be from 1 to 1000", code="configuration"
            )
        for name, least in (("poll_interval", 0.01), ("heartbeat", 0.1), ("grace", 0)):
            value = getattr(self, name)
            if not isinstance(value, (int, float)) or not least <= value <= 86_400:
                raise ConfigurationError(
                    f"{name} is {value!r}; it must be seconds from {least} to a day", code="configuration"
                )
        return self


@dataclass(frozen=True)
class Elsewhere:
    """The executor for handlers that do not run in the loop's threads, and its database access."""

    executor: Executing
    access: Access


class Loop:
    """Executes steps until it is stopped, or until no work is left."""

    def __init__(
        self,
        client: Client,
        handlers: Mapping[StepName, StepHandler],
        options: Options,
        counter: Counter,
        orphaned: Callable[[], bool] = lambda: False,
        elsewhere: Elsewhere | None = None,
    ) -> None:
        self._client = client
        self._handlers = handlers
        self._options = options
        self._counter = counter
        self._orphaned = orphaned
        self._elsewhere = elsewhere
        self._executors: Executors | None = None
        self._lock = Lock()
        self._running: dict[int, Step] = {}
        # A queue and not an Event: a signal handler may put into it whatever its thread is doing.
        self._wake: SimpleQueue[None] = SimpleQueue()
        self._closed = Event()
        self._stops = 0
        self._deadline = 0.0
        self._threads: Threads | None = None
        self._generation = _library.generation
        self._failures = 0
        self._answer_lost = False
        # The same for a request and its repetitions: the steps of a lost answer are returned again.
        self._claim_id = secrets.token_hex(16)

    def stop(self) -> None:
        """Stops claiming; a second call also stops waiting for handlers."""
        if not self._stops:
            self._deadline = time.monotonic() + self._options.grace
        self._stops += 1
        self._wake.put(None)

    def _break_off(self) -> None:
        """Acts as one stop and not a second: running handlers keep their grace time."""
        if not self.stopping:
            self.stop()

    @property
    def stopping(self) -> bool:
        """Whether a stop was requested."""
        return self._stops > 0

    def run(self, *, until_idle: bool = False, once: bool = False) -> None:
        """Works until stop, until no work is left, or on one batch.

        Raises:
            ExecutorFailed: if the executor broke permanently, after its steps were written.
        """
        if self._elsewhere is not None:
            self._executors = Executors(self._elsewhere.executor, self._break_off)
        attended = until_idle or once
        self._threads = Threads(self._options.concurrency)
        watch = Thread(target=self._watch, args=(not attended,), name="tasker_core watch", daemon=True)
        watch.start()
        try:
            while not self.stopping:
                # Read before the claim: a step that ends during the claim may have made others
                # ready.
                idle = not self._running
                claimed = self._claim(strict=attended)
                if claimed is None:
                    continue
                if once or (until_idle and idle and claimed == 0):
                    break
                if not claimed or not self._free():
                    self._sleep(self._options.poll_interval)
        finally:
            self._finish()
            # The watch ends by itself, or with the client's connections.
            self._closed.set()
            self._threads.close()
            if self._executors is not None:
                self._executors.close(wait=not self._running)
        if self._executors is not None and self._executors.fault is not None:
            raise self._executors.fault

    # Claiming.

    def _free(self) -> int:
        return self._options.concurrency - len(self._running)

    def _claim(self, *, strict: bool) -> int | None:
        """The number of claimed steps; None if the database did not answer, after a pause.

        Raises:
            Error: if another attempt is useless; if strict, after some attempts.
        """
        free = self._free()
        if not free:
            return 0
        try:
            claims = self._client.run(self._claims(free, again=self._answer_lost))
        except (ConfigurationError, SchemaMissing, UnknownFunction):
            raise
        except Error as error:
            self._failures += 1
            self._answer_lost = self._answer_lost or error.sqlstate == UNKNOWN_OUTCOME
            again = error.retryable or error.sqlstate == UNKNOWN_OUTCOME
            if strict and (not again or self._failures > len(RETRIES)):
                raise
            pause = RETRIES[self._failures - 1] if strict else self._pause()
            logger.warning("no steps could be claimed, trying again in %.1f s: %s", pause, error)
            self._sleep(pause)
            return None
        self._failures = 0
        self._answer_lost = False
        self._claim_id = secrets.token_hex(16)
        for claim in claims:
            self._start(self._step(claim))
        return len(claims)

    def _pause(self) -> float:
        """Longer with each failure."""
        growing = self._options.poll_interval * 2.0 ** min(self._failures - 1, 16)
        return max(self._options.poll_interval, min(growing, LONGEST_PAUSE))

    def _claims(self, limit: int, *, again: bool) -> Operation[list[ClaimedStep]]:
        loads = jsonb.loads if self._options.exact_numbers else json.loads
        return external.claim_ready_steps(
            self._handlers, limit, self._options.owns_tasks, self._claim_id, again, loads
        )

    def _step(self, claim: ClaimedStep) -> Step:
        if self._elsewhere is None:
            return Step(claim, lambda: self.stopping)
        return SentStep(claim, lambda: self.stopping, self._elsewhere.access)

    def _start(self, step: Step) -> None:
        with self._lock:
            self._running[step.claim.token] = step
        assert self._threads is not None
        self._threads.start(lambda: self._execute(step))

    def _sleep(self, seconds: float) -> None:
        """Sleeps until an event; events of the meantime count once."""
        try:
            self._wake.get(timeout=seconds)
            while True:
                self._wake.get_nowait()
        except Empty:
            return

    # Executing.

    def _execute(self, step: Step) -> None:
        try:
            self._record(step, self._outcome(step))
        except BaseException as error:  # the thread belongs to the worker
            # The step stays claimed, and stuck_steps lists it.
            step.logger.error("the outcome of the step could not be written: %s", told(error))
        finally:
            with self._lock:
                self._running.pop(step.claim.token, None)
            self._wake.put(None)

    def _outcome(self, step: Step) -> Operation[Transition]:
        if step.claim.unreadable:
            step.logger.error("failed permanently: %s", step.claim.unreadable)
            return external.fail_unreadable(step.claim)
        if self._executors is not None and isinstance(step, SentStep):
            return self._outcome_elsewhere(self._executors, step)
        try:
            results = self._handlers[step.claim.name](step)
        except BaseException as error:  # SystemExit too: the thread belongs to the worker.
            self._leave_child(error)
            return self._failure(step, error)
        self._leave_child(None)
        try:
            return external.complete_claim(step.claim, results)
        except BaseException as error:  # the results may raise anything while they are written
            return self._unwritable(step, error)

    def _outcome_elsewhere(self, executors: Executors, step: SentStep) -> Operation[Transition]:
        try:
            outcome = executors.run(Call(self._handlers[step.claim.name], step))
        except ExecutorFailed as error:
            return self._failure(step, error)
        if outcome.results is None and not step.given_up:
            backtrace = outcome.error.get("backtrace", "")
            step.logger.warning(
                "attempt %d failed: %s", step.attempt, f"{outcome.error['error']}\n{backtrace}".rstrip()
            )
        return outcome.operation(step.claim)

    def _leave_child(self, error: BaseException | None) -> None:
        """Ends a process that the handler has forked; the step belongs to its parent."""
        if self._generation != _library.generation:
            end_child(error)

    def _failure(self, step: Step, error: BaseException) -> Operation[Transition]:
        reason = told(error)
        if not step.given_up:
            self._tell_failure(step, reason, error)
        retryable, after = not isinstance(error, PermanentError), None
        try:
            after = error.retry_after if isinstance(error, RetryableError) else None
            return external.fail_claim(step.claim, error, retryable, after)
        except Exception:  # not only an exception's message can raise
            return external.fail_claim(step.claim, reason, retryable, None)

    def _tell_failure(self, step: Step, reason: str, error: BaseException) -> None:
        try:
            step.logger.warning("attempt %d failed: %s", step.attempt, reason, exc_info=error)
        except BaseException:  # its traceback cannot be written
            step.logger.warning("attempt %d failed: %s", step.attempt, reason)

    def _unwritable(self, step: Step, error: BaseException) -> Operation[Transition]:
        """The handler has succeeded, but its results cannot be written."""
        step.logger.error("its results cannot be saved: %s", told(error))
        return external.fail_claim(step.claim, unwritable(error), True, None)

    def _record(self, step: Step, operation: Operation[Transition]) -> None:
        completed = operation.arguments["to"] == "complete"
        if step.given_up and self._client.closed:
            return
        try:
            written = self._write(step, operation)
        except Error as error:
            if error.retryable:
                raise
            # The results cannot be written, but the reason can.
            completed, written = False, self._write(step, self._unwritable(step, error))
        if written is None or step.given_up:
            return
        if not written.written:
            step.lose()
            self._counter.add(late=1)
            step.logger.warning("%s", written.message)
            return
        self._counter.add(completed=int(completed), failed=int(not completed))
        if self._options.owns_tasks:
            self._finalize(step.task_id)

    def _finalize(self, task_id: int) -> None:
        try:
            self._client.finalize_task(task_id)
        except Error as error:
            logger.warning("task %d could not be closed yet: %s", task_id, error)

    def _write(self, step: Step, operation: Operation[Transition]) -> Transition | None:
        """The answer; None if an earlier attempt with an unknown outcome has written it."""
        unsure = False
        for wait in (*RETRIES, None):
            try:
                written = self._client.run(operation)
            except Error as error:
                lost = error.sqlstate == UNKNOWN_OUTCOME
                if wait is None or not (error.retryable or lost):
                    raise
                unsure = unsure or lost
                step.logger.warning("could not be written, trying again: %s", error)
                time.sleep(wait)
            else:
                return None if unsure and not written.written else written
        return None

    # Watching and ending.

    def _watch(self, listen: bool) -> None:
        listen = listen and self._options.listen
        listener = self._client.with_timeout(None)
        beat = time.monotonic()
        pause = SHORTEST_PAUSE
        while not self._closed.is_set():
            try:
                left = max(0, min(beat + self._options.heartbeat - time.monotonic(), LONGEST_WAIT))
                if not listen:
                    self._closed.wait(left)
                elif listener.await_steps(timeout=left):
                    self._wake.put(None)
                if time.monotonic() - beat >= self._options.heartbeat:
                    beat = time.monotonic()
                    if self._executors is not None and self._running:
                        self._executors.nudge()
                    self._renew()
                    self._close_left_tasks()
            except Error as error:
                if self._closed.is_set() or self._client.closed:
                    return
                logger.warning("the worker's connection for notifications or heartbeats failed: %s", error)
                pause = min(2 * pause, LONGEST_PAUSE)
                self._closed.wait(pause)
            else:
                pause = SHORTEST_PAUSE
            if self._orphaned() and not self.stopping:
                logger.error("the worker's parent process is gone, so this process ends")
                self.stop()

    def _renew(self) -> None:
        with self._lock:
            steps = list(self._running.values())
        if not steps:
            return
        claims = [step.claim for step in steps]
        # Handlers in this process read it directly.
        stopping = self._executors is not None and self.stopping
        held = {claim.token for claim in self._client.renew_claims(claims, stopping=stopping)}
        for step in steps:
            # A step that has ended meanwhile is not lost.
            if step.claim.token not in held and step.claim.token in self._running:
                step.lose()

    def _close_left_tasks(self) -> None:
        """Closes tasks whose last step was executed by a worker that died before closing them."""
        if self._options.owns_tasks:
            for task in self._client.stuck_tasks(older_than=LEFT_OPEN):
                self._finalize(task.task_id)

    def _finish(self) -> None:
        """Waits for the handlers, at most the grace time, and fails the other steps."""
        if self._answer_lost:
            self._take_over()
        if self._executors is not None and self.stopping:
            self._tell_of_stop()
        while self._running and not self._out_of_patience():
            self._sleep(0.1 if self.stopping else self._options.poll_interval)
        with self._lock:
            left = list(self._running.values())
        for step in left:
            step.give_up()
            error = WorkerStopped("The worker was stopped before the step's handler had ended")
            try:
                written = self._write(step, external.fail_claim(step.claim, error, True, None))
                if written and written.written:
                    self._counter.add(failed=1)
                    step.logger.warning("failed as retryable: the worker stops, its handler has not ended")
            except Error:
                step.logger.exception("it could not be failed; it stays claimed")

    def _take_over(self) -> None:
        """Starts the steps of a claim whose answer was lost; no other worker executes them.

        If that claim was never made, one other step may be claimed. Without grace time left
        nothing is claimed, because its handler could not end.
        """
        reason: object = "the worker stops at once"
        while not self._out_of_patience():
            try:
                for claim in self._client.run(self._claims(1, again=True)):
                    self._start(self._step(claim))
                return
            except Error as error:
                reason = error
                self._sleep(0.5)
        logger.warning(
            "steps of a claim whose answer was lost may stay claimed; stuck_steps lists them: %s", reason
        )

    def _tell_of_stop(self) -> None:
        """Tells handlers that read the database at once; each heartbeat does it again."""
        try:
            self._renew()
        except Error as error:
            logger.warning("handlers elsewhere could not be told that the worker stops: %s", error)

    def _out_of_patience(self) -> bool:
        return self._stops > 1 or (self._stops == 1 and time.monotonic() >= self._deadline)
