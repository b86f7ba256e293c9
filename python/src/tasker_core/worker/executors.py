"""Where handlers are executed: an executor that is given, or made, and made anew."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, Future
from threading import Lock

from .._picture import told
from ..errors import ConfigurationError
from .step import ExecutorFailed, logger
from .travel import Call, Outcome

#: An executor, or what makes one.
Executing = Executor | Callable[[], Executor]


class Executors:
    """The executor of a worker that runs.

    No future is ever cancelled: where a ProcessPoolExecutor breaks with a cancelled future in
    its queue, the thread that manages it dies, and no other future of it ever ends (CPython 3.11).

    Raises:
        ConfigurationError: if what makes executors makes something else.
    """

    def __init__(self, given: Executing, broken: Callable[[], None]) -> None:
        """The callable broken is told once where no executor is left, see fault."""
        self._lock = Lock()
        self._broken = broken
        self._make: Callable[[], Executor] | None = None if isinstance(given, Executor) else given
        self._executor = given if isinstance(given, Executor) else self._made(given)
        self._closed = False
        self.fault: ExecutorFailed | None = None

    def run(self, call: Call) -> Outcome:
        """Has the executor execute it, and waits.

        Raises:
            ExecutorFailed: where it was not executed to its end.
        """
        executor, future = self._submit(call)
        try:
            return future.result()
        except BaseException as error:  # the handler's own are in the outcome
            self._usable(executor, error)
            raise _failed(error) from error

    def nudge(self) -> None:
        """Asks the executor whether it takes work, with every heartbeat.

        That makes it look at its processes too: ProcessPoolExecutor does not notice the death
        of one that it has just started before somebody submits something (CPython 3.11).
        """
        executor = self._executor
        try:
            executor.submit(_nothing)
        except BaseException as error:
            self._usable(executor, error)

    def close(self, *, wait: bool) -> None:
        """Ends an executor that was made here; one that was given is its maker's."""
        with self._lock:
            self._closed = True
        if self._make is not None:
            self._executor.shutdown(wait=wait)

    def _submit(self, call: Call) -> tuple[Executor, Future[Outcome]]:
        executor = self._executor
        try:
            return executor, executor.submit(call)
        except BaseException as error:
            # Never begun, so another executor may have it.
            if not self._usable(executor, error) or executor is self._executor:
                raise _failed(error) from error
        try:
            executor = self._executor
            return executor, executor.submit(call)
        except BaseException as error:
            self._usable(executor, error)
            raise _failed(error) from error

    def _usable(self, executor: Executor, error: BaseException) -> bool:
        """Whether there is one that takes work, after one has raised this."""
        if not isinstance(error, BrokenExecutor) and _takes_work(executor):
            return True
        with self._lock:
            if not self._closed and self.fault is None and executor is self._executor:
                self._replace(error)
            return self.fault is None

    def _replace(self, error: BaseException) -> None:
        if self._make is None:
            self._end(f"the executor broke and is not made anew, for no factory is given: {_named(error)}")
            return
        logger.error("the executor broke and is made anew: %s", _named(error))
        try:
            self._executor.shutdown(wait=False)
            self._executor = self._made(self._make)
        except BaseException as another:
            self._end(f"the executor broke ({_named(error)}) and cannot be made anew: {_named(another)}")

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
    """Tells of what is neither an executor nor callable.

    Raises:
        ConfigurationError: naming it.
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
    """Work that asks whether an executor takes any."""


def _failed(error: BaseException) -> ExecutorFailed:
    return ExecutorFailed(f"the executor did not end the handler: {_named(error)}", code="executor")


def _named(error: BaseException) -> str:
    text = told(error)
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
