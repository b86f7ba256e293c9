"""JSON without loss, as jsonb columns store it: integers of any size and exact decimals."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from .errors import InvalidArgument


def loads(text: str | bytes) -> Any:
    """Reads JSON; numbers with a fraction or an exponent become Decimal."""
    return json.loads(text, parse_float=Decimal)


def dumps(value: Any) -> str:
    """Writes JSON. Decimals become numbers with all their digits, times ISO 8601 text.

    Raises:
        InvalidArgument: if JSON or PostgreSQL's jsonb cannot hold the value, such as NaN or an
            object of another type.
    """
    try:
        return json.dumps(value, allow_nan=False, separators=(",", ":"), cls=_Encoder)
    except _Decimals:
        return _write(value)
    except (TypeError, ValueError, RecursionError) as error:
        raise _unfit(error) from error


class _Decimals(Exception):
    """The standard encoder has met a Decimal, which it cannot write as a number."""


class _Encoder(json.JSONEncoder):
    def default(self, o: Any) -> Any:
        if isinstance(o, Decimal):
            raise _Decimals
        return _plain(o)


def _plain(value: Any) -> Any:
    """The JSON value for an object that JSON does not have."""
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, Mapping):
        return dict(value)
    if hasattr(value, "tolist"):  # NumPy's arrays and scalars
        return value.tolist()
    raise TypeError(f"{type(value).__name__} has no form in JSON")


def _write(value: Any) -> str:
    """Writes the whole value piece by piece; it is slower and only used if there are decimals."""
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise _unfit(f"{value} is not a number in JSON")
        return str(value)
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{_key(key)}:{_write(item)}" for key, item in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(map(_write, value)) + "]"
    return dumps(value)


def _key(key: Any) -> str:
    """A key as the standard encoder writes it."""
    return dumps({key: None}).removeprefix("{").removesuffix(":null}")


def _unfit(reason: object) -> InvalidArgument:
    return InvalidArgument(f"the value cannot be written as JSON: {reason}", code="invalid_argument")
