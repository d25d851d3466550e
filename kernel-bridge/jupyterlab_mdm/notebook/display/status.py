"""A cluster's status as an output: in comes the document of ``Cluster.status()``, out goes a bundle."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from . import words
from .header import dot_html
from .style import page

Bundle = dict[str, str]
Document = Mapping[str, Any]
#: Lines of each table; what else there is, is counted.
MOST_LINES = 16


class Sheet:
    """One table: names of the columns, which of them hold numbers, and the lines."""

    def __init__(self, names: Sequence[str], lines: Iterable[Sequence[str]], numeric: frozenset[str]) -> None:
        every = list(lines)
        self.names, self.lines, self.numeric = names, every[:MOST_LINES], numeric
        self.left_out = len(every) - len(self.lines)

    def html(self) -> str:
        """Empty without lines."""
        if not self.lines:
            return ""
        head = "".join(f"<th{self._side(name)}>{escape(name)}</th>" for name in self.names)
        body = "".join(f"<tr>{self._cells(line)}</tr>" for line in self.lines)
        more = f'<div class="dim">{self.left_out} more</div>' if self.left_out else ""
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{more}"

    def text(self) -> list[str]:
        """Aligned lines; none without any."""
        if not self.lines:
            return []
        grid = [self.names, *self.lines]
        widths = [max(len(line[index]) for line in grid) for index in range(len(self.names))]
        lines = ["  ".join(self._aligned(line, widths)).rstrip() for line in grid]
        return [*lines, *([f"{self.left_out} more"] if self.left_out else [])]

    def _side(self, name: str) -> str:
        return "" if name in self.numeric else ' class="s"'

    def _cells(self, line: Sequence[str]) -> str:
        pairs = zip(self.names, line, strict=True)
        return "".join(f"<td{self._side(name)}>{escape(cell)}</td>" for name, cell in pairs)

    def _aligned(self, line: Sequence[str], widths: Sequence[int]) -> list[str]:
        columns = zip(self.names, line, widths, strict=True)
        return [cell.rjust(w) if name in self.numeric else cell.ljust(w) for name, cell, w in columns]


def status_bundle(document: Document) -> Bundle:
    """Workers, models and runs of one cluster."""
    sheets = [workers_sheet(document), models_sheet(document), runs_sheet(document)]
    return _bundle(document, sheets)


def runs_bundle(document: Document) -> Bundle:
    """Only the runs."""
    return _bundle(document, [runs_sheet(document)])


def ended_bundle(name: str) -> Bundle:
    """What is left to say of a cluster that was terminated."""
    line = f"{dot_html('off', 'terminated')}<span><b>{escape(name)}</b></span>"
    html = page(f'<div class="mdm-head">{line}<span class="num dim">terminated</span></div>')
    return {"text/html": html, "text/plain": f"{name}   terminated"}


def workers_sheet(document: Document) -> Sheet:
    """One line a worker."""
    lines = (
        [
            f"worker {worker['id']}",
            f"{worker['device']} {worker.get('cores', '')}".strip(),
            str(worker["state"]),
            str(worker.get("model") or ""),
            words.count(worker["chunks"]),
            words.count(worker["rows"]),
            str(worker["pid"]),
        ]
        for worker in document.get("workers", ())
    )
    names = ["worker", "device", "state", "model", "chunks", "rows", "pid"]
    return Sheet(names, lines, frozenset({"chunks", "rows", "pid"}))


def models_sheet(document: Document) -> Sheet:
    """One line a model: what it takes, what it gives, where it is loaded."""
    lines = (
        [
            str(model["name"]),
            _tensors(model["signature"]["inputs"]),
            _tensors(model["signature"]["outputs"]),
            words.plural(len(model["workers"]), "worker"),
        ]
        for model in document.get("models", ())
    )
    return Sheet(["model", "takes", "gives", "loaded by"], lines, frozenset())


def runs_sheet(document: Document) -> Sheet:
    """One line a run, the newest first."""
    lines = (
        [
            str(run["id"])[:8],
            str(run["model"]),
            str(run.get("label") or ""),
            str(run["state"]),
            _of_all(run["rows_done"], run.get("rows")),
            words.rate(run["rows_per_s"]) if run.get("rows_per_s") else "",
        ]
        for run in reversed(document.get("runs", ()))
    )
    return Sheet(["run", "model", "result", "state", "rows", "speed"], lines, frozenset({"rows", "speed"}))


def headline(document: Document) -> str:
    """``2 workers · up 4 min 2 s · broker 4711 · 0.1.0``."""
    broker = document.get("broker", {})
    queue = sum(int(waiting) for waiting in document.get("queue", {}).values())
    return words.joined(
        [
            words.plural(len(document.get("workers", ())), "worker"),
            f"{words.plural(queue, 'chunk')} waiting" if queue else None,
            f"up {words.seconds(broker['uptime_s'])}" if "uptime_s" in broker else None,
            f"broker {broker['pid']}" if "pid" in broker else None,
            str(document.get("version") or ""),
        ]
    )


def _bundle(document: Document, sheets: Sequence[Sheet]) -> Bundle:
    name = str(document.get("name", ""))
    facts = headline(document)
    line = f"{dot_html('ok', 'runs')}<span><b>{escape(name)}</b></span>"
    head = f'<div class="mdm-head">{line}<span class="num dim">{escape(facts)}</span></div>'
    tables = "".join(f'<div class="more">{sheet.html()}</div>' for sheet in sheets if sheet.lines)
    texts = [line for sheet in sheets if sheet.lines for line in ["", *sheet.text()]]
    return {"text/html": page(head + tables), "text/plain": "\n".join([f"{name}   {facts}", *texts])}


def _of_all(done: int, rows: int | None) -> str:
    if rows is None or rows == done:
        return words.count(done)
    return f"{words.count(done)} of {words.count(rows)}"


def _tensors(specs: Sequence[Document]) -> str:
    shown = [f"{spec['name']} {spec['dtype']}{_shape(spec['shape'])}" for spec in specs[:3]]
    return ", ".join([*shown, *(["…"] if len(specs) > len(shown) else [])])


def _shape(shape: Sequence[object]) -> str:
    return f"[{', '.join('·' if axis is None else str(axis) for axis in shape)}]"
