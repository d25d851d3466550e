"""Chunks into row order."""

from __future__ import annotations

import itertools

import pyarrow as pa
import pytest

from jupyterlab_mdm.client.merge import Merge, Part, failed_rows, failure
from jupyterlab_mdm.errors import ModelFailedError, PoisonChunkError


def part(index, rows=10, error=None):
    batch = None if error else pa.record_batch({"y": list(range(rows))})
    return Part(index, index * 10, rows, batch, error)


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_parts_come_out_in_row_order_whatever_order_they_come_in(order):
    merge = Merge()
    out = [ready.index for index in order for ready in merge.add(part(index))]
    assert out == [0, 1, 2, 3]
    assert merge.merged == 4


def test_returns_chunks_in_order_when_the_second_finishes_first():
    merge = Merge()
    assert merge.add(part(1)) == []
    assert [ready.index for ready in merge.add(part(0))] == [0, 1]


@pytest.mark.parametrize("first", [0, 1])
def test_the_first_end_of_a_chunk_counts_and_later_ones_are_dropped(first):
    merge = Merge()
    merge.add(part(first))
    assert merge.is_known(first)
    assert merge.add(part(first, error=PoisonChunkError("late"))) == []


def test_a_failed_chunk_holds_its_place():
    merge = Merge()
    merge.add(part(1))
    ready = merge.add(part(0, error=ModelFailedError("no")))
    assert [each.batch is None for each in ready] == [True, False]


def test_failed_rows_of_neighbours_are_joined():
    error = ModelFailedError("no")
    failed = [part(3, error=error), part(0, error=error), part(4, rows=3, error=error)]
    assert failed_rows(failed) == [[0, 10], [30, 43]]


def test_the_failure_of_a_run_is_of_the_first_chunk_and_counts_rows():
    failed = [
        part(2, error=ModelFailedError("late")),
        part(1, error=PoisonChunkError("Boom.", remedy="Look.")),
    ]
    error = failure(failed, 1234)
    assert type(error) is PoisonChunkError
    assert str(error).startswith("20 of 1,234 rows failed. Boom. Look. run.partial() has the other rows")
    assert error.details["rows"] == [[10, 30]]
    assert error.details["rows_failed"] == 20
