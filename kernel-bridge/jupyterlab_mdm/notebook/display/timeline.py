"""The timeline of a run: in come lanes of bars, out goes HTML with one SVG, drawn in parts of its width.

Bars stretch with the cell; text does not, so that it stays readable in a narrow one. The bars of a stage are
one stroked path a lane (a few bytes a bar); tooltips lie over them, as many as there is room for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from html import escape

from ...client.snapshot import RunSnapshot
from . import facts, words
from .lanes import WORK_STAGES, Bar, Lane, lanes, ticks, until_ms

LANE_PX = 30
BAR_PX = 20
#: Height of the axis labels below the lanes.
AXIS_PX = 14
#: The drawing's width in its own units: whole numbers are fine enough for any screen.
WIDE = 10_000
#: Stages that a tooltip names: all but those that pass in the kernel.
TOLD = ("queue", "to_worker", "wait", "decode", "infer", "encode", "back")
#: What a bar shows → its class in the style sheet.
KINDS = {"decode": "d", "infer": "i", "encode": "e", "idle": "w"}

#: From ms to units of the drawing.
Place = Callable[[float], int]


@dataclass(frozen=True)
class Detail:
    """How fine a timeline is."""

    #: Over all lanes; finer ones than some hundred could not be told apart.
    bars: int
    #: Over all lanes; each may lie over several bars.
    tips: int


def timeline_html(run: RunSnapshot, detail: Detail) -> str:
    """Lanes, axis and legend; empty before the first chunk.

    ``hidden`` is undone by the style sheet: where a site strips the styles, the words of a drawing that it
    strips as well do not litter the page.
    """
    drawn = lanes(run, detail.bars)
    if not drawn:
        return ""
    return (
        f'<div class="lanes" hidden><div class="names">{"".join(_lane_name(lane) for lane in drawn)}</div>'
        f'{_svg(run, drawn, detail.tips)}</div><div class="legend" hidden>{_legend()}'
        f'<span class="sp">{escape(_remark(run, len(drawn)))}</span></div>'
    )


def _lane_name(lane: Lane) -> str:
    return f"<div>worker {lane.worker} <small>{escape(lane.device)}</small></div>"


def _legend() -> str:
    return "".join(f'<span><i class="{kind}"></i>{name}</span>' for name, kind in KINDS.items())


def _remark(run: RunSnapshot, drawn: int) -> str:
    left_out = len({chunk.worker for chunk in run.chunks if chunk.worker is not None}) - drawn
    more = f"{words.plural(left_out, 'more worker')} not shown" if left_out > 0 else None
    return words.joined([facts.remarks(run), more])


def _svg(run: RunSnapshot, drawn: tuple[Lane, ...], most_tips: int) -> str:
    until = until_ms(run)
    height = len(drawn) * LANE_PX

    def place(ms: float) -> int:
        return round(WIDE * min(ms, until) / until) if until else 0

    now = place(run.elapsed_s * 1000) if run.state == "running" else WIDE
    tips = lanes(run, most_tips) if most_tips else drawn
    parts = [
        *(_tick(ms, until, place, height) for ms in ticks(until)),
        *(_lane(lane, index, place, now) for index, lane in enumerate(drawn)),
        *(_tips(lane, index, place) for index, lane in enumerate(tips) if most_tips),
        f'<line class="now" x1="{_percent(now)}" x2="{_percent(now)}" y2="{height}"/>' if now < WIDE else "",
    ]
    size = f'width="100%" height="{height + AXIS_PX}"'
    return f'<svg {size} role="img" aria-label="Timeline of chunks by worker">{"".join(parts)}</svg>'


def _percent(x: float) -> str:
    return f"{100 * x / WIDE:.4g}%"


def _tick(ms: float, until: float, place: Place, height: int) -> str:
    x = place(ms)
    at = _percent(x)
    anchor = "start" if ms == 0 else "end" if x > 0.96 * WIDE else "middle"
    label = f"{ms:g} ms" if until < 2000 else f"{ms / 1000:g} s"
    return (
        f'<line x1="{at}" x2="{at}" y2="{height}"/>'
        f'<text x="{at}" y="{height + AXIS_PX - 3}" text-anchor="{anchor}">{label}</text>'
    )


def _lane(lane: Lane, index: int, place: Place, end: int) -> str:
    paths = "".join(_stage_path(lane, stage, place) for stage in range(len(WORK_STAGES)))
    marks = "".join(_mark(bar, index, place) for bar in lane.bars)
    return f'{_stretched(index)}<path class="{KINDS["idle"]}" d="M0 0h{end}"/>{paths}</svg>{marks}'


def _top(index: int) -> int:
    return index * LANE_PX + (LANE_PX - BAR_PX) // 2


def _stretched(index: int) -> str:
    """Opens the box of one lane, whose strokes are as thick as the box is high."""
    return (
        f'<svg class="l" y="{_top(index)}" width="100%" height="{BAR_PX}" viewBox="0 -1 {WIDE} 2" '
        'preserveAspectRatio="none">'
    )


def _stage_path(lane: Lane, stage: int, place: Place) -> str:
    starts = (bar.start_ms + sum(bar.stages_ms[:stage]) for bar in lane.bars)
    spans = zip(starts, (bar.stages_ms[stage] for bar in lane.bars), strict=True)
    strokes = _strokes((place(start), place(start + ms)) for start, ms in spans)
    return f'<path class="{KINDS[WORK_STAGES[stage]]}" d="{strokes}"/>' if strokes else ""


def _strokes(spans: Iterable[tuple[int, int]]) -> str:
    """Each span from the end of the one before: whole numbers, so that no error adds up."""
    d, pen = "", 0
    for start, end in spans:
        if end > start:
            d += f"m{start - pen} 0h{end - start}"
            pen = end
    return d


def _tips(lane: Lane, index: int, place: Place) -> str:
    over = "".join(_tip(bar, place) for bar in lane.bars)
    return f'{_stretched(index)}<g class="t">{over}</g></svg>'


def _tip(bar: Bar, place: Place) -> str:
    left, right = place(bar.start_ms), place(bar.end_ms)
    return f'<path d="M{left} 0h{right - left}"><title>{escape(tooltip(bar))}</title></path>'


def tooltip(bar: Bar) -> str:
    """What stands over a bar: which chunks and rows, and the time of each stage."""
    first = bar.chunks[0]
    if len(bar.chunks) > 1:
        rows = words.plural(sum(chunk.rows for chunk in bar.chunks), "row")
        what = f"{words.plural(len(bar.chunks), 'chunk')} from {first.index}, {rows}"
    else:
        rows = words.span(first.row_offset, first.row_offset + first.rows - 1)
        what = f"Chunk {first.index}, rows {rows}"
    tries = f", try {first.attempt}" if bar.retried else ""
    error = next((chunk.error for chunk in bar.chunks if chunk.error is not None), None)
    ended = words.shorten(f"\n{error.message}", 160) if error else ""
    stages = {stage: sum(chunk.timings.get(stage, 0.0) for chunk in bar.chunks) for stage in TOLD}
    told = ", ".join(f"{stage.replace('_', ' ')} {ms:.1f}" for stage, ms in stages.items() if ms >= 0.05)
    return f"{what}{tries}\n{told} ms{ended}"


def _mark(bar: Bar, index: int, place: Place) -> str:
    """A cross where a chunk failed, a notch above one that ran again; they do not stretch with the bars."""
    if not (bar.failed or bar.retried):
        return ""
    at = _percent((place(bar.start_ms) + place(bar.end_ms)) / 2)
    kind, shape = ("x", "M-4 4l8 12m0-12l-8 12") if bar.failed else ("r", "M-5-4h10l-5 8z")
    return f'<svg class="l" x="{at}" y="{_top(index)}"><path class="{kind}" d="{shape}"/></svg>'
