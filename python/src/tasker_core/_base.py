"""What a client that waits is over its core; tasker_core.aio._base awaits instead."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ._core import Core, checked
from .errors import Cancelled, ConfigurationError, DatabaseError, TimeoutError

#: After one of these nobody knows whether a write took place.
UNSURE = (DatabaseError, Cancelled, TimeoutError, KeyboardInterrupt)


def opened(url: str, settings: Mapping[str, Any]) -> Core:
    """A core with connections to a database."""
    if not isinstance(url, str) or not url:
        raise ConfigurationError(
            "url must be a text such as postgresql://user@host/database", code="configuration"
        )
    return Core({**settings, "database_url": url})


class BaseClient:
    """A core, and a limit of time for each operation.

    Attributes:
        core: the core that answers.
        timeout: seconds that each operation may take; None for no limit.
    """

    def __init__(self, core: Core, timeout: float | None = None) -> None:
        self.core = self._sender = core
        self.timeout: float | None = checked(timeout)

    def close(self) -> None:
        """Closes every connection and session; what other threads have under way is cancelled."""
        self.core.close()
