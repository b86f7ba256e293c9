# Written by python/tools/sync_client.py from aio/_client/base.py; change that file instead.
"""Sends operations, with the readiness rules of the database."""

from __future__ import annotations

from typing import TypeVar

from .. import operations
from .._base import BaseClient
from ..errors import ConflictError
from ..operations import Operation

T = TypeVar("T")


class Operations(BaseClient):
    """A client that sends operations; the groups of operations inherit from it."""

    def run(self, operation: Operation[T]) -> T:
        """Sends an operation and reads its answer."""
        arguments = operation.arguments
        if operation.by_rules:
            arguments = {**arguments, "function_version": self.readiness_version()}
        try:
            answer = self._sender.call(operation.name, arguments, self.timeout, operation.opens)
            return operation.read(answer)
        except ConflictError as conflict:
            if operation.refused is None:
                raise
            return operation.refused(conflict)

    def readiness_version(self) -> int:
        """Tells which readiness rules this database follows, 1 or 2; read once for each client.

        Raises:
            UnknownFunction: if the body of a function is unknown.
        """
        if self.core.rules is None:
            self.core.rules = self.run(operations.readiness_version())
        return self.core.rules
