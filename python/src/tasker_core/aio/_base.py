"""The base of asynchronous clients; tasker_core._base is its counterpart that waits."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from .._base import opened as opened_core
from .._core import Core, checked
from ..errors import Cancelled, DatabaseError, TimeoutError
from ._replies import Sender

#: After one of these errors it is unknown whether a write took place.
UNSURE = (DatabaseError, Cancelled, TimeoutError, asyncio.CancelledError)


def opened(url: str, settings: Mapping[str, Any]) -> Sender:
    """Opens a sender of operations to a database, for event loops."""
    return Sender(opened_core(url, settings))


class BaseClient:
    """A core, a sender of operations to it, and a time limit for each operation.

    Attributes:
        timeout: seconds that each operation may take; None for no limit.
    """

    def __init__(self, sender: Sender, timeout: float | None = None) -> None:
        self.timeout: float | None = checked(timeout)
        self._sender = sender

    @property
    def core(self) -> Core:
        """The core that executes the operations."""
        return self._sender.core

    async def close(self) -> None:
        """Closes every connection and session, and cancels pending calls."""
        await self._sender.close()
