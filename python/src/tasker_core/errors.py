"""One class for each kind of error, with the same names as in Ruby."""

from __future__ import annotations

import builtins
from collections.abc import Mapping
from typing import Any

from .codes import CLASSES


class Error(Exception):
    """The base class of this package's errors.

    Attributes:
        code: the stable name of the kind of error, the same in every language.
        message: what failed, and what to do.
        sqlstate: PostgreSQL's code if the database reported the error.
        retryable: whether running the whole operation again can succeed.
        details: more data, which depends on the code.
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
        """Keeps every attribute when an error is pickled."""
        return _unpickle, (type(self), self.args, self.__dict__)

    @staticmethod
    def from_wire(fields: Mapping[str, Any]) -> Error:
        """The error of an error envelope, with the class that belongs to its code."""
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
    """A setting or the database URL has an invalid value."""


class InvalidArgument(Error, ValueError):
    """An argument is missing, or has the wrong type or value."""


class CycleError(Error):
    """The dependencies of a task's steps form a cycle."""

    @property
    def path(self) -> list[int | str]:
        """The step ids along the cycle; the first is also the last.

        For a task that is not created yet, the steps' names.
        """
        return list(self.details.get("path", []))


class NotFound(Error, LookupError):
    """The task or step does not exist."""


class DuplicateTask(Error):
    """Another task has the same identity."""

    @property
    def task_id(self) -> int | None:
        """The id of the other task; None if another transaction is creating it."""
        return self.details.get("task_id")


class DatabaseError(Error):
    """The database refused a statement or could not be reached."""


class SchemaMissing(DatabaseError):
    """The database lacks a table, column or function of the engine."""


class SchemaNotEmpty(Error):
    """install_schema found existing tables of the engine."""


class TransitionError(Error):
    """A task or step may not move to the requested state; see code."""


class ConflictError(TransitionError):
    """Another process wrote to the same task or step at the same time."""


class SessionError(Error):
    """A session is not open in this process, or too many sessions are open."""


class UnknownFunction(Error):
    """The body of a database function is neither the engine's nor tasker_core's.

    Its rules were changed, so the core must not replace it.
    """

    @property
    def function(self) -> str:
        """The function's signature."""
        return str(self.details.get("function", ""))


class Cancelled(Error):
    """The call was cancelled, for example because the client was closed while it ran."""


class TimeoutError(Error, builtins.TimeoutError):
    """A call took longer than its timeout."""


class Unavailable(Error, RuntimeError):
    """The native core is not available here, or stopped after an internal fault."""


class InternalError(Error):
    """An internal fault of the core."""


_CLASSES: dict[str, type[Error]] = {code: globals()[name] for code, name in CLASSES.items()}
