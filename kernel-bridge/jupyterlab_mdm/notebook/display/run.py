"""A run as an output of a cell: in comes a `RunSnapshot`, out goes the bundle for Jupyter's display."""

from __future__ import annotations

from dataclasses import replace

from ...client.snapshot import RunSnapshot
from ...errors import MdmError
from .details import details_html
from .facts import is_final
from .failure import error_html, error_lines, failed_html
from .header import bar_html, dot_html, line_html, names_html
from .plain import run_text
from .style import page
from .table import head_html
from .timeline import Detail, timeline_html

Bundle = dict[str, str]

#: Bytes of one update: each is copied on its way to the browser and kept in the notebook's shared document.
MOST_BYTES = 20_000
#: How much of the timeline is drawn, tried from the most until an output is small enough.
DETAILS = (Detail(240, 120), Detail(240, 70), Detail(240, 40), Detail(160, 20), Detail(80, 0), Detail(16, 0))


def run_bundle(run: RunSnapshot) -> Bundle:
    """``text/html`` and ``text/plain``, in all at most `MOST_BYTES` however many chunks there are."""
    text = run_text(run)
    room = MOST_BYTES - len(text.encode())
    html = ""
    for detail in DETAILS:
        html = _run_html(run, detail)
        if len(html.encode()) <= room:
            break
    return {"text/html": html, "text/plain": text}


def _run_html(run: RunSnapshot, detail: Detail) -> str:
    """While it runs: header, bar, timeline, rows. Once ended: timeline and sums fold under the header."""
    body = _ended(run, detail) if is_final(run) else _going_on(run, detail)
    return page(body + head_html(run))


def error_bundle(error: MdmError, model: str | None = None, label: str | None = None) -> Bundle:
    """What stopped a command before there was a run, or instead of one."""
    title = names_html(model, label) if model else "<b>mdm</b>"
    line = f'{dot_html("bad", "failed")}<span>{title}</span><span class="num dim">{error.code}</span>'
    html = page(f'<div class="mdm-head">{line}</div>{error_html(error)}')
    return {"text/html": html, "text/plain": "\n".join(error_lines(error))}


def _going_on(run: RunSnapshot, detail: Detail) -> str:
    """Without tooltips: an update every quarter second takes each away before it can be read."""
    timeline = timeline_html(run, replace(detail, tips=0))
    return f'<div class="mdm-head">{line_html(run)}</div>{bar_html(run)}{timeline}'


def _ended(run: RunSnapshot, detail: Detail) -> str:
    folded = timeline_html(run, detail) + details_html(run)
    if not folded:
        return f'<div class="mdm-head">{line_html(run)}</div>{failed_html(run)}'
    header = f'<summary class="mdm-head">{line_html(run)}</summary>'
    return f"<details>{header}{folded}</details>{failed_html(run)}"
