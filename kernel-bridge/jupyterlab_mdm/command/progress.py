"""How far `mdm predict` is. In: numbers of rows as they are written; out: one line of a terminal, drawn over
and over, and at the end the line that stays.
"""

from __future__ import annotations

import time
from types import TracebackType
from typing import Self, TextIO

from ..client.snapshot import RunSnapshot

#: A terminal that is drawn more often costs more than it tells.
_DRAW_S = 0.1
_BAR = 24
_CLEAR = "\r\x1b[K"


class Progress:
    """A bar on a terminal; a context manager that leaves the line empty."""

    def __init__(self, total: int | None, terminal: TextIO, *, shown: bool) -> None:
        self._total = total
        self._terminal = terminal
        self._shown = shown
        self._rows = 0
        self._started = self._drawn = time.monotonic()

    def add(self, rows: int) -> None:
        """So many rows more."""
        self._rows += rows
        now = time.monotonic()
        if self._shown and now - self._drawn >= _DRAW_S:
            self._drawn = now
            self._terminal.write(_CLEAR + progress_line(self._rows, self._total, now - self._started))
            self._terminal.flush()

    def __enter__(self) -> Self:
        """Nothing is drawn before the first rows."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Takes the bar away."""
        if self._shown:
            self._terminal.write(_CLEAR)
            self._terminal.flush()


def progress_line(rows: int, total: int | None, seconds: float) -> str:
    """A bar with what can be told, for rows that took `seconds`."""
    speed = rows / seconds if seconds else 0.0
    if not total:
        return f"{rows:,} rows, {speed:,.0f} rows/s"
    filled = round(_BAR * rows / total)
    left = f", {(total - rows) / speed:.0f} s left" if speed else ""
    return f"[{'#' * filled}{'.' * (_BAR - filled)}] {rows:,} of {total:,} rows, {speed:,.0f} rows/s{left}"


def summary(run: RunSnapshot) -> str:
    """What a run that is done was like."""
    parts = [f"{run.rows_done:,} rows in {run.elapsed_s:.2f} s"]
    if run.rows_per_second is not None:
        parts.append(f"{run.rows_per_second:,.0f} rows/s")
    if run.first_rows_ms is not None:
        parts.append(f"first rows after {run.first_rows_ms:.0f} ms")
    parts.append(f"{run.num_worker} worker{'' if run.num_worker == 1 else 's'}")
    return ", ".join(parts)
