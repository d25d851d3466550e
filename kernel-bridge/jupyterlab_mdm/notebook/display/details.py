"""The tables that unfold below the header: in come the chunks of a run, out go stages and workers in HTML."""

from __future__ import annotations

from html import escape

from ...client.snapshot import RunSnapshot
from . import words
from .stages import MEANINGS, StageSum, WorkerShare, stage_sums, worker_shares

MOST_WORKERS = 16


def details_html(run: RunSnapshot) -> str:
    """Two small tables side by side; empty where nothing has ended."""
    if not run.chunks:
        return ""
    stages = "".join(_stage_row(stage) for stage in stage_sums(run.chunks))
    shares = worker_shares(run.chunks)
    workers = "".join(_worker_row(share, shares, run.elapsed_s * 1000) for share in shares[:MOST_WORKERS])
    return (
        '<div class="more"><table><thead><tr><th class="s">stage</th><th class="s"></th><th>in all</th>'
        f"<th>a chunk</th><th>longest</th></tr></thead><tbody>{stages}</tbody></table>"
        '<table><thead><tr><th class="s">worker</th><th class="s"></th><th>chunks</th><th>rows</th>'
        f"<th>share</th><th>busy</th></tr></thead><tbody>{workers}</tbody></table></div>"
    )


def _stage_row(row: StageSum) -> str:
    spans = (words.milliseconds(ms) for ms in (row.total_ms, row.mean_ms, row.longest_ms))
    cells = "".join(f"<td>{escape(span)}</td>" for span in spans)
    name = row.stage.replace("_", " ")
    meaning = MEANINGS.get(row.stage, "")
    return f'<tr><td class="s">{name}</td><td class="s dim">{meaning}</td>{cells}</tr>'


def _worker_row(share: WorkerShare, shares: list[WorkerShare], elapsed_ms: float) -> str:
    rows = sum(other.rows for other in shares)
    cells = [
        words.count(share.chunks),
        words.count(share.rows),
        words.percent(share.rows, rows),
        words.percent(min(share.busy_ms, elapsed_ms), elapsed_ms),
    ]
    tail = "".join(f"<td>{cell}</td>" for cell in cells)
    return f'<tr><td class="s">{share.worker}</td><td class="s dim">{escape(share.device)}</td>{tail}</tr>'
