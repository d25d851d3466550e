"""What went wrong, calmly: in comes an `MdmError`, out go its message and its remedy in a box, or as text."""

from __future__ import annotations

from html import escape

from ...client.snapshot import RunSnapshot
from ...errors import MdmError
from . import facts, words

#: Characters of a message that are shown; one may hold a whole table of columns.
LONGEST_MESSAGE = 4000


def error_html(error: MdmError) -> str:
    """A message of many lines keeps its columns."""
    first, _, rest = words.shorten(error.message, LONGEST_MESSAGE).strip().partition("\n")
    more = f"<pre>{escape(rest)}</pre>" if rest else ""
    remedy = f'<div class="dim">{escape(error.remedy)}</div>' if error.remedy else ""
    return f'<div class="say"><div><b>{escape(first)}</b></div>{more}{remedy}</div>'


def failed_html(run: RunSnapshot) -> str:
    """The failure of a run: which rows, why, and what is kept; that it was cancelled says its header."""
    if run.error is None or run.state == "cancelled":
        return ""
    ranges = facts.failed_ranges(run)
    if not ranges:
        return error_html(run.error)
    why = escape(words.shorten(reason(run), LONGEST_MESSAGE))
    return (
        f'<div class="say"><div><b>{failed_title(run)}</b> {ranges}</div>'
        f'<div class="dim">{why} {kept(run, "<code>{}</code>")}</div></div>'
    )


def failed_text(run: RunSnapshot) -> list[str]:
    """The same as lines of text."""
    if run.error is None or run.state == "cancelled":
        return []
    ranges = facts.failed_ranges(run)
    if not ranges:
        return error_lines(run.error)
    return [f"{failed_title(run)} {ranges}", f"{reason(run)} {kept(run, '{}')}".strip()]


def error_lines(error: MdmError) -> list[str]:
    """Message and remedy, the message's own lines kept."""
    lines = words.shorten(error.message, LONGEST_MESSAGE).strip().splitlines()
    return [*lines, *([error.remedy] if error.remedy else [])]


def failed_title(run: RunSnapshot) -> str:
    """``3 rows end the worker that runs them:``."""
    rows = words.plural(run.rows_failed, "row")
    one = run.rows_failed == 1
    if run.error is not None and run.error.code == "poison_chunk":
        return f"{rows} end{'s' if one else ''} the worker that runs {'it' if one else 'them'}:"
    return f"{rows} failed:"


def reason(run: RunSnapshot) -> str:
    """The first chunk's error says more than the run's, which only sums them up."""
    of_chunk = next((chunk.error for chunk in run.chunks if chunk.error is not None), None)
    error = of_chunk or run.error
    return "" if error is None else f"{error.message} {error.remedy}".strip()


def kept(run: RunSnapshot, name: str) -> str:
    """What became of the other rows; ``name`` is the form of the result's name."""
    if run.label is None or run.rows_done == 0:
        return ""
    these = "this one" if run.rows_failed == 1 else "these"
    return f"The other rows are kept in {name.format(escape(run.label))}, with nulls for {these}."
