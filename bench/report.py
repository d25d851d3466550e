"""The results for a reader. In: one run of the bench; out: text for a terminal, or tables for the README."""

from __future__ import annotations

from statistics import median

from .outputs import is_right
from .peers import BASELINE, OURS
from .results import PeerResult, Results, WorkloadResult
from .tables import aligned, markdown
from .targets import targets

ABSENT = "–"
QUICK_NOTE = "Quick sizes: they show that everything works, and nothing about speed."


def wrong_outputs(results: Results) -> list[str]:
    """Whose outputs were not the baseline's."""
    checked = [
        (f"{workload.key}: {label}", largest)
        for workload in results.workloads
        for label, largest in (
            *((peer.label, peer.max_diff) for peer in workload.peers),
            *((("iterated", workload.streamed.max_diff),) if workload.streamed else ()),
            *((("small requests", workload.requests.max_diff),) if workload.requests else ()),
        )
    ]
    return [
        f"{who}: {_difference(largest)}"
        for who, largest in checked
        if largest is None or not is_right(largest)
    ]


def text(results: Results) -> str:
    """Everything that was measured."""
    parts = [machine_line(results), *(_workload(workload) for workload in results.workloads)]
    if results.start_s:
        parts.append(f"mdm start to ready: {_spread(results.start_s)} s")
    if results.idle and results.idle.cluster_percent is not None:
        idle = results.idle
        parts.append(
            f"Idle for {idle.seconds:g} s: the cluster used {idle.cluster_percent:.2f} % of a core, "
            f"the client's process {idle.client_percent:.2f} %"
        )
    parts.append(_targets(results))
    wrong = wrong_outputs(results)
    parts.append("\n".join(["WRONG OUTPUTS", *wrong]) if wrong else "All outputs are those of the baseline.")
    return "\n\n".join(parts)


def readme(results: Results) -> str:
    """The README's tables."""
    head = [
        f"× of one in-process thread (medians of {results.rounds} rounds)",
        *map(_heading, results.workloads),
    ]
    keys = [peer.key for peer in results.workloads[0].peers]
    rows = [_readme_row(results, key) for key in keys]
    promises = [
        (target.name, target.wanted, target.measured, "met" if target.met else "**not met**")
        for target in targets(results)
    ]
    parts = [
        markdown(head, rows),
        markdown(("target", "wanted", "measured", ""), promises),
        machine_line(results),
    ]
    return "\n\n".join(parts)


def machine_line(results: Results) -> str:
    """Where it was measured."""
    found = dict(results.machine)
    cores, cpu, load = found.pop("cores"), found.pop("CPU"), found.pop("load")
    versions = ", ".join(f"{name} {value}" for name, value in found.items() if name != "system")
    line = f"{cores} cores of {cpu} ({found['system']}, load {load} at the start); {versions}."
    return f"{line}\n{QUICK_NOTE}" if results.quick else line


def _heading(workload: WorkloadResult) -> str:
    return f"{workload.key}: {workload.title}, {workload.rows:,} rows"


def _readme_row(results: Results, key: str) -> list[str]:
    label = next(peer.label for peer in results.workloads[0].peers if peer.key == key)
    cells = []
    for workload in results.workloads:
        peer = workload.peer(key)
        cell = ABSENT if peer is None else f"{workload.multiple(peer):.2f}"
        if peer is not None and key == BASELINE.key:
            cell += f" ({median(peer.seconds):.2f} s)"
        cells.append(f"**{cell}**" if key == OURS.key else cell)
    return [f"**{label}**" if key == OURS.key else label, *cells]


def _workload(workload: WorkloadResult) -> str:
    title = (
        f"{_heading(workload)}; chunks of {workload.chunk_rows:,} (ours sizes its own), "
        f"small calls of {workload.call_rows:,}"
    )
    head = ("", "median s", "×", "× by round", "CPU s", "max |diff|")
    rows = [_peer(workload, peer) for peer in workload.peers]
    lines = [title, aligned(head, rows)]
    if workload.waiting_percent is not None:
        waiting = f"{workload.waiting_percent:.1f} % of a core"
        lines.append(f"While nobody ran, the peers that stand side by side used {waiting} together.")
    if workload.streamed:
        streamed = workload.streamed
        lines.append(f"Ours, first merged rows: {_spread(streamed.first_rows_ms, '.0f')} ms")
        stages = ", ".join(f"{stage} {ms:.0f}" for stage, ms in streamed.stages_ms.items())
        lines.append(f"Ours, ms by stage over {streamed.chunks} chunks: {stages}")
    if workload.requests:
        asked = workload.requests
        lines.append(
            f"{asked.count} requests of {asked.rows} rows: "
            f"ours p50 {asked.p50_ms:.2f}, p95 {asked.p95_ms:.2f} ms; "
            f"in-process p50 {asked.inprocess_p50_ms:.2f}, p95 {asked.inprocess_p95_ms:.2f} ms"
        )
    return "\n".join(lines)


def _peer(workload: WorkloadResult, peer: PeerResult) -> tuple[str, ...]:
    if not peer.seconds:
        return (f"{peer.label}: {peer.note}", *[ABSENT] * 5)
    multiples = workload.multiples(peer)
    return (
        peer.label,
        f"{median(peer.seconds):.3f}",
        f"{workload.multiple(peer):.2f}",
        f"{min(multiples):.2f}–{max(multiples):.2f}",
        f"{median(peer.cpu_s):.2f}" if peer.cpu_s else ABSENT,
        _difference(peer.max_diff),
    )


def _targets(results: Results) -> str:
    rows = [
        (target.name, target.wanted, target.measured, "met" if target.met else "NOT MET")
        for target in targets(results)
    ]
    return aligned(("target", "wanted", "measured", ""), rows)


def _spread(values: list[float], spec: str = ".2f") -> str:
    return f"{median(values):{spec}} ({min(values):{spec}}–{max(values):{spec}})"


def _difference(largest: float | None) -> str:
    return "not comparable" if largest is None else f"{largest:.1e}"
