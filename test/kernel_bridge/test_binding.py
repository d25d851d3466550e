"""Which columns go to which inputs, and what a user is told where they do not."""

from __future__ import annotations

import datetime

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from jupyterlab_mdm.binding.binding import bind
from jupyterlab_mdm.binding.shapes import fit
from jupyterlab_mdm.errors import BadOptionError, BindingError
from jupyterlab_mdm.frame.source import open_source
from jupyterlab_mdm.wire.signature import Axis, Signature, TensorSpec

FLOAT, DOUBLE, INT, TEXT = pa.float32(), pa.float64(), pa.int64(), pa.string()


def inputs(*specs: tuple[str, str, tuple[Axis, ...]]) -> Signature:
    return Signature(tuple(TensorSpec(*spec) for spec in specs), ())


def matrix(width: Axis, dtype: str = "float32") -> Signature:
    return inputs(("X", dtype, ("batch", width)))


def columns(**types: pa.DataType) -> pa.Schema:
    return pa.schema(list(types.items()))


ABC = columns(a=DOUBLE, b=DOUBLE, c=DOUBLE)
AGE_SEX = inputs(("age", "float32", ("n", 1)), ("sex", "string", ("n", 1)))
TOKENS = inputs(
    ("input_ids", "int64", ("batch", "sequence")), ("attention_mask", "int64", ("batch", "sequence"))
)
IMAGE = inputs(("pixels", "float32", ("batch", 3, 4, 5)))

#: What binds: schema, signature, the columns of each input, and what reaches the wire.
BINDS: dict[str, tuple[pa.Schema, Signature, list[list[str]], pa.Schema]] = {
    "columns stacked in order where the widths match": (
        ABC,
        matrix(3),
        [["a", "b", "c"]],
        columns(X=pa.list_(FLOAT, 3)),
    ),
    "all numeric columns where the width is free": (
        columns(a=DOUBLE, b=INT, c=pa.bool_()),
        matrix("features"),
        [["a", "b", "c"]],
        columns(X=pa.list_(FLOAT, 3)),
    ),
    "all numeric columns where the width is free and has no name": (
        ABC,
        matrix(None),
        [["a", "b", "c"]],
        columns(X=pa.list_(FLOAT, 3)),
    ),
    "columns by name in any order, others left out": (
        columns(id=TEXT, sex=TEXT, age=INT),
        AGE_SEX,
        [["age"], ["sex"]],
        columns(age=pa.list_(FLOAT, 1), sex=pa.list_(TEXT, 1)),
    ),
    "columns by name without regard to case where only one is meant": (
        columns(Sex=TEXT, AGE=INT),
        AGE_SEX,
        [["AGE"], ["Sex"]],
        columns(age=pa.list_(FLOAT, 1), sex=pa.list_(TEXT, 1)),
    ),
    "the exact name before one in another case": (
        columns(AGE=TEXT, age=INT, sex=TEXT),
        AGE_SEX,
        [["age"], ["sex"]],
        columns(age=pa.list_(FLOAT, 1), sex=pa.list_(TEXT, 1)),
    ),
    "a column named as the input is, as one of those that it stacks": (
        columns(X=DOUBLE, y=DOUBLE, z=DOUBLE),
        matrix(3),
        [["X", "y", "z"]],
        columns(X=pa.list_(FLOAT, 3)),
    ),
    "what no name decides is stacked into the one input that is left": (
        columns(a=DOUBLE, kind=TEXT, b=DOUBLE),
        inputs(("kind", "string", ("n",)), ("X", "float32", ("n", 2))),
        [["kind"], ["a", "b"]],
        columns(kind=TEXT, X=pa.list_(FLOAT, 2)),
    ),
    "the only column to an input of one axis": (
        columns(text=TEXT),
        inputs(("s", "string", ("n",))),
        [["text"]],
        columns(s=TEXT),
    ),
    "the only column to an input of one axis and one value": (
        columns(v=DOUBLE),
        matrix(1),
        [["v"]],
        columns(X=pa.list_(FLOAT, 1)),
    ),
    "the only column to a width that is free": (
        columns(v=DOUBLE),
        matrix("k"),
        [["v"]],
        columns(X=pa.list_(FLOAT, 1)),
    ),
    "strings stacked": (
        columns(a=TEXT, b=pa.large_string()),
        matrix(2, "string"),
        [["a", "b"]],
        columns(X=pa.list_(TEXT, 2)),
    ),
    "a list column of fixed size": (
        columns(v=pa.list_(DOUBLE, 4)),
        matrix(4),
        [["v"]],
        columns(X=pa.list_(FLOAT, 4)),
    ),
    "a list column of any size": (
        columns(v=pa.list_(DOUBLE)),
        matrix(4),
        [["v"]],
        columns(X=pa.list_(FLOAT, 4)),
    ),
    "a list column that decides a free width": (
        columns(v=pa.list_(DOUBLE, 4)),
        matrix("k"),
        [["v"]],
        columns(X=pa.list_(FLOAT, 4)),
    ),
    "lists by name among other columns": (
        columns(id=TEXT, attention_mask=pa.list_(INT, 8), input_ids=pa.list_(INT, 8)),
        TOKENS,
        [["input_ids"], ["attention_mask"]],
        columns(input_ids=pa.list_(INT, 8), attention_mask=pa.list_(INT, 8)),
    ),
    "a flat list to an input of many axes": (
        columns(v=pa.list_(FLOAT, 60)),
        IMAGE,
        [["v"]],
        pa.schema([pa.field("pixels", pa.list_(FLOAT, 60), metadata={"mdm:shape": "[3, 4, 5]"})]),
    ),
    "a tensor to an input of its shape": (
        columns(v=pa.fixed_shape_tensor(FLOAT, (3, 4, 5))),
        IMAGE,
        [["v"]],
        pa.schema([pa.field("pixels", pa.list_(FLOAT, 60), metadata={"mdm:shape": "[3, 4, 5]"})]),
    ),
    "a tensor in another order in memory": (
        columns(v=pa.fixed_shape_tensor(FLOAT, (4, 5, 3), permutation=(2, 0, 1))),
        IMAGE,
        [["v"]],
        pa.schema([pa.field("pixels", pa.list_(FLOAT, 60), metadata={"mdm:shape": "[3, 4, 5]"})]),
    ),
    "bytes to an input of bytes": (
        columns(v=pa.list_(pa.uint8(), 4)),
        matrix(4, "uint8"),
        [["v"]],
        columns(X=pa.list_(pa.uint8(), 4)),
    ),
    "bools as bytes that say so": (
        columns(b=pa.bool_()),
        inputs(("flag", "bool", ("n",))),
        [["b"]],
        pa.schema([pa.field("flag", pa.uint8(), metadata={"mdm:dtype": "bool"})]),
    ),
    "categories as what they stand for": (
        columns(a=pa.dictionary(pa.int8(), TEXT)),
        inputs(("s", "string", ("n",))),
        [["a"]],
        columns(s=TEXT),
    ),
    "half floats": (
        columns(a=DOUBLE, b=FLOAT),
        matrix(2, "float16"),
        [["a", "b"]],
        columns(X=pa.list_(pa.float16(), 2)),
    ),
}


@pytest.mark.parametrize("name", BINDS)
def test_binds(name: str) -> None:
    schema, signature, expected, wire = BINDS[name]
    binding = bind(schema, signature)
    assert [[column.name for column in bound.columns] for bound in binding.inputs] == expected
    assert binding.wire_schema.equals(wire, check_metadata=True), binding.wire_schema
    used = {name for names in expected for name in names}
    assert list(binding.unused) == [name for name in schema.names if name not in used]


#: What does not: schema, signature, words of the reason, words of the remedy.
REFUSED: dict[str, tuple[pa.Schema, Signature, str, str]] = {
    "too few columns": (ABC, matrix(4), "Input 'X' takes 4 columns, the frame has 3", "in that order"),
    "too many columns": (ABC, matrix(2), "takes 2 columns, the frame has 3", "in that order"),
    "a column of strings too many": (
        columns(a=DOUBLE, carrier=TEXT, b=DOUBLE),
        matrix(2),
        "takes 2 columns, the frame has 3",
        "without 'carrier'",
    ),
    "strings among columns for a free width": (
        columns(a=DOUBLE, carrier=TEXT),
        matrix("k"),
        "Column 'carrier' holds strings",
        "Leave out what the model was not trained on ('carrier')",
    ),
    "names that are near": (
        columns(Age_years=INT, sexx=TEXT),
        AGE_SEX,
        "No column is named 'age', 'sex'",
        "'sexx' → 'sex'",
    ),
    "names that say nothing": (
        columns(p=INT, q=TEXT),
        AGE_SEX,
        "No column is named",
        "Name one column for each",
    ),
    "two names that differ in case only": (
        columns(AGE=INT, Age=INT, sex=TEXT),
        AGE_SEX,
        "Columns 'AGE', 'Age' differ from the name of input 'age' in case only",
        "Rename the one that is meant to 'age'",
    ),
    "no column left": (columns(sex=TEXT), AGE_SEX, "no column is left for it", "Add a column named 'age'"),
    "a list of another size": (
        columns(v=pa.list_(FLOAT, 5)),
        matrix(4),
        "takes rows of shape [4]; for it the frame has 'v' (rows of shape [5])",
        "Give one column of such rows",
    ),
    "a list and an extra column": (
        columns(id=INT, image=pa.list_(FLOAT, 60)),
        IMAGE,
        "takes rows of shape [3, 4, 5]",
        "frame[['image']]",
    ),
    "channels last for channels first": (
        columns(v=pa.fixed_shape_tensor(FLOAT, (4, 5, 3))),
        IMAGE,
        "rows of shape [4, 5, 3]",
        "Give one column",
    ),
    "columns with names and wrong shapes": (
        columns(input_ids=INT, attention_mask=INT),
        TOKENS,
        "Column 'attention_mask' has one value a row, input 'attention_mask' takes rows of shape [sequence].",
        "Give each input rows of its shape",
    ),
    "single values for an input of many axes": (
        ABC,
        IMAGE,
        "takes rows of shape [3, 4, 5]",
        "Give one column",
    ),
    "floats for integers": (
        ABC,
        matrix(3, "int64"),
        "Column 'a' is double, the input takes int64",
        ".round().astype",
    ),
    "numbers for strings": (
        columns(v=INT),
        inputs(("s", "string", ("n",))),
        "the input takes strings",
        ".astype(str)",
    ),
    "strings for numbers": (
        columns(v=TEXT),
        matrix(1),
        "holds strings, the input takes float32",
        "Encode it",
    ),
    "categories of strings for numbers": (
        columns(v=pa.dictionary(pa.int8(), TEXT)),
        matrix(1),
        "holds strings",
        "Encode it",
    ),
    "numbers for bools": (columns(v=pa.uint8()), inputs(("b", "bool", ("n",))), "takes bools", "!= 0"),
    "dates for floats": (columns(v=pa.date32()), matrix(1), "is date32[day]", ".astype('int64')"),
    "times of day for integers of 32 bits": (
        columns(v=pa.time32("s")),
        matrix(1, "int32"),
        "is time32[s]",
        ".dt.hour",
    ),
    "timestamps for floats": (
        columns(v=pa.timestamp("ns")),
        matrix(1),
        "is timestamp[ns]",
        ".astype('int64')",
    ),
    "fractions of decimals for integers": (
        columns(v=pa.decimal128(9, 2)),
        matrix(1, "int64"),
        "is decimal128(9, 2)",
        ".round()",
    ),
    "columns of nothing": (columns(v=pa.null()), matrix(1), "holds no values", "Give it a type"),
    "binary": (columns(v=pa.binary()), matrix(1), "is binary", "Leave it out"),
    "lists of bytes for floats": (columns(v=pa.list_(pa.uint8(), 4)), matrix(4), "holds bytes", "/ 255"),
    "structs": (columns(v=pa.struct([("a", INT)])), matrix(1), "is struct<a: int64>", "Leave it out"),
    "a column with a name and a wrong type": (
        columns(age=TEXT, sex=TEXT),
        AGE_SEX,
        "Column 'age' holds strings, the input takes float32",
        "Encode it",
    ),
    "a model without rows": (
        ABC,
        inputs(("t", "float32", ())),
        "takes one value for all rows",
        "params={'t': …}",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refuses(name: str) -> None:
    schema, signature, reason, remedy = REFUSED[name]
    with pytest.raises(BindingError) as raised:
        bind(schema, signature)
    error = raised.value
    assert reason in error.message
    assert remedy in error.remedy
    for spec in signature.inputs:
        assert spec.name in error.message
    for column in schema:
        assert column.name in error.message
    assert error.details["columns"] == [{"name": field.name, "type": str(field.type)} for field in schema]


def test_shows_both_sides_as_an_aligned_table() -> None:
    with pytest.raises(BindingError) as raised:
        bind(
            columns(year=INT, carrier=TEXT),
            inputs(("features", "float32", ("batch", 13)), ("y", "int64", ("n",))),
        )
    assert raised.value.message.split("\n\n")[1].split("\n") == [
        "model input   type      shape         frame column   type",
        "features      float32   [batch, 13]   year           int64",
        "y             int64     [n]           carrier        string",
    ]


def test_cuts_the_table_of_a_wide_frame() -> None:
    with pytest.raises(BindingError, match="… and 976 more") as raised:
        bind(pa.schema([(f"c{i}", FLOAT) for i in range(1000)]), matrix(999))
    assert len(raised.value.message) < 2500


#: Dimensions of a column, axes of an input, and the shape of a row; None where it does not fit.
FITS: list[tuple[tuple[int | None, ...], tuple[Axis, ...], tuple[int | None, ...] | None]] = [
    ((), (), ()),
    ((), (1,), (1,)),
    ((), (1, 1), (1, 1)),
    ((), (2,), None),
    ((), ("k",), None),
    ((4,), (4,), (4,)),
    ((4,), ("k",), (4,)),
    ((4,), (5,), None),
    ((None,), (4,), (4,)),
    ((None,), ("k",), (None,)),
    ((1,), (), ()),
    ((12,), (3, 4), (3, 4)),
    ((12,), (3, "k"), (3, 4)),
    ((12,), (5, "k"), None),
    ((12,), ("j", "k"), None),
    ((None,), (3, 4), (3, 4)),
    ((None,), (3, "k"), (3, None)),
    ((3, 4), (12,), (12,)),
    ((3, 4), ("k",), (12,)),
    ((3, 4), (3, 4), (3, 4)),
    ((4, 3), (3, 4), None),
    ((28, 28), (1, 28, 28), (1, 28, 28)),
    ((1, 28, 28), (28, 28), (28, 28)),
    ((2, 14, 28), (28, 28), None),
    ((None, 4), (3, 4), (3, 4)),
    ((None, None), ("j", "k"), (None, None)),
    ((None, 4), (12,), None),
]


@pytest.mark.parametrize(("dims", "axes", "shape"), FITS)
def test_fits_rows_to_axes(
    dims: tuple[int | None, ...], axes: tuple[Axis, ...], shape: tuple[int | None, ...] | None
) -> None:
    found = fit(dims, axes)
    assert (None if found is None else found.shape) == shape


def test_lets_the_first_row_decide_the_length_of_a_free_axis() -> None:
    table = pa.table({"input_ids": [[1, 2, 3], [4, 5, 6]], "attention_mask": [[1, 1, 1], [1, 1, 0]]})
    source = open_source(table)
    binding = bind(source.schema, TOKENS)
    assert binding.is_open
    with pytest.raises(BindingError, match="not known yet"):
        _ = binding.wire_schema
    assert binding.bytes_per_row == 2 * 128 * 8
    binding.settle(source)
    assert not binding.is_open
    assert binding.wire_schema == columns(input_ids=pa.list_(INT, 3), attention_mask=pa.list_(INT, 3))
    assert binding.bytes_per_row == 48
    piece = source.take(10)
    assert piece is not None
    batch = pa.ipc.read_record_batch(binding.pack(piece), binding.wire_schema)
    assert batch.to_pydict() == table.to_pydict()


SETTLED: dict[str, tuple[pa.Array, tuple[Axis, ...], tuple[int, ...]]] = {
    "two free axes of lists in lists": (pa.array([[[1, 2], [3, 4], [5, 6]]]), ("j", "k"), (3, 2)),
    "one free axis of a flat list": (pa.array([[1, 2, 3, 4, 5, 6]]), (2, "k"), (2, 3)),
    "the first row that is there": (pa.array([None, None, [1, 2]]), ("k",), (2,)),
    "no rows": (pa.array([], pa.list_(INT)), ("k",), (1,)),
}


@pytest.mark.parametrize("name", SETTLED)
def test_settles(name: str) -> None:
    column, axes, shape = SETTLED[name]
    source = open_source(pa.table({"v": column}))
    binding = bind(source.schema, inputs(("X", "float32", ("n", *axes))))
    binding.settle(source)
    assert binding.inputs[0].row_shape == shape


def test_refuses_a_first_row_that_does_not_fit() -> None:
    source = open_source(pa.table({"v": [[1, 2, 3, 4, 5]]}))
    binding = bind(source.schema, inputs(("X", "float32", ("n", 2, "k"))))
    with pytest.raises(BindingError, match=r"first row of column 'v' has shape \[5\]"):
        binding.settle(source)


def test_refuses_to_settle_on_lists_that_are_all_missing() -> None:
    source = open_source(pa.table({"v": pa.array([None, None], pa.list_(INT))}))
    binding = bind(source.schema, matrix("k"))
    with pytest.raises(BindingError, match="no list in its first"):
        binding.settle(source)


THRESHOLD = Signature(
    (
        TensorSpec("X", "float32", ("n", 3)),
        TensorSpec("threshold", "float32", ()),
        TensorSpec("mode", "string", ()),
    ),
    (),
)


def test_takes_inputs_without_axes_from_params() -> None:
    binding = bind(ABC, THRESHOLD, params={"threshold": 0.5, "mode": "fast", "script_option": [1, 2]})
    assert binding.wire_schema.names == ["X"]
    assert binding.params == ("threshold", "mode")


@pytest.mark.parametrize(
    ("params", "error", "words"),
    [
        ({"threshold": 1}, BindingError, "Input 'mode' takes one value for all rows"),
        ({"threshold": "x", "mode": "fast"}, BadOptionError, "not a value of type float32"),
        ({"threshold": 1e300, "mode": "fast"}, BadOptionError, "not a value of type float32"),
        ({"threshold": True, "mode": "fast"}, BadOptionError, "not a value of type float32"),
        ({"threshold": 1, "mode": 3}, BadOptionError, "not a value of type string"),
        ({"threshold": 1, "mode": "", "X": 3}, BadOptionError, "takes one value a row"),
    ],
)
def test_refuses_params(params: dict[str, object], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        bind(ABC, THRESHOLD, params=params)


@pytest.mark.parametrize(
    ("fill", "signature", "words"),
    [
        ("x", matrix(3), "not a value of type float32"),
        (1e300, matrix(3), "not a value of type float32"),
        ({"a": 0, "zz": 1}, matrix(3), "go to no input: zz"),
        ({"a": None}, matrix(3), "not a value of type float32"),
    ],
)
def test_refuses_a_fill_before_any_row_is_read(fill: object, signature: Signature, words: str) -> None:
    with pytest.raises(BadOptionError, match=words):
        bind(ABC, signature, fill=fill)


@pytest.mark.parametrize(
    ("fill", "dtype", "fits"),
    [
        (0, "int8", True),
        (200, "int8", False),
        (1.0, "int8", False),
        (np.int64(3), "int8", True),
        (True, "int8", False),
        (True, "bool", True),
        (0, "bool", False),
        (float("nan"), "float16", True),
        (70000, "float16", False),
        (np.float32(1.5), "float64", True),
        ("", "string", True),
    ],
)
def test_checks_a_fill_against_the_inputs_type(fill: object, dtype: str, fits: bool) -> None:
    kind = {"bool": pa.bool_(), "string": TEXT, "int8": INT}.get(dtype, DOUBLE)
    signature = inputs(("X", dtype, ("n",)))
    if fits:
        assert bind(columns(a=kind), signature, fill={"a": fill}).inputs[0].columns[0].fill == pytest.approx(
            fill, nan_ok=True
        )
    else:
        with pytest.raises(BadOptionError):
            bind(columns(a=kind), signature, fill=fill)


def test_says_what_becomes_of_the_columns() -> None:
    schema = columns(id=TEXT, when=pa.timestamp("ms"), age=INT, sex=TEXT)
    signature = inputs(("age", "float32", ("n", 1)), ("when", "int64", ("n", 1)), ("sex", "string", ("n", 1)))
    binding = bind(schema, signature, fill={"sex": "unknown"})
    assert binding.describe().split("\n") == [
        "age float32 [n, 1] ← 'age' (by name)",
        "  int64 → float32, checked exact: 'age'",
        "when int64 [n, 1] ← 'when' (by name)",
        "  timestamp[ms] → int64, as ms since its epoch: 'when'",
        "sex string [n, 1] ← 'sex' (by name)",
        "  missing values filled: 'sex' with 'unknown'",
        "not sent: 'id'",
    ]


def test_says_in_which_order_columns_are_stacked() -> None:
    text = bind(ABC, THRESHOLD, params={"threshold": 0, "mode": "m"}).describe()
    assert "X float32 [n, 3] ← 'a', 'b', 'c' (stacked in order)" in text
    assert "threshold ← params" in text


def test_takes_no_look_at_the_values() -> None:
    """Values that would not do are found when their rows are packed, and not before."""
    frame = {"v": np.array([datetime.date(2026, 1, 1)] * 3, dtype="datetime64[D]")}
    source = open_source(frame)
    assert bind(source.schema, matrix(1, "int64")).describe().endswith("as days since its epoch: 'v'")


EMPTY: dict[str, object] = {
    "pandas objects": pd.DataFrame({"a": [], "b": []}, dtype=object),
    "an Arrow table of nothing": pa.table({"a": [], "b": []}),
    "a polars frame of nothing": pl.DataFrame({"a": [], "b": []}),
    "pandas floats": pd.DataFrame({"a": [1.0], "b": [2.0]})[:0],
}


@pytest.mark.parametrize("name", EMPTY)
def test_binds_a_frame_without_rows_whose_columns_have_no_type(name: str) -> None:
    source = open_source(EMPTY[name])
    binding = bind(source.schema, matrix(2))
    binding.settle(source)
    assert binding.wire_schema == columns(X=pa.list_(FLOAT, 2))
    if "floats" not in name:
        binding = bind(source.schema, inputs(("a", "string", ("n",)), ("b", "int64", ("n", "k"))))
        assert binding.wire_schema == columns(a=TEXT, b=pa.list_(INT, 1))
