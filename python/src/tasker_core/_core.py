"""Turns a call into a request for the native core, and its reply into a value."""

from __future__ import annotations

import builtins
import threading
import warnings
import weakref
from typing import Any

import msgpack

from . import _library
from ._address import address
from .errors import ConfigurationError, Error, InvalidArgument, TimeoutError

# The operations that the core answers from memory, without waiting.
FROM_MEMORY = frozenset(
    {
        "analyze_templates",
        "close_session",
        "event_catalog",
        "event_stats",
        "ping",
        "register_event",
        "relay_stats",
        "session_context",
        "session_next",
        "session_rolled_back",
        "session_stats",
        "stats",
        "stats_text",
        "subscribe",
        "unsubscribe",
    }
)

_VALUE = 0


def encode(operation: str, arguments: dict[str, Any]) -> bytes:
    """A request envelope (go/wire/doc.go)."""
    try:
        request: bytes = msgpack.packb((operation, arguments, ()))
        return request
    except (TypeError, ValueError, OverflowError) as error:
        raise InvalidArgument(
            f"the arguments of {operation} cannot be sent: {error}", code="invalid_argument"
        ) from error


def decode(reply: bytes) -> Any:
    """Returns the value of a reply envelope.

    Raises:
        Error: the error of the reply, with the class that belongs to its code.
    """
    kind, value = msgpack.unpackb(reply, strict_map_key=False)
    if kind == _VALUE:
        return value
    raise Error.from_wire(value)


def checked(timeout: Any) -> float | None:
    """Checks the time limit of an operation, in seconds.

    Raises:
        InvalidArgument: if it is not a number above 0.
    """
    if timeout is None or (
        isinstance(timeout, (int, float)) and not isinstance(timeout, bool) and timeout > 0
    ):
        return timeout
    raise InvalidArgument(
        f"timeout is {timeout!r}; it must be a number of seconds above 0, or None for no limit",
        code="invalid_argument",
    )


def expired(operation: str, timeout: float | None) -> TimeoutError:
    """The error of an operation that took too long."""
    return TimeoutError(
        f"{operation} took longer than {timeout} s and was cancelled", code="timeout", retryable=True
    )


def _close(generation: int, handle: int) -> None:
    """Closes a handle, which belongs to one process."""
    if generation == _library.generation:
        _library.native().close(handle)


def _abandoned(what: str) -> None:
    warnings.warn(f"{what} was dropped without being closed", ResourceWarning, stacklevel=2)


def _close_abandoned(generation: int, handle: int) -> None:
    if generation == _library.generation:
        _abandoned("a client")
        # Closing may take seconds, and the garbage collector runs in any thread.
        threading.Thread(target=_close, args=(generation, handle), name="tasker_core close").start()


class Grip:
    """Owns what a call opens in the core.

    Attributes:
        replies: the reply, once it has arrived, even if its caller was interrupted.
    """

    def __init__(self, core: Core) -> None:
        self.replies: list[bytes] = []
        self._owners: list[str] = []
        self._finalizer = weakref.finalize(
            self, _give_back, core, _library.generation, self.replies, self._owners
        )
        self._finalizer.atexit = False

    def belongs_to(self, owner: str) -> None:
        """Sets the owner that has to close it."""
        self._owners.append(owner)

    def release(self) -> None:
        """Leaves closing to the owner."""
        self._finalizer.detach()


def _give_back(core: Core, generation: int, replies: list[bytes], owners: list[str]) -> None:
    if not replies or generation != _library.generation or core.closed:
        return
    kind, value = msgpack.unpackb(replies[-1], strict_map_key=False)
    if kind == _VALUE:
        core.ask("close_session", {"session": value[0]})
    if owners:
        _abandoned(owners[0])


class Core:
    """A core that is open in this process, with its own connections."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self._settings = settings
        self._closed = False
        #: The readiness rules of the database, once they are read.
        self.rules: int | None = None
        self._open()

    def call(
        self,
        operation: str,
        arguments: dict[str, Any],
        timeout: float | None = None,
        opens: Grip | None = None,
    ) -> Any:
        """Runs an operation; other threads run while it waits.

        Args:
            operation: the name of the operation.
            arguments: the arguments by name, with types that msgpack has.
            timeout: seconds; None for no limit.
            opens: receives the reply too.

        Raises:
            Error: with the class that belongs to the error's code.
            TimeoutError: if it took too long; the statement is cancelled.
        """
        if operation in FROM_MEMORY:
            return self.ask(operation, arguments)
        request = encode(operation, arguments)
        handle = self.handle
        native = _library.native()
        try:
            limit = -1 if timeout is None else max(0, round(timeout * 1000))
            reply = native.call(handle, request, limit, [] if opens is None else opens.replies)
        except builtins.TimeoutError as error:
            raise expired(operation, timeout) from error
        return decode(reply)

    def ask(self, operation: str, arguments: dict[str, Any]) -> Any:
        """Runs one of the operations of FROM_MEMORY."""
        request = encode(operation, arguments)
        return decode(_library.native().ask(self.handle, request))

    @property
    def handle(self) -> int:
        """The core's handle in this process; a forked child opens its own core."""
        if self._closed:
            raise InvalidArgument("this client is closed", code="invalid_argument")
        if self._generation != _library.generation:
            self._open_again()
        return self._handle

    @property
    def closed(self) -> bool:
        """Whether the core is closed."""
        return self._closed

    @property
    def address(self) -> str:
        """Host and database, without the password that the URL may hold."""
        return address(str(self._settings["database_url"]))

    def close(self) -> None:
        """Closes sessions and connections, and cancels the calls of other threads."""
        self._closed = True
        if self._finalizer.detach() is not None:
            _close(self._generation, self._handle)

    def _open(self) -> None:
        native = _library.native()
        try:
            settings = msgpack.packb(self._settings)
        except (TypeError, ValueError, OverflowError) as error:
            raise ConfigurationError(f"a setting cannot be sent: {error}", code="configuration") from error
        handle, reply = native.open(settings)
        if handle == 0:
            decode(reply)
        self._handle: int = handle
        self._generation = _library.generation
        self._finalizer = weakref.finalize(self, _close_abandoned, self._generation, handle)
        # The end of the process closes the connections too; it must not wait for calls.
        self._finalizer.atexit = False

    def _open_again(self) -> None:
        with _library.lock:
            if self._generation != _library.generation:
                self._finalizer.detach()
                self._open()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.address}{' closed' if self._closed else ''}>"
