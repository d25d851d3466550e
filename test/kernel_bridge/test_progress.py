"""What a terminal shows of `mdm predict`."""

from __future__ import annotations

import io

import pytest

from jupyterlab_mdm.client.snapshot import RunSnapshot
from jupyterlab_mdm.command import progress


@pytest.mark.parametrize(
    ("rows", "total", "seconds", "line"),
    [
        (500, 1000, 2.0, "[############............] 500 of 1,000 rows, 250 rows/s, 2 s left"),
        (1000, 1000, 0.5, "[########################] 1,000 of 1,000 rows, 2,000 rows/s, 0 s left"),
        (1234, None, 2.0, "1,234 rows, 617 rows/s"),
        (0, 10, 0.0, "[........................] 0 of 10 rows, 0 rows/s"),
        (0, 0, 1.0, "0 rows, 0 rows/s"),
    ],
)
def test_the_line_says_what_can_be_told(rows, total, seconds, line):
    assert progress.progress_line(rows, total, seconds) == line


def test_the_bar_is_drawn_and_taken_away_on_a_terminal_only(monkeypatch):
    monkeypatch.setattr(progress, "_DRAW_S", 0.0)
    for shown in (True, False):
        terminal = io.StringIO()
        with progress.Progress(10, terminal, shown=shown) as bar:
            bar.add(5)
        assert ("5 of 10" in terminal.getvalue()) == shown
        assert terminal.getvalue().endswith("\r\x1b[K") == shown


def snapshot(**changes):
    facts = {"rows_done": 1000, "elapsed_s": 0.5, "first_rows_ms": 84.2, "num_worker": 2, **changes}
    return RunSnapshot(
        id="r", model="m", label=None, state="done", rows=1000, rows_failed=0, retried=0, **facts
    )


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({}, "1,000 rows in 0.50 s, 2,000 rows/s, first rows after 84 ms, 2 workers"),
        ({"num_worker": 1}, "1,000 rows in 0.50 s, 2,000 rows/s, first rows after 84 ms, 1 worker"),
        ({"rows_done": 0, "first_rows_ms": None}, "0 rows in 0.50 s, 2 workers"),
    ],
)
def test_the_line_that_stays_sums_up(changes, line):
    assert progress.summary(snapshot(**changes)) == line
