"""A run as a few lines of text: in comes a snapshot, out goes what a terminal, a log or a diff shows."""

from __future__ import annotations

from ...client.snapshot import FINAL_STATES, RunSnapshot
from . import facts, words
from .cells import Column, Head, head
from .failure import failed_text
from .stages import stage_sums, worker_shares

BAR_CELLS = 40
#: Eighths of a cell, from nothing to seven.
EIGHTHS = " ▏▎▍▌▋▊▉"
WIDEST_CELL = 36
MOST_WORKERS = 8


def run_text(run: RunSnapshot) -> str:
    """Header, bar while it runs, workers and stages, the first rows."""
    body = [_header(run), *_bar(run), *failed_text(run), *_workers(run), *_stages(run)]
    remark = facts.remarks(run)
    return "\n".join([*body, *([remark] if remark else []), *_rows(run)])


def _header(run: RunSnapshot) -> str:
    said = facts.headline(run)
    to = f" → {run.label}" if run.label else ""
    return f"{run.model}{to}   {' '.join(part for part in (said.main, said.rest) if part)}"


def _bar(run: RunSnapshot) -> list[str]:
    if run.state in FINAL_STATES:
        return []
    done, under_way = facts.progress(run)
    return [f"{bar(done, under_way)} {words.percent(done, 1)}"]


def bar(done: float, under_way: float) -> str:
    """Shares (0–1) as `BAR_CELLS` characters: full, under way, to do."""
    eighths = round(done * BAR_CELLS * 8)
    full = "█" * (eighths // 8) + EIGHTHS[eighths % 8].strip()
    behind = "▒" * min(BAR_CELLS - len(full), round(under_way * BAR_CELLS))
    return (full + behind).ljust(BAR_CELLS, "░")


def _workers(run: RunSnapshot) -> list[str]:
    shares = worker_shares(run.chunks)
    rows = sum(share.rows for share in shares)
    lines = [
        f"worker {share.worker} ({share.device})  {words.plural(share.chunks, 'chunk')}, "
        f"{words.plural(share.rows, 'row')}, {words.percent(share.rows, rows)}"
        for share in shares[:MOST_WORKERS]
    ]
    more = len(shares) - len(lines)
    return [*lines, *([f"{more} more workers"] if more else [])]


def _stages(run: RunSnapshot) -> list[str]:
    sums = stage_sums(run.chunks)
    told = (f"{row.stage.replace('_', ' ')} {words.milliseconds(row.total_ms)}" for row in sums)
    return [words.joined(told)] if sums and run.state in FINAL_STATES else []


def _rows(run: RunSnapshot) -> list[str]:
    if run.head is None or run.head.num_rows == 0:
        return []
    shown = head(run.head)
    columns = [_index(shown), *(_aligned(column) for column in shown.columns)]
    lines = ["  ".join(line).rstrip() for line in zip(*columns, strict=True)]
    more = [f"{words.plural(shown.columns_left_out, 'column')} not shown"] if shown.columns_left_out else []
    return [*lines, *more]


def _index(shown: Head) -> list[str]:
    return [" ", " ", *(str(row) for row in range(shown.rows))]


def _aligned(column: Column) -> list[str]:
    texts = [column.name, column.dtype, *("null" if cell is None else cell for cell in column.cells)]
    short = [words.shorten(text, WIDEST_CELL) for text in texts]
    width = max(len(text) for text in short)
    return [text.rjust(width) if column.numeric else text.ljust(width) for text in short]
