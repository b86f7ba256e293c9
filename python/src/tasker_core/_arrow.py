"""Columns in Arrow's form, in the reply's own memory if it has that form."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from decimal import Decimal
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from . import _library

if TYPE_CHECKING:
    from .table import Column

# The maximum digits of a 128-bit decimal.
_DIGITS = 38
_PLAIN = {"int": b"l", "time": b"tsu:UTC"}


def stream(columns: Sequence[Column], size: int) -> object:
    """A capsule with a stream of one batch, as __arrow_c_stream__ returns it."""
    children = tuple(_column(column, size) for column in columns)
    return _library.native().arrow_stream(_made(b"", b"+s", size, 0, (None,), children))


class Source:
    """Has only a stream, because a sequence would be read row by row."""

    def __init__(self, columns: Sequence[Column], size: int) -> None:
        self._columns = columns
        self._size = size

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """See Rows."""
        del requested_schema
        return stream(self._columns, self._size)


def _made(
    name: bytes,
    form: bytes,
    size: int,
    nulls: int,
    buffers: tuple[bytes | None, ...],
    children: tuple[Any, ...] = (),
    dictionary: Any = None,
) -> tuple[Any, ...]:
    """A column in the form of _arrow.c."""
    return name, form, size, nulls, buffers, children, dictionary


def _column(column: Column, size: int) -> tuple[Any, ...]:
    name, nulls = column.name.encode(), (column.nulls or b"").count(1)
    valid = _library.native().arrow_bits(column.nulls, True) if column.nulls and nulls else None
    if column.kind in _PLAIN:
        return _made(name, _PLAIN[column.kind], size, nulls, (valid, column.data))
    if column.kind == "bool":
        bits = _library.native().arrow_bits(column.data, False)
        return _made(name, b"b", size, nulls, (valid, bits))
    if column.kind == "ids":
        count = len(column.dictionary) // 8
        ids = _made(b"item", b"l", count, 0, (None, column.dictionary))
        return _made(name, b"+l", size, nulls, (valid, bytes(4) + column.data), (ids,))
    if column.kind == "decimal":
        return _decimals(column, name, size, nulls, valid)
    texts = [text.encode() for text in column.dictionary or [""]]
    offsets = struct.pack(f"<{len(texts) + 1}q", 0, *accumulate(map(len, texts)))
    values = _made(b"", b"U", len(texts), 0, (None, offsets, b"".join(texts)))
    return _made(name, b"I", size, nulls, (valid, column.data), (), values)


def _decimals(column: Column, name: bytes, size: int, nulls: int, valid: bytes | None) -> tuple[Any, ...]:
    """Converts each different number once; all get the same number of decimal places."""
    numbers = [Decimal(text or 0) for text in column.dictionary or [""]]
    scale = max(0, *(-int(number.as_tuple().exponent) for number in numbers))
    packed = [int(number.scaleb(scale)).to_bytes(16, "little", signed=True) for number in numbers]
    cells = b"".join([packed[code] for code in column.codes()])
    return _made(name, f"d:{_DIGITS},{scale}".encode(), size, nulls, (valid, cells))
