"""The first rows as text: in comes a `pyarrow.Table`, out go columns of short strings, for HTML and plain."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa
from pyarrow import types

from . import words

MOST_ROWS = 6
MOST_COLUMNS = 12
#: Characters of a value and of a column's name.
LONGEST_VALUE = 60
LONGEST_NAME = 32
#: Values that are shown of a list.
MOST_ITEMS = 4


@dataclass(frozen=True)
class Column:
    """One column of the table that is shown; a cell that is None is a null."""

    name: str
    dtype: str
    numeric: bool
    cells: tuple[str | None, ...]


@dataclass(frozen=True)
class Head:
    """The first rows, and how many columns are not shown."""

    columns: tuple[Column, ...]
    rows: int
    columns_left_out: int


def head(table: pa.Table) -> Head:
    """At most `MOST_ROWS` rows and `MOST_COLUMNS` columns of it."""
    top = table.slice(0, MOST_ROWS)
    names = top.column_names[:MOST_COLUMNS]
    columns = tuple(_column(name, top.column(index)) for index, name in enumerate(names))
    return Head(columns, top.num_rows, top.num_columns - len(columns))


def dtype_name(dtype: pa.DataType) -> str:
    """As numpy users call it: ``float32``, ``string``, ``list<float32>[384]``, ``tensor<float32>[3,224]``."""
    if isinstance(dtype, pa.FixedShapeTensorType):
        return f"tensor<{dtype_name(dtype.value_type)}>[{','.join(str(axis) for axis in dtype.shape)}]"
    if types.is_fixed_size_list(dtype):
        return f"list<{dtype_name(dtype.value_type)}>[{dtype.list_size}]"
    if types.is_list(dtype) or types.is_large_list(dtype):
        return f"list<{dtype_name(dtype.value_type)}>"
    short = {"halffloat": "float16", "float": "float32", "double": "float64", "large_string": "string"}
    return short.get(str(dtype), str(dtype))


def _column(name: str, values: pa.ChunkedArray) -> Column:
    numeric = types.is_integer(values.type) or types.is_floating(values.type) or types.is_decimal(values.type)
    cells = _texts(_python_values(values))
    return Column(words.shorten(name, LONGEST_NAME), dtype_name(values.type), numeric, tuple(cells))


def _python_values(values: pa.ChunkedArray) -> list[object]:
    """A value and no more than it takes to show it: of a long list, its start and its length."""
    return [_python_value(value) for value in values]


def _python_value(value: pa.Scalar) -> object:
    if not value.is_valid:
        return None
    if isinstance(value, pa.ExtensionScalar):
        return _python_value(value.value)
    if isinstance(value, pa.ListScalar):
        items = value.values
        start = [_python_value(item) for item in items.slice(0, MOST_ITEMS)]
        return ShortList(tuple(start), len(items) - len(start))
    return value.as_py()


@dataclass(frozen=True)
class ShortList:
    """The first values of a list and how many follow."""

    start: tuple[object, ...]
    more: int


def _texts(values: Sequence[object]) -> list[str | None]:
    floats = [number for number in values if isinstance(number, float)]
    if floats:
        return [None if value is None else _number(value, decimals(floats)) for value in values]
    return [None if value is None else words.shorten(_text(value), LONGEST_VALUE) for value in values]


def decimals(numbers: Sequence[float]) -> int | None:
    """Places that suit all of them, so that points align; None where only exponents do."""
    sizes = [abs(number) for number in numbers if math.isfinite(number) and number != 0]
    if not sizes:
        return 1
    if max(sizes) >= 1e7 or max(sizes) < 1e-3:
        return None
    if max(sizes) >= 10_000:
        return 1
    return 3 if max(sizes) > 1 else 4


def _number(value: object, places: int | None) -> str:
    if not isinstance(value, float):
        return str(value)
    if places is None or not math.isfinite(value):
        return f"{value:.4g}"
    return f"{value:.{places}f}"


def _text(value: object) -> str:
    match value:
        case bool():
            return str(value).lower()
        case ShortList():
            return _list(value)
        case bytes():
            return words.plural(len(value), "byte")
        case _:
            return " ".join(str(value).split())


def _list(value: ShortList) -> str:
    places = decimals([item for item in value.start if isinstance(item, float)])
    places = None if places is None else min(places, 3)
    items = [
        "null" if item is None else _number(item, places) if isinstance(item, float) else _text(item)
        for item in value.start
    ]
    return f"[{', '.join([*items, *(['…'] if value.more else [])])}]"
