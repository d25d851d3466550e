"""Sizes of chunks, by table."""

from __future__ import annotations

import pytest

from jupyterlab_mdm.client.chunking import MAX_BYTES, PROBE_ROWS, Limits, Pace, next_rows

SMALL = 8


def limits(**changes):
    return Limits(**{"num_worker": 2, "priority_rows": 16, "bytes_per_row": SMALL, **changes})


def known(ms_per_row, largest=1 << 30):
    """A pace of so many ms a row, from chunks so large that growth is no matter."""
    return Pace(ms=ms_per_row * 1000, rows=1000, largest=largest)


CASES = {
    "a small probe goes first where nothing is known": (Pace(), limits(), None, 0, PROBE_ROWS),
    "what the broker remembers is believed": (Pace(hint=0.01), limits(), None, 0, 6000),
    "a model that is known to take no time fills the bytes": (
        Pace(hint=0),
        limits(),
        None,
        0,
        MAX_BYTES // SMALL,
    ),
    "a chunk is worth 60 ms": (known(0.01), limits(), None, 0, 6000),
    "a row that takes longer than that is a chunk": (known(70), limits(), None, 0, 1),
    "a chunk grows sixteenfold at most": (known(0.001, largest=16), limits(), None, 0, 256),
    "a chunk holds a mebibyte at most": (known(0.0001), limits(bytes_per_row=4096), None, 0, 256),
    "a row larger than a mebibyte is a chunk": (known(0.001), limits(bytes_per_row=1 << 22), None, 0, 1),
    "the cluster's limit holds": (known(0.001), limits(max_rows=1024), None, 0, 1024),
    "the cluster's limit holds for a small run too": (Pace(), limits(max_rows=4), 16, 0, 4),
    "the user's batch holds against every other limit": (
        known(50),
        limits(batch=70, max_rows=4),
        1000,
        0,
        70,
    ),
    "a small run is one chunk, whatever a row takes": (known(50), limits(), 16, 0, 16),
    "a run of one row is one chunk": (Pace(), limits(), 1, 0, 1),
    "near the end a chunk is a quarter of the rest for two workers": (known(0.01), limits(), 4000, 0, 1000),
    "shares are of what is left": (known(0.01), limits(), 4000, 2000, 500),
    "a share is not cut below 2 ms of work": (known(0.01), limits(), 4000, 3600, 200),
    "a share is not cut below a probe where nothing is known": (Pace(), limits(), 17, 0, PROBE_ROWS),
    "far from the end shares do not matter": (known(0.01), limits(), 1_000_000, 0, 6000),
    "a model of fixed batch gets whole batches": (known(0.01), limits(model_batch=384), None, 0, 5760),
    "a model of a large fixed batch gets one of them": (known(50), limits(model_batch=8), None, 0, 8),
}


@pytest.mark.parametrize(("pace", "bounds", "total", "sent", "rows"), CASES.values(), ids=CASES)
def test_next_rows(pace, bounds, total, sent, rows):
    assert next_rows(pace, bounds, total, sent) == rows


def test_pace_follows_large_chunks_rather_than_small_ones():
    pace = Pace().after(16, 1.6).after(2000, 20)
    assert pace.ms_per_row == pytest.approx(0.01, rel=0.05)
    assert pace.largest == 2000


def test_pace_forgets_old_chunks():
    slow = Pace().after(1000, 100)
    for _ in range(10):
        slow = slow.after(1000, 10)
    assert slow.ms_per_row == pytest.approx(0.01, rel=0.1)


def test_pace_ignores_a_chunk_without_rows():
    assert Pace(hint=2.0).after(0, 5.0) == Pace(hint=2.0)


@pytest.mark.parametrize("ms_per_row", [0.0001, 0.01, 1.0, 100.0])
@pytest.mark.parametrize("total", [0, 1, 17, 1000, 123_457])
def test_chunks_of_any_run_sum_up_to_it(ms_per_row, total):
    pace, sent = Pace(), 0
    while sent < total:
        rows = min(next_rows(pace, limits(), total, sent), total - sent)
        assert rows >= 1
        sent += rows
        pace = pace.after(rows, rows * ms_per_row)
    assert sent == total
