"""A cluster without processes, for tests of what the magics do with one; it notes what it was asked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import made_runs
import pandas as pd

from jupyterlab_mdm.client.snapshot import FINAL_STATES, RunSnapshot
from jupyterlab_mdm.errors import ClusterLostError, MdmError, RunCancelledError


class FakeRun:
    """Goes through its states, one a `wait`; ``on_wait`` may raise, as an interrupt does."""

    def __init__(self, states: list[str], frame: Any, error: MdmError | None, label: str | None) -> None:
        self.id = "0a1b2c3d"
        self.states = states
        self.frame = frame
        self.error = error
        self.label = label
        self.on_wait: Callable[[], None] = lambda: None
        self.was_cancelled = False

    def snapshot(self) -> RunSnapshot:
        error = self.error if self.states[0] in ("failed", "cancelled") else None
        return made_runs.run(self.states[0], label=self.label, error=error)

    def wait(self, timeout: float | None = None) -> bool:
        self.on_wait()
        if len(self.states) > 1:
            self.states.pop(0)
        return self.done()

    def done(self) -> bool:
        return self.states[0] in FINAL_STATES

    def cancel(self) -> bool:
        self.was_cancelled = True
        self.states = ["cancelled"]
        self.error = RunCancelledError("The run was cancelled.")
        self.on_wait = lambda: None
        return True

    def result(self, timeout: float | None = None) -> Any:
        return pd.DataFrame({"delay": [1.0] * len(self.frame)})

    def partial(self) -> Any:
        return pd.DataFrame({"delay": [1.0]})


class FakeCluster:
    """Answers at once; ``is_lost`` makes it answer as one that went away."""

    def __init__(self, name: str = "default", workers: int = 2) -> None:
        self.name = name
        self.workers = workers
        self.calls: list[tuple[str, Any]] = []
        self.is_lost = False
        self.next_states = ["loading", "running", "done"]
        self.next_error: MdmError | None = None
        self.on_wait: Callable[[], None] = lambda: None
        self.runs: list[FakeRun] = []

    def submit(self, model: str, frame: Any, **options: Any) -> FakeRun:
        self._note("submit", (model, frame, options))
        run = FakeRun(list(self.next_states), frame, self.next_error, options["label"])
        run.on_wait = self.on_wait
        self.runs.append(run)
        return run

    def status(self) -> dict[str, Any]:
        self._note("status", None)
        worker = {"pid": 1, "device": "cpu 0", "cores": "0", "state": "idle", "model": None, "chunks": 0}
        return {
            "name": self.name,
            "version": "0.1.0",
            "broker": {"pid": 1, "uptime_s": 1.0},
            "workers": [{**worker, "id": index, "rows": 0} for index in range(self.workers)],
            "models": [],
            "runs": [{"id": run.id, "state": run.states[0]} for run in self.runs],
            "queue": {"small": 0, "bulk": 0},
        }

    def scale(self, num_worker: int) -> None:
        self._note("scale", num_worker)
        self.workers = num_worker

    def load(self, model: str) -> None:
        self._note("load", model)

    def unload(self, model: str) -> None:
        self._note("unload", model)

    def cancel(self, run: str) -> None:
        self._note("cancel", run)

    def terminate(self, now: bool = False) -> None:
        self._note("terminate", now)

    def close(self) -> None:
        self.calls.append(("close", None))

    def asked(self, name: str) -> list[Any]:
        """What it was asked under that name."""
        return [given for call, given in self.calls if call == name]

    def _note(self, name: str, given: Any) -> None:
        if self.is_lost:
            raise ClusterLostError("The cluster went away.", remedy="Start it again.")
        self.calls.append((name, given))
