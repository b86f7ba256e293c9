"""A request to the core: its arguments judged, and how its answer is read."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any, Generic, TypeVar

from ._core import Grip
from .errors import ConflictError, InvalidArgument
from .table import Row, Rows

T = TypeVar("T")

_BIGINT = range(-(2**63), 2**63)
_LONGEST_AGE = 100 * 365 * 24 * 3600
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


@dataclass(frozen=True)
class Operation(Generic[T]):
    """One request.

    Attributes:
        name: as the core knows it.
        arguments: by name.
        read: makes the result of the reply's value.
        by_rules: whether the core has to be told which version of the readiness functions
            the database has.
        refused: makes the result of a conflict, where that is an answer and no error.
        opens: holds what it opens in the core.
    """

    name: str
    arguments: dict[str, Any]
    read: Callable[[Any], T]
    by_rules: bool = False
    refused: Callable[[ConflictError], T] | None = None
    opens: Grip | None = None


def as_id(value: Any) -> int:
    """An id as the core takes it.

    Raises:
        InvalidArgument: for what is no integer, or larger than a bigint.
    """
    number = _integer(value)
    if number is None:
        raise invalid(f"{value!r} is no id; it must be an integer")
    if number not in _BIGINT:
        raise invalid(f"{number} is no id: it is larger than a bigint")
    return number


def as_limit(value: Any, least: int) -> int:
    """How many at most, as the core takes it.

    Raises:
        InvalidArgument: for what is no integer, or less than the least.
    """
    number = _integer(value)
    if number is None or not least <= number < 2**63:
        raise invalid(f"limit is {value!r}; it must be an integer from {least}")
    return number


def _integer(value: Any) -> int | None:
    """An integer, NumPy's as well; None for what is none, such as True."""
    if isinstance(value, bool):
        return None
    try:
        return operator.index(value)
    except TypeError:
        return None


def as_ids(values: Iterable[Any]) -> list[int]:
    """Ids as the core takes them; NumPy arrays and pandas columns will do."""
    return [as_id(value) for value in _listed(values, f"{values!r} is no list of ids")]


def as_texts(argument: str, values: Iterable[Any]) -> list[Any]:
    """A list of texts; whether each is one the core says.

    Raises:
        InvalidArgument: for a text, which would be taken apart into its characters, and for what
            is no list.
    """
    return _listed(values, f"{argument} is {values!r}; it must be a list of texts")


def _listed(values: Any, message: str) -> list[Any]:
    if not isinstance(values, (str, bytes, Mapping)):
        try:
            return list(values)
        except TypeError:
            pass
    raise invalid(message)


def as_seconds(value: timedelta | float, most: float) -> float | None:
    """A number of seconds from 0 to so many; None for what is none, such as a text."""
    seconds = value.total_seconds() if isinstance(value, timedelta) else value
    if isinstance(seconds, (bool, str, bytes)):
        return None
    try:
        number = float(seconds)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if 0 <= number <= most else None


def invalid(message: str) -> InvalidArgument:
    """The error of an argument that does not fit."""
    return InvalidArgument(message, code="invalid_argument")


def same(value: Any) -> Any:
    """The value as it came."""
    return value


def all_rows(kind: type[Row]) -> Callable[[Any], Rows[Row]]:
    """Reads a table."""
    return lambda table: Rows(table, kind)


def one_row(kind: type[Row]) -> Callable[[Any], Row]:
    """Reads a table of one row."""
    return lambda table: Rows(table, kind)[0]


def first_row(kind: type[Row]) -> Callable[[Any], Row | None]:
    """Reads a table of one row or none."""
    return lambda table: next(iter(Rows(table, kind)), None)


def micros(time: datetime | None) -> int | None:
    """Microseconds since 1970 of a datetime with a time zone."""
    if time is None:
        return None
    if not isinstance(time, datetime) or time.tzinfo is None:
        raise invalid(
            f"{time!r} is no point in time; give a datetime with a time zone, such as"
            " datetime.now(timezone.utc)"
        )
    return (time - _EPOCH) // timedelta(microseconds=1)


def as_age(older_than: timedelta | float) -> int:
    """Microseconds, up to the hundred years that the core takes."""
    age = as_seconds(older_than, _LONGEST_AGE)
    if age is None:
        raise invalid(f"older_than is {older_than!r}; it must be seconds from 0 to 100 years, or a timedelta")
    return round(age * 1_000_000)
