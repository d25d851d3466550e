"""Input columns beside predictions."""

from __future__ import annotations

import pyarrow as pa
import pytest

from jupyterlab_mdm.client.kept import Kept, joined_schema
from jupyterlab_mdm.errors import BadOptionError


def cut(name, *sizes):
    start, batches = 0, []
    for size in sizes:
        batches.append(pa.record_batch({name: pa.array(range(start, start + size), pa.int64())}))
        start += size
    return batches


@pytest.mark.parametrize(
    ("sent", "predicted"),
    [((10,), (10,)), ((10,), (3, 3, 4)), ((3, 3, 4), (10,)), ((4, 4, 4), (3, 6, 3)), ((1, 0, 2), (2, 1))],
)
def test_rows_stand_beside_their_predictions_however_both_are_cut(sent, predicted):
    kept = Kept()
    for batch in cut("x", *sent):
        kept.push(batch)
    joined = pa.Table.from_batches([kept.join(batch) for batch in cut("y", *predicted)])
    assert joined["x"].to_pylist() == joined["y"].to_pylist() == list(range(sum(predicted)))


def test_rows_are_let_go_of_once_they_are_joined():
    kept = Kept()
    for batch in cut("x", 5, 5):
        kept.push(batch)
    for batch in cut("y", 5, 5):
        kept.join(batch)
    assert not kept._waiting


def test_a_prediction_of_the_name_of_an_input_is_refused():
    schema = pa.schema({"x": pa.int64(), "y": pa.int64()})
    with pytest.raises(BadOptionError, match="named as predictions: y"):
        joined_schema(schema, pa.schema({"y": pa.float32()}))
