"""The run that this kernel's magics made last: in from the magic, out to whoever asks for its timings."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .run import Run

#: At most one; with it lives its result, until the next run.
_last: list[Run] = []


def remember(run: Run) -> None:
    """From now on it is the last one."""
    _last[:] = [run]


def last_run() -> Run | None:
    """The last run of ``%mdm predict`` in this kernel, also where it failed; None before the first."""
    return _last[0] if _last else None
