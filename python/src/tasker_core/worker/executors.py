"""The executor that executes handlers: passed or created, and created again if it breaks."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, Future
from threading import Lock

from .._picture import told
from ..errors import ConfigurationError
from .step import ExecutorFailed, logger
from .travel import Call, Outcome

#: An executor, or a function that creates one.
Executing = Executor | Callable[[], Executor]


class Executors:
    """The executor of a running worker.

    No future is ever cancelled: where a ProcessPoolExecutor breaks with a cancelled future in
    its queue, the thread that manages it dies, and no other future of it ever ends (CPython 3.11).

    Raises:
        ConfigurationError: if the function creates anything but an executor.
    """

    def __init__(self, given: Executing, broken: Callable[[], None]) -> None:
        """Calls broken once if no executor is left; see fault."""
        self._lock = Lock()
        self._broken = broken
        self._make: Callable[[], Executor] | None = None if isinstance(given, Executor) else given
        self._executor = given if isinstance(given, Executor) else self._made(given)
        self._closed = False
        self.fault: ExecutorFailed | None = None

    def run(self, call: Call) -> Outcome:
        """Executes a call in the executor, and waits.

        Raises:
            ExecutorFailed: if it was not executed to its end.
        """
        executor, future = self._submit(call)
        try:
            return future.result()
        except BaseException as error:  # the handler's own errors are in the outcome
            self._usable(executor, error)
            raise _failed(error) from error

    def nudge(self) -> None:
        """Checks with every heartbeat whether the executor accepts work.

        This makes it check its processes too: ProcessPoolExecutor notices the death of a process
        that it has just started only when work is submitted (CPython 3.11).
        """
        executor = self._executor
        try:
            executor.submit(_nothing)
        except BaseException as error:
            self._usable(executor, error)

    def close(self, *, wait: bool) -> None:
        """Ends an executor that was created here; the caller ends one that was passed."""
        with self._lock:
            self._closed = True
        if self._make is not None:
            self._executor.shutdown(wait=wait)

    def _submit(self, call: Call) -> tuple[Executor, Future[Outcome]]:
        executor = self._executor
        try:
            return executor, executor.submit(call)
        except BaseException as error:
            # It was never started, so another executor may have it.
            if not self._usable(executor, error) or executor is self._executor:
                raise _failed(error) from error
        try:
            executor = self._executor
            return executor, executor.submit(call)
        except BaseException as error:
            self._usable(executor, error)
            raise _failed(error) from error

    def _usable(self, executor: Executor, error: BaseException) -> bool:
        """Whether there is an executor that accepts work after this error."""
        if not isinstance(error, BrokenExecutor) and _takes_work(executor):
            return True
        with self._lock:
            if not self._closed and self.fault is None and executor is self._executor:
                self._replace(error)
            return self.fault is None

    def _replace(self, error: BaseException) -> None:
        if self._make is None:
            self._end(f"the executor broke and there is no factory to create another: {_named(error)}")
            return
        logger.error("the executor broke and is created again: %s", _named(error))
        try:
            self._executor.shutdown(wait=False)
            self._executor = self._made(self._make)
        except BaseException as another:
            self._end(f"the executor broke ({_named(error)}) and cannot be created again: {_named(another)}")

    def _end(self, reason: str) -> None:
        self.fault = ExecutorFailed(reason, code="executor")
        self._broken()

    @staticmethod
    def _made(make: Callable[[], Executor]) -> Executor:
        made = make()
        if not isinstance(made, Executor):
            raise ConfigurationError(
                f"executor made {made!r}; it must be, or make, a concurrent.futures.Executor",
                code="configuration",
            )
        return made


def check(executor: object) -> None:
    """Checks that this is an executor or callable.

    Raises:
        ConfigurationError: if it is neither.
    """
    if not isinstance(executor, Executor) and not callable(executor):
        raise ConfigurationError(
            f"executor is {executor!r}; it must be a concurrent.futures.Executor, or a function that"
            " makes one",
            code="configuration",
        )


def _takes_work(executor: Executor) -> bool:
    try:
        executor.submit(_nothing)
    except BaseException:
        return False
    return True


def _nothing() -> None:
    """Work that shows whether an executor accepts any."""


def _failed(error: BaseException) -> ExecutorFailed:
    return ExecutorFailed(f"the executor did not end the handler: {_named(error)}", code="executor")


def _named(error: BaseException) -> str:
    text = told(error)
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
