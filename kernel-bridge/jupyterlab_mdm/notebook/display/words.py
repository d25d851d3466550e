"""Numbers as people read them: in come rows, seconds and milliseconds, out go a few words."""

from __future__ import annotations

from collections.abc import Iterable

#: What stands between two facts of a line.
DOT = " · "
_TO = "\N{EN DASH}"


def count(n: int) -> str:
    """``336,776``."""
    return f"{n:,}"


def span(first: int, last: int) -> str:
    """``172,032–184,319``, or the one number."""
    return count(first) if first == last else f"{count(first)}{_TO}{count(last)}"


def plural(n: int, noun: str) -> str:
    """``1 worker``, ``2 workers``."""
    return f"{count(n)} {noun}" if n == 1 else f"{count(n)} {noun}s"


def rate(rows_per_second: float) -> str:
    """Three digits say all that a measured speed knows: ``361,000 rows/s``, ``4.2 rows/s``."""
    return f"{_three_digits(rows_per_second)} rows/s"


def seconds(s: float) -> str:
    """``84 ms``, ``0.93 s``, ``12.4 s``, ``3 min 5 s``, ``2 h 4 min``."""
    if s < 0.1:
        return milliseconds(s * 1000)
    if s < 10:
        return f"{s:.2f} s"
    if s < 59.95:
        return f"{s:.1f} s"
    whole = round(s)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def milliseconds(ms: float) -> str:
    """``0.40 ms``, ``1.8 ms``, ``84 ms``; from a second on as `seconds`."""
    if ms >= 1000:
        return seconds(ms / 1000)
    if ms >= 9.95 or ms == 0:
        return f"{ms:.0f} ms"
    if ms >= 0.995:
        return f"{ms:.1f} ms"
    return f"{ms:.2f} ms" if ms >= 0.005 else "<0.01 ms"


def percent(part: float, whole: float) -> str:
    """``63 %``; nothing of nothing is ``0 %``."""
    return f"{100 * part / whole:.0f} %" if whole else "0 %"


def shorten(text: str, limit: int) -> str:
    """At most ``limit`` characters, the last an ellipsis where some were left out."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def end_of_path(path: str, limit: int) -> str:
    """A path that is too long keeps its end: ``…/models/flights.onnx``."""
    return path if len(path) <= limit else "…" + path[1 - limit :]


def joined(facts: Iterable[str | None]) -> str:
    """The facts that there are, in one line."""
    return DOT.join(fact for fact in facts if fact)


def _three_digits(value: float) -> str:
    if value >= 100:
        digits = len(str(int(value))) - 3
        return f"{round(value, -digits):,.0f}"
    return f"{value:.3g}"
