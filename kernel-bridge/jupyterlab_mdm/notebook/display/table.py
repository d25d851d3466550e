"""The first rows as an HTML table: in come the columns of `cells`, out goes markup."""

from __future__ import annotations

from html import escape

from ...client.snapshot import FINAL_STATES, RunSnapshot
from . import words
from .cells import Column, Head, head


def head_html(run: RunSnapshot) -> str:
    """A line that says which rows these are, and the rows; empty before the first."""
    if run.head is None or run.head.num_rows == 0:
        return ""
    shown = head(run.head)
    so_far = "" if run.state in FINAL_STATES else " so far"
    noun = "rows" if shown.rows > 1 else "row"
    rows = f"{noun} {words.span(0, shown.rows - 1)} of {words.count(run.rows_done)}{so_far}"
    more = f"{words.plural(shown.columns_left_out, 'column')} not shown" if shown.columns_left_out else None
    return f'<div class="cap">{words.joined([rows, more])}</div>{_table(shown)}'


def _table(shown: Head) -> str:
    """The last column is empty and takes the room that is left, so that a narrow table stays together."""
    names = "".join(_name(column) for column in shown.columns)
    rows = "".join(_row(index, shown.columns) for index in range(shown.rows))
    return (
        '<div class="grid"><table><thead><tr><th></th>'
        f"{names}<th></th></tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _name(column: Column) -> str:
    side = "" if column.numeric else ' class="s"'
    return f"<th{side}>{escape(column.name)} <small>{escape(column.dtype)}</small></th>"


def _row(index: int, columns: tuple[Column, ...]) -> str:
    cells = "".join(_cell(column, index) for column in columns)
    return f'<tr><td class="k">{index}</td>{cells}<td></td></tr>'


def _cell(column: Column, row: int) -> str:
    text = column.cells[row]
    if text is None:
        return f'<td class="{"n" if column.numeric else "s n"}">null</td>'
    side = "" if column.numeric else ' class="s"'
    return f"<td{side}>{escape(text)}</td>"
