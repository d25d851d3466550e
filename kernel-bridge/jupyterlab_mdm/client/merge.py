"""Back into row order. In: the ends of chunks, done or failed, as workers give them; out: the same in the
order of the rows. Pure: what is early waits here, what comes twice is dropped.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pyarrow as pa

from ..errors import MdmError


@dataclass(frozen=True)
class Part:
    """The end of one chunk."""

    index: int
    row_offset: int
    rows: int
    #: The result's columns; None where the chunk failed.
    batch: pa.RecordBatch | None
    error: MdmError | None = None


class Merge:
    """Parts by chunk index, from 0 without a gap."""

    def __init__(self) -> None:
        self._next = 0
        self._early: dict[int, Part] = {}

    @property
    def merged(self) -> int:
        """Chunks that are in order so far."""
        return self._next

    def is_known(self, index: int) -> bool:
        """Whether that chunk has ended already: the first valid end counts."""
        return index < self._next or index in self._early

    def add(self, part: Part) -> list[Part]:
        """The parts that are in order now and were not before; none while an earlier one is missing."""
        if self.is_known(part.index):
            return []
        self._early[part.index] = part
        ready = []
        while (found := self._early.pop(self._next, None)) is not None:
            ready.append(found)
            self._next += 1
        return ready


def failed_rows(parts: Iterable[Part]) -> list[list[int]]:
    """Ranges `[first, last + 1]` of the rows that have no result, neighbours joined."""
    ranges: list[list[int]] = []
    for part in sorted(parts, key=lambda part: part.row_offset):
        end = part.row_offset + part.rows
        if ranges and ranges[-1][1] == part.row_offset:
            ranges[-1][1] = end
        else:
            ranges.append([part.row_offset, end])
    return ranges


#: Added to the remedy of a run some of whose rows failed.
PARTIAL_HINT = "run.partial() has the other rows, with nulls for these."


def failure(failed: Sequence[Part], rows: int | None) -> MdmError:
    """The error of a run some of whose chunks failed: of the kind of the first, and saying how many rows."""
    first = min(failed, key=lambda part: part.index).error or MdmError("A chunk failed.")
    count = sum(part.rows for part in failed)
    of_all = "" if rows is None else f" of {rows:,}"
    return type(first)(
        f"{count:,}{of_all} rows failed. {first.message}",
        remedy=f"{first.remedy} {PARTIAL_HINT}".strip(),
        details={**first.details, "rows": failed_rows(failed), "rows_failed": count},
    )
