"""Which columns may become which inputs, and the checks that go with it. Pure.

In: the Arrow type of a column's values and the type of a model's input; out: a `Cast`, or a `Refusal` that
says why not. A cast that can lose something is checked on the values, when they are packed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pyarrow as pa

from ..frame.arrow_numpy import NumpyArray, numpy_type

#: What must be looked at before or after values are cast.
#: ``exact``: integers that the float may not hold; ``range``: integers that the input's type may not hold;
#: ``overflow``: finite floats that would become infinite.
Check = Literal["none", "exact", "range", "overflow"]

#: Bits of an integer that a float holds exactly.
EXACT_BITS = {"float16": 11, "float32": 24, "float64": 53}


@dataclass(frozen=True)
class Cast:
    """Values of Arrow type `source` go to a tensor of type `target`."""

    source: pa.DataType
    target: str
    check: Check = "none"
    #: What a user may want to know, e.g. which unit the numbers of a timestamp have.
    note: str = ""

    @property
    def is_float(self) -> bool:
        """Whether the input can hold NaN, so that a missing value needs no answer."""
        return self.target in EXACT_BITS

    def __str__(self) -> str:
        checks = {"exact": ", checked exact", "range": ", range checked", "overflow": ", overflow checked"}
        return f"{self.source} → {self.target}{checks.get(self.check, '')}{self.note and ', ' + self.note}"


@dataclass(frozen=True)
class Refusal:
    """Why a column does not go to an input, and what would."""

    reason: str
    remedy: str


def wire_dtype(dtype: str) -> np.dtype[Any]:
    """The NumPy type of a numeric input's values on the wire."""
    return np.dtype(np.uint8 if dtype == "bool" else dtype)


def plan_cast(source: pa.DataType, target: str) -> Cast | Refusal:
    """How values of one type become those of another, decided from the types alone.

    `source` is a type of single values: neither list nor dictionary nor tensor. A cast that is planned loses
    nothing but digits of a fraction, or is checked.
    """
    types = pa.types
    if types.is_null(source):
        return Refusal("holds no values of a type that can be sent", "Give it a type, or leave it out.")
    if _is_text(source) or target == "string":
        return _plan_text(source, target)
    if types.is_temporal(source):
        return _plan_temporal(source, target)
    if target == "bool" and not types.is_boolean(source):
        return Refusal(f"is {source}, the input takes bools", "Compare it, as in column != 0.")
    if types.is_boolean(source) or types.is_decimal(source) or types.is_primitive(source):
        return _plan_number(source, target)
    return Refusal(f"is {source}, which no input takes", "Leave it out, or extract numbers from it.")


def _plan_text(source: pa.DataType, target: str) -> Cast | Refusal:
    if not _is_text(source):
        return Refusal(f"is {source}, the input takes strings", "Turn it into strings: .astype(str).")
    if target != "string":
        return Refusal(
            f"holds strings, the input takes {target}",
            f"Encode it as the model was trained, or parse numbers first: .astype({target!r}).",
        )
    return Cast(source, target)


def _plan_temporal(source: pa.DataType, target: str) -> Cast | Refusal:
    """Only whole numbers of 64 bits hold a point in time, in the unit that the column counts in."""
    if target != "int64" or pa.types.is_interval(source):
        return Refusal(
            f"is {source}, the input takes {target}",
            "Say which number is meant: .astype('int64'), or a part of it such as .dt.hour.",
        )
    unit = "days" if pa.types.is_date32(source) else getattr(source, "unit", "ms")
    since = "" if pa.types.is_duration(source) else " since its epoch"
    return Cast(source, target, note=f"as {unit}{since}")


def _plan_decimal(source: pa.DataType, target: str) -> Cast | Refusal:
    if target in EXACT_BITS:
        return Cast(source, target, "none" if target == "float64" else "overflow")
    if source.scale > 0:
        return _no_fractions(source, target)
    return Cast(source, target, "range")


def _plan_number(source: pa.DataType, target: str) -> Cast | Refusal:
    if pa.types.is_boolean(source):
        return Cast(source, target)
    if pa.types.is_decimal(source):
        return _plan_decimal(source, target)
    origin, goal = numpy_type(source), wire_dtype(target)
    if origin.kind == "f":
        if goal.kind != "f":
            return _no_fractions(source, target)
        return Cast(source, target, "overflow" if goal.itemsize < origin.itemsize else "none")
    low, high = (int(getattr(np.iinfo(origin), end)) for end in ("min", "max"))
    if goal.kind == "f":
        return Cast(source, target, "exact" if high > 2 ** EXACT_BITS[target] else "none")
    fits = np.iinfo(goal).min <= low and high <= np.iinfo(goal).max
    return Cast(source, target, "none" if fits else "range")


def _no_fractions(source: pa.DataType, target: str) -> Refusal:
    return Refusal(
        f"is {source}, the input takes {target}",
        f"Say how fractions and gaps become integers, e.g. .fillna(0).round().astype({target!r}).",
    )


def _is_text(source: pa.DataType) -> bool:
    types = pa.types
    return bool(types.is_string(source) or types.is_large_string(source) or types.is_string_view(source))


def first_unfit(values: NumpyArray, cast: Cast) -> int | None:
    """Where the first integer lies that the input's type cannot hold, in a flat view; None where all fit."""
    if cast.check not in ("exact", "range") or values.dtype.kind not in "iuO" or values.size == 0:
        return None
    goal = wire_dtype(cast.target)
    low, high = _limits(cast)
    # Two passes that the processor does many values at a time; nearly always they are all there is to do.
    if low <= int(values.min()) and int(values.max()) <= high:
        return None
    flat = values.reshape(-1)
    if flat.dtype.kind != "O":
        # Limits outside of the column's own type cannot be compared with it.
        bounds = np.iinfo(flat.dtype)
        low, high = max(low, int(bounds.min)), min(high, int(bounds.max))
    unfit = (flat < low) | (flat > high)
    if cast.check == "exact":
        unfit &= ~_survives(flat, goal)
    found = np.flatnonzero(unfit)
    return int(found[0]) if len(found) else None


def _limits(cast: Cast) -> tuple[int, int]:
    if cast.check == "exact":
        most = 2 ** EXACT_BITS[cast.target]
        return -most, most
    bounds = np.iinfo(wire_dtype(cast.target))
    return int(bounds.min), int(bounds.max)


def _survives(values: NumpyArray, goal: np.dtype[Any]) -> NumpyArray:
    """Which integers are the same after a way through the float: large ones may be, if they end in zeros."""
    # A float just past the type's last integer would come back as that integer on some processors.
    end = float(int(np.iinfo(values.dtype).max) + 1)
    with np.errstate(all="ignore"):
        there = values.astype(goal)
        inside = np.isfinite(there) & (there.astype(np.float64) < end)
        same: NumpyArray = inside & (there.astype(values.dtype) == values)
    return same


def first_infinite(values: NumpyArray, cast: Cast) -> int | None:
    """Where the first finite float lies that the input's type makes infinite, in a flat view."""
    if cast.check != "overflow":
        return None
    with np.errstate(all="ignore"):
        lost = np.isinf(values.astype(wire_dtype(cast.target))) & np.isfinite(values)
    found = np.flatnonzero(lost)
    return int(found[0]) if len(found) else None
