"""The rows of the core's answer: by column, in binary form (go/wire/table.go)."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar, Generic, NamedTuple, TypeVar, overload

from . import _arrow, _shown

if TYPE_CHECKING:
    import numpy
    import pandas
    import polars
    import pyarrow

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
    """One column: its cells in binary form, and which of them are null.

    Attributes:
        name: the name of the column.
        kind: "int", "time", "bool", "text", "decimal" or "ids".
        data: eight bytes per cell; one for bool; four for text and decimal (an index into the
            dictionary) and for ids (the end of the list).
        nulls: a byte for each cell; None if no cell is null.
        dictionary: the distinct texts, or all ids.
    """

    def __init__(self, name: str, kind: str, data: bytes, nulls: bytes | None, dictionary: Any) -> None:
        self.name = name
        self.kind = kind
        self.data = data
        self.nulls = nulls
        self.dictionary = dictionary

    def cells(self) -> list[Any]:
        """The cells as Python objects; None for null."""
        values = _LISTS[self.kind](self)
        if self.nulls is None:
            return values
        return [None if null else value for value, null in zip(values, self.nulls, strict=True)]

    def integers(self) -> tuple[int, ...]:
        """Cells of eight bytes."""
        return struct.unpack(f"<{len(self.data) // 8}q", self.data)

    def codes(self) -> tuple[int, ...]:
        """Cells of four bytes: indexes into the dictionary, or ends of lists."""
        return struct.unpack(f"<{len(self.data) // 4}I", self.data)

    def texts(self, convert: Callable[[str], Any] = str) -> list[Any]:
        """Cells of text; each distinct text is converted once."""
        values = [convert(text) for text in self.dictionary or [""]]
        return [values[code] for code in self.codes()]

    def times(self) -> list[Any]:
        """Cells of time; null cells may hold any value."""
        if self.nulls is None:
            return [moment(micros) for micros in self.integers()]
        return [
            None if null else moment(micros) for micros, null in zip(self.integers(), self.nulls, strict=True)
        ]

    def id_lists(self) -> list[Any]:
        """Cells of lists of ids."""
        ids = struct.unpack(f"<{len(self.dictionary) // 8}q", self.dictionary)
        ends = self.codes()
        return [list(ids[first:last]) for first, last in zip((0, *ends), ends, strict=False)]

    def part(self, first: int, last: int) -> Column:
        """The cells from first up to last."""
        width = {"int": 8, "time": 8, "bool": 1}.get(self.kind, 4)
        data = self.data[first * width : last * width]
        nulls = None if self.nulls is None else self.nulls[first:last]
        if self.kind != "ids" or first == last:
            return Column(self.name, self.kind, data, nulls, self.dictionary)
        ends = self.codes()
        begin = ends[first - 1] if first else 0
        moved = struct.pack(f"<{last - first}I", *(end - begin for end in ends[first:last]))
        return Column(self.name, self.kind, moved, nulls, self.dictionary[begin * 8 : ends[last - 1] * 8])

    def shown(self) -> list[Any]:
        """The cells for display; a year that datetime does not have is a number."""
        try:
            return self.cells()
        except OverflowError:
            return list(self.integers())

    def as_numpy(self) -> numpy.ndarray[Any, Any]:
        """The cells as an array that shares the reply's memory if possible."""
        import numpy

        if self.kind == "time":
            return self._times_in_numpy()
        if self.kind in ("int", "bool"):
            array = numpy.frombuffer(self.data, "<i8" if self.kind == "int" else "?")
            return array if self.nulls is None else numpy.ma.MaskedArray(array, self._mask())
        if self.kind == "ids":
            return self._lists_in_numpy()
        values: Any = self.dictionary or [""]
        if self.kind == "decimal":
            values = [Decimal(digits or 0) for digits in values]
        cells: numpy.ndarray[Any, Any] = numpy.asarray(values, object)[numpy.frombuffer(self.data, "<u4")]
        if self.nulls is not None:
            cells[self._mask()] = None
        return cells

    def _lists_in_numpy(self) -> numpy.ndarray[Any, Any]:
        import numpy

        lists = self.cells()
        array = numpy.empty(len(lists), object)
        array[:] = lists
        return array

    def _times_in_numpy(self) -> numpy.ndarray[Any, Any]:
        import numpy

        if self.nulls is None:
            return numpy.frombuffer(self.data, "<M8[us]")
        array = numpy.frombuffer(self.data, "<M8[us]").copy()
        array[self._mask()] = numpy.datetime64("NaT", "us")
        return array

    def _mask(self) -> Any:
        import numpy

        return numpy.frombuffer(self.nulls or b"", "?")

    def as_pandas(self) -> Any:
        """The cells as a pandas array: Int64 if integers may be null, times in UTC."""
        import numpy
        import pandas

        if self.kind == "time":
            return pandas.Series(self.as_numpy()).dt.tz_localize("UTC")
        if self.kind in ("int", "bool") and self.nulls is not None:
            values = numpy.frombuffer(self.data, "<i8" if self.kind == "int" else "?")
            kind = pandas.arrays.IntegerArray if self.kind == "int" else pandas.arrays.BooleanArray
            return kind(values, self._mask())
        return self.as_numpy()


_LISTS: dict[str, Callable[[Column], list[Any]]] = {
    "int": lambda column: list(column.integers()),
    "time": Column.times,
    "bool": lambda column: list(struct.unpack(f"{len(column.data)}?", column.data)),
    "text": Column.texts,
    "decimal": lambda column: column.texts(lambda digits: Decimal(digits or 0)),
    "ids": Column.id_lists,
}


class Rows(Sequence[Row], Generic[Row]):
    """The rows of an answer, as a sequence of named tuples or by column.

    The answer is stored by column, in binary form. The named tuples are created when the first of
    them is read. It compares equal to a list of the same rows.
    """

    __slots__ = ("_columns", "_kind", "_make", "_rows", "_size")

    def __init__(self, table: dict[str, Any], kind: type[Row]) -> None:
        columns = {name: Column(name, *rest) for name, *rest in table["columns"]}
        self._size: int = table["rows"]
        self._columns = [columns[name] for name in kind._fields]
        self._kind = kind.__name__
        self._make: Callable[..., Row] = kind._make
        self._rows: list[Row] | None = None

    def columns(self) -> dict[str, list[Any]]:
        """The columns by name, each as a list."""
        return {column.name: column.cells() for column in self._columns}

    def to_numpy(self) -> dict[str, numpy.ndarray[Any, Any]]:
        """The columns by name, each as an array; needs NumPy.

        Integers (int64), booleans and times (datetime64[us], UTC) share the memory of the answer
        and are read-only. If cells are null, the array is masked; a null time is NaT. Texts,
        decimals and lists of ids are arrays of objects.
        """
        return {column.name: column.as_numpy() for column in self._columns}

    def to_pandas(self) -> pandas.DataFrame:
        """A DataFrame over the same arrays; needs pandas and NumPy."""
        import pandas

        return pandas.DataFrame({column.name: column.as_pandas() for column in self._columns})

    def to_polars(self) -> polars.DataFrame:
        """A DataFrame over the answer's memory; needs only polars. Texts have the type String."""
        import polars

        frame = polars.DataFrame(_arrow.Source(self._columns, self._size))
        return frame.with_columns(polars.col(polars.Categorical).cast(polars.String))

    def to_arrow(self) -> pyarrow.Table:
        """A Table over the answer's memory; needs pyarrow. Texts are dictionary-encoded."""
        import pyarrow

        return pyarrow.table(_arrow.Source(self._columns, self._size))

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """The rows for programs that read Arrow, by its PyCapsule interface.

        Integers, times, lists of ids and the codes of texts are the answer's own memory. The
        reader converts them to the requested schema, as the interface allows.
        """
        del requested_schema
        return _arrow.stream(self._columns, self._size)

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

    __hash__: ClassVar[None] = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return _shown.text(*self._ends())

    def _repr_html_(self) -> str:
        """For notebooks."""
        return _shown.table_html(*self._ends())

    def _ends(self) -> tuple[str, list[str], list[Any], list[Any]]:
        """The title, the columns' names, and the first and last rows; no others are created."""
        first, last = _shown.ends(self._size)
        names = [column.name for column in self._columns]
        title = f"{self._size} {'row' if self._size == 1 else 'rows'} of {self._kind}"
        return title, names, self._part(0, first), self._part(self._size - last, self._size)

    def _part(self, first: int, last: int) -> list[Any]:
        columns = (column.part(first, last).shown() for column in self._columns)
        return list(zip(*columns, strict=True))
