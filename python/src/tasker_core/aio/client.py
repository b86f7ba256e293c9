"""The operations of the core, as coroutines."""

from __future__ import annotations

from types import TracebackType

from .. import _picture, operations
from .._core import checked
from ..results import Stats
from ._base import opened
from ._client.analysis import Analysis
from ._client.claims import Claims
from ._client.events import Events
from ._client.maintenance import Maintenance
from ._client.reading import Reading
from ._client.writing import Writing
from .session import Session


def connect(url: str, *, timeout: float | None = None, **settings: str | float | list[str]) -> Client:
    """Opens a client with its own database connections.

    The first operation opens the first connection. A forked child opens its own.
    It needs no running loop, and may be used by several:

    ```python
    async with aio.connect("postgresql://localhost/shop") as client:
        print(await client.viable_steps(42))
    ```

    Args:
        url: postgresql://user@host/database, or libpq's keyword=value pairs.
        timeout: seconds that each operation may take; None for no limit.
        **settings: pool_max_connections (4), pool_exec_mode ("cache_statement"; behind PgBouncer
            in transaction mode "exec", "simple_protocol" or "cache_describe"),
            pool_acquire_timeout_seconds (5), application_name, and the others of
            docs/SETTINGS.md that apply to programs.

    Raises:
        ConfigurationError: if a setting or the URL is invalid.
        InvalidArgument: if the timeout is not a number above 0.
        Unavailable: if the native core does not load.
    """
    limit = checked(timeout)
    return Client(opened(url, settings), limit)


class Client(Reading, Writing, Analysis, Events, Maintenance, Claims):
    """The core's operations. Every call reads the database, so its answer is current.

    Every method raises DatabaseError if the database fails (SchemaMissing if the engine's tables do
    not exist), InvalidArgument if an argument has the wrong type or value, and TimeoutError if it
    takes longer than the client's timeout. Cancelling the await cancels the statement.
    """

    def with_timeout(self, timeout: float | None) -> Client:
        """Returns the same client with another timeout for each operation, in seconds."""
        return Client(self._sender, timeout)

    @property
    def closed(self) -> bool:
        """Whether the client is closed."""
        return self.core.closed

    async def open_session(self, task_id: int) -> Session:
        """Opens a session on a task. It changes nothing in the database.

        Raises:
            NotFound: if the task does not exist.
            CycleError: if the dependencies form a cycle.
            SessionError: if max_sessions sessions are open.
        """
        opening = _picture.open_session(self.core, task_id)
        return Session(self, task_id, opening, await self.run(opening))

    async def session_stats(self) -> dict[str, int]:
        """Counts sessions, claims, refusals, results and strict reads since connect."""
        return await self.run(operations.session_stats())

    async def ping(self, *, database: bool = True) -> str:
        """Checks that the core and the database answer, and returns "pong".

        Args:
            database: False checks only the core.

        Raises:
            DatabaseError: if the database does not answer.
        """
        return await self.run(operations.ping(database))

    async def stats(self) -> Stats:
        """Reads the core's metrics; docs/TELEMETRY.md lists them."""
        return await self.run(operations.stats())

    async def stats_text(self) -> str:
        """Reads the same metrics in the Prometheus text format 0.0.4."""
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
