"""What a user asked for, checked. In: arguments of `Cluster.submit`; out: the fields that open a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class RunSpec:
    """What the user asked for."""

    #: As the user named it.
    model: str
    #: Absolute where the file is visible here.
    path: str
    #: Of the file, None where it is not visible here.
    version: str | None
    params: dict[str, Any]
    fill: object | None
    #: Rows a chunk, None to let them be sized by time.
    batch: int | None
    label: str | None
    #: The run may take so long, None for any time.
    deadline_s: float | None
    #: The model may take so long to load.
    load_timeout_s: float

    def opening(self, run: str) -> dict[str, Any]:
        """What `Submit` and `Ask` have in common."""
        return {
            "run": run,
            "model": self.path,
            "version": self.version,
            "params": self.params,
            "deadline_ms": None if self.deadline_s is None else self.deadline_s * 1e3,
            "label": self.label,
        }
