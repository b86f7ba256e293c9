# Written by python/tools/sync_client.py from aio/client.py; change that file instead.
"""The operations of the core, as methods that wait for their answers."""

from __future__ import annotations

from types import TracebackType

from . import _picture, operations
from ._base import opened
from ._client.analysis import Analysis
from ._client.claims import Claims
from ._client.events import Events
from ._client.maintenance import Maintenance
from ._client.reading import Reading
from ._client.writing import Writing
from ._core import checked
from .results import Stats
from .session import Session


def connect(url: str, *, timeout: float | None = None, **settings: str | float | list[str]) -> Client:
    """A client over connections of the core's own.

    No connection is opened before the first operation. A forked child opens connections of
    its own. It may be used by many threads at once::

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
    return Client(opened(url, settings), limit)


class Client(Reading, Writing, Analysis, Events, Maintenance, Claims):
    """The operations of the core. Every answer is read from the database at the time of the call.

    Every method raises DatabaseError (SchemaMissing where the engine's tables are not
    there) if the database fails, InvalidArgument for arguments that do not fit, and
    TimeoutError where the client's timeout passed. Ctrl-C cancels the statement.
    """

    def with_timeout(self, timeout: float | None) -> Client:
        """The same client with another limit, in seconds, for each operation."""
        return Client(self._sender, timeout)

    @property
    def closed(self) -> bool:
        """Whether close was called."""
        return self.core.closed

    def open_session(self, task_id: int) -> Session:
        """Opens a session on a task. It changes nothing in the database.

        Raises:
            NotFound: if there is no such task.
            CycleError: if its steps depend on each other in a circle.
            SessionError: if max_sessions are open.
        """
        opening = _picture.open_session(self.core, task_id)
        return Session(self, task_id, opening, self.run(opening))

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
