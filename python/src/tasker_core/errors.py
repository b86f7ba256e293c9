"""One class for each kind of error of the core; the same names as in Ruby."""

from __future__ import annotations

import builtins
from collections.abc import Mapping
from typing import Any

from .codes import CLASSES


class Error(Exception):
    """Any error of this package.

    Attributes:
        code: the stable name of the kind of error, the same in every language.
        message: what failed and what to do.
        sqlstate: PostgreSQL's code where the database reported the error.
        retryable: whether running the whole operation again can succeed.
        details: what belongs to the code.
    """

    def __init__(
        self,
        message: str = "",
        *,
        code: str = "internal",
        sqlstate: str | None = None,
        retryable: bool = False,
        details: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.sqlstate = sqlstate
        self.retryable = retryable
        self.details: dict[str, Any] = dict(details or {})

    def __reduce__(self) -> tuple[Any, ...]:
        """Keep every attribute when an error crosses to another process."""
        return _unpickle, (type(self), self.args, self.__dict__)

    @staticmethod
    def from_wire(fields: Mapping[str, Any]) -> Error:
        """The error of the class that stands for the code of an error envelope."""
        return _CLASSES.get(fields["code"], Error)(
            fields["message"],
            code=fields["code"],
            sqlstate=fields["sqlstate"] or None,
            retryable=fields["retryable"],
            details=fields["details"],
        )


def _unpickle(kind: type[Error], args: tuple[Any, ...], attributes: dict[str, Any]) -> Error:
    error = kind(*args)
    error.__dict__.update(attributes)
    return error


class ConfigurationError(Error, ValueError):
    """A setting, or the database URL, has a value that it cannot have."""


class InvalidArgument(Error, ValueError):
    """An argument is missing, or has the wrong type or value."""


class CycleError(Error):
    """The steps of a task depend on each other in a circle."""

    @property
    def path(self) -> list[int | str]:
        """The step ids along the circle; the first is also the last.

        Of a task that is not made yet, the steps' names.
        """
        return list(self.details.get("path", []))


class NotFound(Error, LookupError):
    """There is no such task or step."""


class DuplicateTask(Error):
    """Another task has the identity that a new one would have."""

    @property
    def task_id(self) -> int | None:
        """The other task's; None where another transaction makes it just now."""
        return self.details.get("task_id")


class DatabaseError(Error):
    """The database refused a statement or could not be reached."""


class SchemaMissing(DatabaseError):
    """A table, column or function of the engine is missing in the database."""


class SchemaNotEmpty(Error):
    """install_schema found tables of the engine already there."""


class TransitionError(Error):
    """A task or step may not move to the state that was asked for; see code."""


class ConflictError(TransitionError):
    """Another process wrote to the same task or step at the same time."""


class SessionError(Error):
    """A session is not open in this process, or too many are."""


class UnknownFunction(Error):
    """The body of a database function is neither the engine's nor ours.

    Its rules were changed, so the core must not stand in for it.
    """

    @property
    def function(self) -> str:
        """The function's signature."""
        return str(self.details.get("function", ""))


class Cancelled(Error):
    """The call was cancelled, as by closing the client while it ran."""


class TimeoutError(Error, builtins.TimeoutError):
    """A deadline passed."""


class Unavailable(Error, RuntimeError):
    """The native core is not available here, or stopped after a fault of its own."""


class InternalError(Error):
    """A fault of the core."""


_CLASSES: dict[str, type[Error]] = {code: globals()[name] for code, name in CLASSES.items()}
