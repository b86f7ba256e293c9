"""The base of clients that wait; tasker_core.aio._base is its asynchronous counterpart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ._core import Core, checked
from .errors import Cancelled, ConfigurationError, DatabaseError, TimeoutError

#: After one of these errors it is unknown whether a write took place.
UNSURE = (DatabaseError, Cancelled, TimeoutError, KeyboardInterrupt)


def opened(url: str, settings: Mapping[str, Any]) -> Core:
    """Opens a core with connections to a database."""
    if not isinstance(url, str) or not url:
        raise ConfigurationError(
            "url must be a str such as postgresql://user@host/database", code="configuration"
        )
    return Core({**settings, "database_url": url})


class BaseClient:
    """A core, and a time limit for each operation.

    Attributes:
        core: the core that executes the operations.
        timeout: seconds that each operation may take; None for no limit.
    """

    def __init__(self, core: Core, timeout: float | None = None) -> None:
        self.core = self._sender = core
        self.timeout: float | None = checked(timeout)

    def close(self) -> None:
        """Closes every connection and session, and cancels the calls of other threads."""
        self.core.close()
