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

# What the core answers from memory, without waiting for anything.
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
    """The value of a reply envelope.

    Raises:
        Error: the reply's, of the class that stands for its code.
    """
    kind, value = msgpack.unpackb(reply, strict_map_key=False)
    if kind == _VALUE:
        return value
    raise Error.from_wire(value)


def checked(timeout: Any) -> float | None:
    """A limit for an operation, in seconds.

    Raises:
        InvalidArgument: for what is no number above 0.
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
    """What an operation raises that took too long."""
    return TimeoutError(
        f"{operation} took longer than {timeout} s and was cancelled", code="timeout", retryable=True
    )


def _close(generation: int, handle: int) -> None:
    """Handles are their process's alone."""
    if generation == _library.generation:
        _library.native().close(handle)


def _abandoned(what: str) -> None:
    warnings.warn(f"{what} was dropped without being closed", ResourceWarning, stacklevel=2)


def _close_abandoned(generation: int, handle: int) -> None:
    if generation == _library.generation:
        _abandoned("a client")
        # Closing may take seconds, and the garbage collector runs in whatever thread is there.
        threading.Thread(target=_close, args=(generation, handle), name="tasker_core close").start()


class Grip:
    """What a call opens in the core, as long as somebody holds it.

    Attributes:
        replies: the reply, once it is there, whatever became of who waited for it.
    """

    def __init__(self, core: Core) -> None:
        self.replies: list[bytes] = []
        self._owners: list[str] = []
        self._finalizer = weakref.finalize(
            self, _give_back, core, _library.generation, self.replies, self._owners
        )
        self._finalizer.atexit = False

    def belongs_to(self, owner: str) -> None:
        """Notes who has to close it."""
        self._owners.append(owner)

    def release(self) -> None:
        """Leaves it to whoever closes it."""
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
    """A core opened in this process, over connections of its own."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self._settings = settings
        self._closed = False
        #: Which rules of readiness the database follows, once somebody has asked.
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
            operation: its name.
            arguments: by name, of types that msgpack knows.
            timeout: seconds, None for no limit.
            opens: gets the reply too.

        Raises:
            Error: of the class that stands for the code.
            TimeoutError: if the limit passed; the statement is cancelled.
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
        """Runs one of FROM_MEMORY."""
        request = encode(operation, arguments)
        return decode(_library.native().ask(self.handle, request))

    @property
    def handle(self) -> int:
        """The core's handle in this process: a forked child opens a core of its own."""
        if self._closed:
            raise InvalidArgument("this client was closed", code="invalid_argument")
        if self._generation != _library.generation:
            self._open_again()
        return self._handle

    @property
    def closed(self) -> bool:
        """Whether close was called."""
        return self._closed

    @property
    def address(self) -> str:
        """Host and database, without the password that the URL may hold."""
        return address(str(self._settings["database_url"]))

    def close(self) -> None:
        """Ends sessions and connections; what other threads have under way is cancelled."""
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
        # The process's end closes the connections too; it must not wait for calls.
        self._finalizer.atexit = False

    def _open_again(self) -> None:
        with _library.lock:
            if self._generation != _library.generation:
                self._finalizer.detach()
                self._open()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.address}{' closed' if self._closed else ''}>"
