"""What processes use of the cores. In: the counters in /proc; out: seconds. Only Linux has them; elsewhere
the answer is None.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

PROC = Path("/proc")
_IS_THERE = (PROC / "self" / "stat").is_file()
#: Fields of `stat` behind the name in brackets, which may hold spaces.
_PARENT, _USER, _SYSTEM = 1, 11, 12


def and_below(roots: Iterable[int]) -> set[int]:
    """These processes, their children, and so on."""
    children: dict[int, list[int]] = {}
    for pid, parent in _parents():
        children.setdefault(parent, []).append(pid)
    seen: set[int] = set()
    waiting = list(roots)
    while waiting:
        pid = waiting.pop()
        if pid not in seen:
            seen.add(pid)
            waiting += children.get(pid, [])
    return seen


def cpu_seconds(pids: Iterable[int]) -> float | None:
    """User and system time since the start of those that are still there, in steps of 10 ms."""
    if not _IS_THERE:
        return None
    found = (_fields(pid) for pid in pids)
    ticks = sum(int(fields[_USER]) + int(fields[_SYSTEM]) for fields in found if fields)
    return ticks / os.sysconf("SC_CLK_TCK")


def _parents() -> Iterator[tuple[int, int]]:
    if not _IS_THERE:
        return
    for entry in PROC.iterdir():
        if entry.name.isdecimal() and (fields := _fields(int(entry.name))):
            yield int(entry.name), int(fields[_PARENT])


def _fields(pid: int) -> list[str]:
    try:
        return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        # It has ended since it was listed.
        return []
