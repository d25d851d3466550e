"""What a user sees when columns do not bind: both sides as a table, and what would bind. Pure text."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from itertools import zip_longest

from ..errors import BindingError
from ..wire.signature import Axis, TensorSpec

#: Rows of the table; a wide frame is cut there.
MOST_ROWS = 24
GAP = "   "


def binding_error(
    reason: str, remedy: str, inputs: Sequence[TensorSpec], columns: Sequence[tuple[str, str]]
) -> BindingError:
    """The error for columns, each with its name and type, that do not bind to these inputs."""
    table = side_by_side(inputs, columns)
    return BindingError(
        f"The columns do not bind to the model's inputs.\n\n{table}\n\n{reason}",
        remedy=remedy,
        details={
            "reason": reason,
            "inputs": [{"name": s.name, "dtype": s.dtype, "shape": list(s.shape)} for s in inputs],
            "columns": [{"name": name, "type": kind} for name, kind in columns],
        },
    )


def side_by_side(inputs: Sequence[TensorSpec], columns: Sequence[tuple[str, str]]) -> str:
    """Inputs on the left, columns on the right, aligned."""
    left = _aligned(
        [("model input", "type", "shape"), *((s.name, s.dtype, shape_text(s.shape)) for s in inputs)]
    )
    right = _aligned([("frame column", "type"), *columns])
    width = max(map(len, left))
    lines = [f"{a:<{width}}{GAP}{b}".rstrip() for a, b in zip_longest(left, right, fillvalue="")]
    return "\n".join(lines)


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    shown = rows[: MOST_ROWS + 1]
    widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
    lines = [GAP.join(f"{cell:<{w}}" for cell, w in zip(row, widths, strict=True)).rstrip() for row in shown]
    hidden = len(rows) - len(shown)
    return [*lines, f"… and {hidden} more"] if hidden else lines


def shape_text(shape: Sequence[Axis]) -> str:
    """As in ``[batch, 13]``; a question mark where an axis is free and has no name."""
    return "[" + ", ".join("?" if axis is None else str(axis) for axis in shape) + "]"


def listed(names: Sequence[str], most: int = 8) -> str:
    """Names in a sentence, the first few of many."""
    shown = ", ".join(repr(name) for name in names[:most])
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown


def near_names(wanted: Sequence[str], given: Sequence[str]) -> list[tuple[str, str]]:
    """Of each wanted name, the given one that looks most like it, where one does."""
    folded = {name.casefold(): name for name in given}
    pairs = []
    for name in wanted:
        near = get_close_matches(name.casefold(), folded, n=1, cutoff=0.6)
        if near:
            pairs.append((name, folded[near[0]]))
    return pairs
