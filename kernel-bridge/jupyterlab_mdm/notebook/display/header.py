"""The top of an output: in comes a snapshot, out go a state dot, the names, the numbers, the bar."""

from __future__ import annotations

from html import escape

from ...client.snapshot import RunSnapshot
from . import facts, words

LONGEST_MODEL = 48
DOTS = {"loading": "", "running": "", "done": "ok", "failed": "bad", "cancelled": "off"}


def line_html(run: RunSnapshot) -> str:
    """Dot, model, name of the result and numbers, without a box around them."""
    said = facts.headline(run)
    main = f"<b>{escape(said.main)}</b> " if said.main else ""
    return (
        f"{dot_html(DOTS[run.state], run.state)}<span>{names_html(run.model, run.label)}</span> "
        f'<span class="num">{main}<span class="dim">{escape(said.rest)}</span></span>'
    )


def dot_html(kind: str, title: str) -> str:
    """The state as a colour, and as a word for who does not see it."""
    return f'<span class="dot {kind}" title="{escape(title)}"></span>'


def names_html(model: str, label: str | None) -> str:
    """``flights.onnx → delays``."""
    to = f' <span class="dim">→ {escape(label)}</span>' if label else ""
    return f"<b>{escape(words.end_of_path(model, LONGEST_MODEL))}</b>{to}"


def bar_html(run: RunSnapshot) -> str:
    """What is merged, and hatched behind it what is under way."""
    done, under_way = facts.progress(run)
    parts = f'<i style="width:{100 * done:.1f}%"></i><i class="fly" style="width:{100 * under_way:.1f}%"></i>'
    return f'<div class="bar" role="progressbar" aria-valuenow="{100 * done:.0f}">{parts}</div>'
