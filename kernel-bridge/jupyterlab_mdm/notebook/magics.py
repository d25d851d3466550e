"""The magic ``%mdm``: in comes a line, and for predict a cell's body; out goes what is shown and stored."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING, cast

from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell
from IPython.core.magic import Magics, line_cell_magic, magics_class, no_var_expand

from ..client.latest import last_run
from ..client.snapshot import FINAL_STATES
from .calm_errors import calm_errors
from .cell_body import evaluate
from .display import ended_bundle, runs_bundle, status_bundle
from .held_clusters import HeldClusters
from .lazy import offer_completions
from .magic_arguments import help_text, parse
from .magic_values import model_path
from .prediction import Prediction, predict
from .shell import LazyShell, Shell

if TYPE_CHECKING:
    from ..client.cluster import Cluster

#: Options of ``%mdm start`` that go to `mdm.start` where they are given.
START_OPTIONS = ("device_map", "max_batch_size", "run_script_dir")


@magics_class
class MdmMagics(Magics):
    """One a kernel; it holds the clusters that the kernel's cells started."""

    def __init__(self, shell: InteractiveShell) -> None:
        super().__init__(shell)
        # IPython types only parts of its class; `Shell` names those that are used here.
        self._ip = cast("Shell", shell)
        self._clusters = HeldClusters()
        self._commands: dict[str, Callable[[argparse.Namespace], None]] = {
            "start": self._start,
            "status": self._status,
            "runs": self._runs,
            "scale": self._scale,
            "load": self._load,
            "unload": self._unload,
            "cancel": self._cancel,
            "terminate": self._terminate,
        }

    @no_var_expand
    @line_cell_magic
    def mdm(self, line: str, cell: str | None = None) -> None:
        """Replaced below by the help of every command."""
        __tracebackhide__ = True
        arguments = parse(line, is_cell=cell is not None)
        if arguments.command == "help":
            print(help_text())
        elif arguments.command == "predict":
            self._predict(arguments, cell)
        else:
            with calm_errors(self._ip):
                self._commands[arguments.command](arguments)

    mdm.__doc__ = help_text()

    def _predict(self, arguments: argparse.Namespace, cell: str | None) -> None:
        __tracebackhide__ = True
        # The line first: what is wrong with it need not wait for the frame.
        wanted = Prediction.from_arguments(arguments, self._ip.user_ns)
        frame = evaluate(self._ip, arguments.expression, 1) if cell is None else evaluate(self._ip, cell)
        predict(self._ip, self._clusters, wanted, frame)

    def _start(self, arguments: argparse.Namespace) -> None:
        options = {name: getattr(arguments, name) for name in START_OPTIONS if getattr(arguments, name)}
        cluster = self._clusters.start(
            arguments.name, arguments.num_worker, detach=arguments.detach, options=options
        )
        self._show_status(cluster)

    def _status(self, arguments: argparse.Namespace) -> None:
        self._clusters.use(arguments.name, self._show_status)

    def _runs(self, arguments: argparse.Namespace) -> None:
        status = self._clusters.use(arguments.name, lambda cluster: cluster.status())
        self._ip.display_pub.publish(runs_bundle(status))

    def _scale(self, arguments: argparse.Namespace) -> None:
        self._then_status(arguments, lambda cluster: cluster.scale(arguments.n))

    def _load(self, arguments: argparse.Namespace) -> None:
        model = model_path(arguments.model, self._ip.user_ns)
        self._then_status(arguments, lambda cluster: cluster.load(model))

    def _unload(self, arguments: argparse.Namespace) -> None:
        model = model_path(arguments.model, self._ip.user_ns)
        self._then_status(arguments, lambda cluster: cluster.unload(model))

    def _cancel(self, arguments: argparse.Namespace) -> None:
        if arguments.run:
            self._clusters.use(arguments.name, lambda cluster: _cancel_live(cluster, arguments.run))
            return
        run = last_run()
        if run is None or run.done():
            raise UsageError("No run of this kernel goes on. An interrupt of a cell cancels its run.")
        run.cancel()

    def _terminate(self, arguments: argparse.Namespace) -> None:
        self._clusters.use(arguments.name, lambda cluster: cluster.terminate(now=arguments.now))
        self._clusters.forget(arguments.name)
        self._ip.display_pub.publish(ended_bundle(arguments.name))

    def _show_status(self, cluster: Cluster) -> None:
        self._ip.display_pub.publish(status_bundle(cluster.status()))

    def _then_status(self, arguments: argparse.Namespace, action: Callable[[Cluster], object]) -> None:
        self._clusters.use(arguments.name, action)
        self._status(arguments)


def _cancel_live(cluster: Cluster, start_of_id: str) -> None:
    """Cancels the live run whose id begins so, whoever submitted it."""
    live = [run["id"] for run in cluster.status()["runs"] if run["state"] not in FINAL_STATES]
    found = [run for run in live if run.startswith(start_of_id)]
    if len(found) != 1:
        there = ", ".join(live) or "none"
        raise UsageError(f"{len(found)} live runs begin with {start_of_id}. Live runs: {there}.")
    cluster.cancel(found[0])


def load_ipython_extension(shell: InteractiveShell) -> None:
    """For ``%load_ext jupyterlab_mdm``, and for the first ``%mdm`` of a kernel."""
    shell.register_magics(MdmMagics(shell))
    offer_completions(cast("LazyShell", shell))
