"""The output of a cell while its run goes on: in comes a run, out go updates to Jupyter's display.

An update is a whole new output, so there are few: at most one in `UPDATE_S`, and one more at the end.
"""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import TYPE_CHECKING

from ..client.snapshot import FINAL_STATES, RunSnapshot
from .display import run_bundle
from .shell import Shell

if TYPE_CHECKING:
    from ..client.run import Run

UPDATE_S = 0.25
#: How long an interrupted cell waits for the run's own end before it shows what it has.
CANCEL_S = 0.05


class LiveOutput:
    """One output, updated in place. A terminal cannot do that: there, only the end is shown."""

    def __init__(self, shell: Shell) -> None:
        self._publisher = shell.display_pub
        self._in_place = hasattr(shell, "kernel")
        self._id = {"display_id": secrets.token_hex(16)}
        self._is_shown = False

    def show(self, snapshot: RunSnapshot) -> None:
        """Replaces what is shown."""
        if self._in_place or snapshot.state in FINAL_STATES:
            self._publisher.publish(run_bundle(snapshot), transient=self._id, update=self._is_shown)
            self._is_shown = True


def watch(run: Run, output: LiveOutput) -> RunSnapshot:
    """Shows the run until it has ended; an interrupt cancels it and is raised again."""
    try:
        output.show(run.snapshot())
        while not run.wait(UPDATE_S):
            output.show(run.snapshot())
    except KeyboardInterrupt:
        run.cancel()
        run.wait(CANCEL_S)
        output.show(_cancelled(run.snapshot()))
        raise
    last = run.snapshot()
    output.show(last)
    return last


def _cancelled(snapshot: RunSnapshot) -> RunSnapshot:
    """The user has ended it, whether or not the broker has said so yet."""
    return snapshot if snapshot.state in FINAL_STATES else replace(snapshot, state="cancelled")
