"""One ``predict`` of a notebook: in come what its line asked for and a frame, out go output and result."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..client.latest import remember
from .calm_errors import calm_errors, without_frames
from .held_clusters import HeldClusters
from .live_output import LiveOutput, watch
from .magic_values import fill_value, model_path, parameters
from .shell import Shell

if TYPE_CHECKING:
    from ..client.cluster import Cluster
    from ..client.run import Run


@dataclass(frozen=True)
class Prediction:
    """What the line of a predict asked for, its variables looked up."""

    model: str
    cluster: str
    #: Name of the variable for the result.
    output: str | None
    #: For `Cluster.submit`.
    options: dict[str, Any]

    @classmethod
    def from_arguments(cls, arguments: argparse.Namespace, variables: dict[str, Any]) -> Prediction:
        """Raises `UsageError` where a value is none."""
        options = {
            "params": parameters(arguments.params, variables),
            "fill": fill_value(arguments.fill, variables),
            "batch": arguments.batch,
            "timeout": arguments.timeout,
            "label": arguments.output,
        }
        model = model_path(arguments.model, variables)
        return cls(model, arguments.name, arguments.output, options)


def predict(shell: Shell, clusters: HeldClusters, wanted: Prediction, frame: object) -> None:
    """Runs it to its end, shows it, stores the result: of one that failed or was interrupted, the part."""

    def submit(cluster: Cluster) -> Run:
        return cluster.submit(wanted.model, frame, **wanted.options)

    with calm_errors(shell, wanted.model, wanted.output):
        run = clusters.use(wanted.cluster, submit)
    remember(run)
    try:
        last = watch(run, LiveOutput(shell))
    except KeyboardInterrupt as interrupt:
        _store(shell, wanted.output, run.partial())
        raise without_frames(interrupt) from None
    if last.error is None:
        with calm_errors(shell, wanted.model, wanted.output):
            result = run.result()
        _store(shell, wanted.output, result)
        return
    # The output says already what went wrong.
    if last.rows_done:
        _store(shell, wanted.output, run.partial())
    raise without_frames(last.error) from None


def _store(shell: Shell, name: str | None, result: object) -> None:
    """Under its name, or where the value of any cell goes: to ``_``; its first rows are shown already."""
    if name is None:
        shell.displayhook.update_user_ns(result)
    else:
        shell.push({name: result})
