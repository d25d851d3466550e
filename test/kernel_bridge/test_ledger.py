"""The numbers of one run, without a socket or a clock."""

from __future__ import annotations

import pyarrow as pa
import pytest

from jupyterlab_mdm.client.chunk_table import SCHEMA, chunk_table
from jupyterlab_mdm.client.ledger import Ledger
from jupyterlab_mdm.errors import PoisonChunkError
from jupyterlab_mdm.wire.messages import At, ChunkDone, ChunkFailed, Submitted, Welcome
from jupyterlab_mdm.wire.signature import Signature
from jupyterlab_mdm.wire.timings import STAGES

WELCOME = Welcome(1, "0.1.0", "default", "i", 3, 16, None)


def opened(rows=100, batch=10, credit=4, ms_per_row=None):
    ledger = Ledger(rows, batch, WELCOME)
    ledger.submitted(Submitted("r", "m", Signature((), ()), credit, 2, ms_per_row))
    ledger.bound(8, None)
    return ledger


def batch(rows=10):
    return pa.record_batch({"y": list(range(rows))})


def done(index, rows=10, timings=None, at=None):
    return ChunkDone("r", index, 1, index * 10, rows, 1, "cpu", timings or {}, at or At(0, 0, 0))


def failed(index):
    return ChunkFailed("r", index, 3, index * 10, 10, 1, "cpu 1", At(1.0, 2.0, 5.0), PoisonChunkError("no"))


def test_credit_is_taken_by_what_is_sent_and_given_back_by_what_ends():
    ledger = opened(credit=2)
    ledger.sent(10, 0.1, now=0)
    ledger.sent(10, 0.1, now=0)
    assert ledger.credit == 0
    ledger.done(done(0), batch(), now=1)
    ledger.chunk_failed(failed(1), now=1)
    assert ledger.credit == 2


def test_a_chunk_that_ends_twice_gives_its_credit_back_once():
    ledger = opened(credit=1)
    ledger.sent(10, 0.1, now=0)
    assert len(ledger.done(done(0), batch(), now=1)) == 1
    assert ledger.done(done(0), batch(), now=2) == []
    assert ledger.chunk_failed(failed(0), now=2) == []
    assert (ledger.credit, ledger.rows_done, ledger.rows_failed) == (1, 10, 0)


def test_a_chunk_that_was_never_sent_is_ignored():
    ledger = opened()
    assert ledger.done(done(5), batch(), now=1) == []
    assert ledger.credit == 4


def test_rows_count_as_done_once_all_before_them_are_there():
    ledger = opened()
    for _ in range(3):
        ledger.sent(10, 0.1, now=0)
    ledger.done(done(1), batch(), now=1)
    assert (ledger.rows_done, len(ledger.records)) == (0, 1)
    ledger.chunk_failed(failed(0), now=2)
    assert (ledger.rows_done, ledger.rows_failed) == (10, 10)
    assert not ledger.is_complete
    ledger.done(done(2), batch(), now=2)
    assert ledger.is_complete


def test_the_stages_of_the_client_are_spans_of_its_own_clock():
    ledger = opened()
    ledger.sent(10, 0.75, now=1.000)
    ledger.sent(10, 0.5, now=1.000)
    ledger.done(done(1, timings={"infer": 3.0, "back": 0.5}, at=At(10, 11, 15)), batch(), now=1.010)
    assert "merge" not in ledger.records[0].timings
    ledger.done(done(0, at=At(10, 11, 15)), batch(), now=1.012)
    late, early = ledger.records[1].timings, ledger.records[0].timings
    assert early == pytest.approx(
        {"serialise": 0.5, "to_broker": 4.5, "infer": 3.0, "back": 0.5, "merge": 2.0}
    )
    assert late == pytest.approx({"serialise": 0.75, "to_broker": 7.0, "merge": 0.0})


def test_a_broker_that_says_it_took_longer_than_the_client_waited_gives_no_negative_time():
    ledger = opened()
    ledger.sent(10, 0.1, now=0)
    ledger.done(done(0, at=At(0, 0, 50)), batch(), now=0.01)
    assert ledger.records[0].timings["to_broker"] == 0


def test_chunks_grow_with_what_came_back():
    ledger = opened(rows=1_000_000, batch=None)
    sizes = []
    for index in range(4):
        rows = ledger.next_rows()
        sizes.append(rows)
        ledger.sent(rows, 0.1, now=0)
        ledger.done(done(index, rows, {"infer": rows / 1024}), batch(rows), now=1)
    assert sizes == [16, 256, 4096, 61_440]


def test_timings_are_a_table_with_a_row_a_chunk_in_their_order():
    ledger = opened()
    for _ in range(3):
        ledger.sent(10, 0.1, now=0)
    ledger.done(done(2, timings={"infer": 3}, at=At(1, 2, 3)), batch(), now=1)
    ledger.chunk_failed(failed(1), now=1)
    ledger.done(done(0), batch(), now=1)
    table = chunk_table(ledger.records)
    assert table.column_names[-len(STAGES) :] == list(STAGES)
    assert table["chunk_index"].to_pylist() == [0, 1, 2]
    assert table["worker"].to_pylist() == [1, 1, 1]
    assert table["device"].to_pylist() == ["cpu", "cpu 1", "cpu"]
    assert table["attempt"].to_pylist() == [1, 3, 1]
    assert table["infer"].to_pylist() == [None, None, 3.0]
    assert table["placed"].to_pylist() == [0.0, 2.0, 2.0]


def test_a_run_without_chunks_has_an_empty_table_of_the_same_columns():
    assert chunk_table([]).schema == SCHEMA
