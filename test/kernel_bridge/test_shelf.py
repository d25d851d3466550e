"""Merged batches between the run and its readers."""

from __future__ import annotations

import pyarrow as pa

from jupyterlab_mdm.client.shelf import Shelf


def batch(*values):
    return pa.record_batch({"y": pa.array(values, pa.int64())})


def test_what_is_kept_can_be_read_from_the_first_row_as_often_as_one_likes():
    shelf = Shelf(keeps=True)
    shelf.put(batch(1))
    shelf.put(batch(2))
    assert [shelf.read(0), shelf.read(1), shelf.read(0)] == [batch(1), batch(2), batch(1)]
    assert shelf.read(2) is None
    assert (shelf.handed_out, len(shelf)) == (0, 2)


def test_what_is_not_kept_is_handed_out_once_whatever_the_position():
    shelf = Shelf(keeps=False)
    shelf.put(batch(1))
    shelf.put(batch(2))
    assert [shelf.read(0), shelf.read(7), shelf.read(0)] == [batch(1), batch(2), None]
    assert (shelf.handed_out, len(shelf)) == (2, 0)


def test_the_first_ten_rows_are_shown_also_after_they_were_handed_out():
    shelf = Shelf(keeps=False)
    assert shelf.head is None
    shelf.put(batch())
    assert shelf.head is None
    shelf.put(batch(*range(7)))
    shelf.put(batch(*range(7, 14)))
    shelf.read(0)
    shelf.read(0)
    assert shelf.head["y"].to_pylist() == list(range(10))


def test_rows_of_differing_shape_are_shown_together():
    shelf = Shelf(keeps=True)
    for length in (2, 3):
        values = pa.array([[0.0] * length], pa.list_(pa.float64(), length))
        shelf.put(pa.record_batch({"y": values}))
    assert shelf.head["y"].to_pylist() == [[0.0, 0.0], [0.0, 0.0, 0.0]]
