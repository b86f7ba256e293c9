"""Rows as the core gives them: by column, in binary form (go/wire/table.go)."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar, overload

if TYPE_CHECKING:
    import numpy
    import pandas
    import polars

Row = TypeVar("Row", bound=NamedTuple)

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_INFINITY = 2**63 - 1
_MINUS_INFINITY = -(2**63)


def moment(micros: int) -> datetime:
    """Microseconds since 1970 as an aware datetime in UTC.

    PostgreSQL's infinity and -infinity become the last and the first datetime.

    Raises:
        OverflowError: for years that datetime does not have.
    """
    if micros == _INFINITY:
        return datetime.max.replace(tzinfo=timezone.utc)
    if micros == _MINUS_INFINITY:
        return datetime.min.replace(tzinfo=timezone.utc)
    return _EPOCH + timedelta(microseconds=micros)


class Column:
    """One column: its cells in binary form, and which of them are null."""

    def __init__(self, name: str, kind: str, data: bytes, nulls: bytes | None, dictionary: Any) -> None:
        self.name = name
        self.kind = kind
        self._data = data
        self._nulls = nulls
        self._dictionary = dictionary

    def cells(self) -> list[Any]:
        """The cells as Python objects, None for null."""
        values = _LISTS[self.kind](self)
        if self._nulls is None:
            return values
        return [None if null else value for value, null in zip(values, self._nulls, strict=True)]

    def integers(self) -> tuple[int, ...]:
        """Cells of eight bytes."""
        return struct.unpack(f"<{len(self._data) // 8}q", self._data)

    def codes(self) -> tuple[int, ...]:
        """Cells of four bytes: indexes into the dictionary, or ends of lists."""
        return struct.unpack(f"<{len(self._data) // 4}I", self._data)

    def texts(self, convert: Callable[[str], Any] = str) -> list[Any]:
        """Cells of text; each different text is converted once."""
        values = [convert(text) for text in self._dictionary or [""]]
        return [values[code] for code in self.codes()]

    def times(self) -> list[Any]:
        """Cells with moments; null ones may hold anything."""
        if self._nulls is None:
            return [moment(micros) for micros in self.integers()]
        return [
            None if null else moment(micros)
            for micros, null in zip(self.integers(), self._nulls, strict=True)
        ]

    def id_lists(self) -> list[Any]:
        """Cells with lists of ids."""
        ids = struct.unpack(f"<{len(self._dictionary) // 8}q", self._dictionary)
        ends = self.codes()
        return [list(ids[first:last]) for first, last in zip((0, *ends), ends, strict=False)]

    def as_numpy(self) -> numpy.ndarray[Any, Any]:
        """The cells as an array that shares the reply's memory where that is possible."""
        import numpy

        if self.kind == "time":
            return self._times_in_numpy()
        if self.kind in ("int", "bool"):
            array = numpy.frombuffer(self._data, "<i8" if self.kind == "int" else "?")
            return array if self._nulls is None else numpy.ma.MaskedArray(array, self._mask())
        cells = self.cells()
        array = numpy.empty(len(cells), object)
        array[:] = cells
        return array

    def _times_in_numpy(self) -> numpy.ndarray[Any, Any]:
        import numpy

        if self._nulls is None:
            return numpy.frombuffer(self._data, "<M8[us]")
        array = numpy.frombuffer(self._data, "<M8[us]").copy()
        array[self._mask()] = numpy.datetime64("NaT", "us")
        return array

    def _mask(self) -> Any:
        import numpy

        return numpy.frombuffer(self._nulls or b"", "?")

    def as_pandas(self) -> Any:
        """The cells as a pandas array: Int64 where integers may be null, times in UTC."""
        import pandas

        if self.kind == "time":
            return pandas.Series(self.as_numpy()).dt.tz_localize("UTC")
        if self.kind in ("int", "bool") and self._nulls is not None:
            return pandas.array(self.cells(), "Int64" if self.kind == "int" else "boolean")
        return self.as_numpy()

    def as_polars(self) -> polars.Series:
        """The cells as a polars Series; decimals are polars decimals."""
        import polars

        if self.kind == "time":
            return polars.Series(self.name, self.as_numpy()).dt.replace_time_zone("UTC")
        if self.kind in ("int", "bool") and self._nulls is None:
            return polars.Series(self.name, self.as_numpy())
        kinds = {
            "int": polars.Int64,
            "bool": polars.Boolean,
            "text": polars.String,
            "ids": polars.List(polars.Int64),
        }
        return polars.Series(self.name, self.cells(), kinds.get(self.kind))


_LISTS: dict[str, Callable[[Column], list[Any]]] = {
    "int": lambda column: list(column.integers()),
    "time": Column.times,
    "bool": lambda column: list(struct.unpack(f"{len(column._data)}?", column._data)),
    "text": Column.texts,
    "decimal": lambda column: column.texts(lambda digits: Decimal(digits or 0)),
    "ids": Column.id_lists,
}


class Rows(Sequence[Row], Generic[Row]):
    """Rows of an answer, as a sequence of named tuples or by column.

    The answer is kept by column, in binary form: the named tuples are made when somebody
    asks for the first of them. It compares equal to a list of the same rows.
    """

    __slots__ = ("_columns", "_make", "_rows", "_size")

    def __init__(self, table: dict[str, Any], kind: type[Row]) -> None:
        columns = {name: Column(name, *rest) for name, *rest in table["columns"]}
        self._size: int = table["rows"]
        self._columns = [columns[name] for name in kind._fields]
        self._make: Callable[..., Row] = kind._make
        self._rows: list[Row] | None = None

    def columns(self) -> dict[str, list[Any]]:
        """The columns by name, each a list."""
        return {column.name: column.cells() for column in self._columns}

    def to_numpy(self) -> dict[str, numpy.ndarray[Any, Any]]:
        """The columns by name, each an array; needs NumPy.

        Integers (int64), booleans and times (datetime64[us], UTC) share the memory of the
        answer and cannot be written to. Where cells are null the array is masked, a time
        NaT. Texts, decimals and lists of ids are arrays of objects.
        """
        return {column.name: column.as_numpy() for column in self._columns}

    def to_pandas(self) -> pandas.DataFrame:
        """A DataFrame; needs pandas and NumPy."""
        import pandas

        return pandas.DataFrame({column.name: column.as_pandas() for column in self._columns})

    def to_polars(self) -> polars.DataFrame:
        """A DataFrame; needs polars and NumPy."""
        import polars

        return polars.DataFrame([column.as_polars() for column in self._columns])

    def _all(self) -> list[Row]:
        if self._rows is None:
            cells = zip(*(column.cells() for column in self._columns), strict=True)
            self._rows = [self._make(row) for row in cells]
        return self._rows

    def __len__(self) -> int:
        return self._size

    @overload
    def __getitem__(self, index: int) -> Row: ...
    @overload
    def __getitem__(self, index: slice) -> list[Row]: ...
    def __getitem__(self, index: int | slice) -> Row | list[Row]:
        return self._all()[index]

    def __iter__(self) -> Iterator[Row]:
        return iter(self._all())

    def __eq__(self, other: object) -> bool:
        return self._all() == (other._all() if isinstance(other, Rows) else other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return repr(self._all())
