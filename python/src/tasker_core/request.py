"""A request to the core: checks its arguments and reads its answer."""

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
        name: the core's name of the operation.
        arguments: the arguments by name.
        read: turns the reply's value into the result.
        by_rules: whether the core has to be told the version of the database's readiness rules.
        refused: turns a conflict into the result, if a conflict is an answer and not an error.
        opens: owns what it opens in the core.
    """

    name: str
    arguments: dict[str, Any]
    read: Callable[[Any], T]
    by_rules: bool = False
    refused: Callable[[ConflictError], T] | None = None
    opens: Grip | None = None


def as_id(value: Any) -> int:
    """An id in the core's form.

    Raises:
        InvalidArgument: if it is not an integer, or too large for a bigint.
    """
    number = _integer(value)
    if number is None:
        raise invalid(f"{value!r} is not an id; it must be an integer")
    if number not in _BIGINT:
        raise invalid(f"{number} is not an id: it is larger than a bigint")
    return number


def as_limit(value: Any, least: int) -> int:
    """A maximum in the core's form.

    Raises:
        InvalidArgument: if it is not an integer, or less than the least.
    """
    number = _integer(value)
    if number is None or not least <= number < 2**63:
        raise invalid(f"limit is {value!r}; it must be an integer of {least} or more")
    return number


def _integer(value: Any) -> int | None:
    """An integer, or NumPy's; None for any other value, such as True."""
    if isinstance(value, bool):
        return None
    try:
        return operator.index(value)
    except TypeError:
        return None


def as_ids(values: Iterable[Any]) -> list[int]:
    """Ids in the core's form; NumPy arrays and pandas columns are accepted."""
    return [as_id(value) for value in _listed(values, f"{values!r} is not a list of ids")]


def as_texts(argument: str, values: Iterable[Any]) -> list[Any]:
    """A list of strings; the core checks each of them.

    Raises:
        InvalidArgument: for a str, which would be split into its characters, and for any other
            value that is not a list.
    """
    return _listed(values, f"{argument} is {values!r}; it must be a list of str")


def _listed(values: Any, message: str) -> list[Any]:
    if not isinstance(values, (str, bytes, Mapping)):
        try:
            return list(values)
        except TypeError:
            pass
    raise invalid(message)


def as_seconds(value: timedelta | float, most: float) -> float | None:
    """A number of seconds from 0 to most; None for any other value, such as a str."""
    seconds = value.total_seconds() if isinstance(value, timedelta) else value
    if isinstance(seconds, (bool, str, bytes)):
        return None
    try:
        number = float(seconds)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if 0 <= number <= most else None


def invalid(message: str) -> InvalidArgument:
    """The error of an invalid argument."""
    return InvalidArgument(message, code="invalid_argument")


def same(value: Any) -> Any:
    """Returns the value unchanged."""
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
            f"{time!r} is not a point in time; pass a datetime with a time zone, such as"
            " datetime.now(timezone.utc)"
        )
    return (time - _EPOCH) // timedelta(microseconds=1)


def as_age(older_than: timedelta | float) -> int:
    """Microseconds, up to the core's limit of 100 years."""
    age = as_seconds(older_than, _LONGEST_AGE)
    if age is None:
        raise invalid(f"older_than is {older_than!r}; it must be seconds from 0 to 100 years, or a timedelta")
    return round(age * 1_000_000)
