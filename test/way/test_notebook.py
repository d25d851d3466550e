"""Cells in a real kernel, on a real cluster: what users type, and what comes of it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager

EXAMPLES = Path(__file__).parents[2] / "examples"
#: For everything that one cell does.
CELL_S = 60
NOTEBOOK_S = 300
#: An interrupted cell is back in 0.1 s; a machine with other work to do gets more.
INTERRUPT_S = 1.0

FRAME = "frame = pd.DataFrame(np.arange(30_000, dtype=np.float32).reshape(-1, 3), columns=list('abc'))"
#: A frame without an end, so that a run of it goes on until it is stopped.
ENDLESS = """
import pyarrow as pa
batch = pa.RecordBatch.from_pandas(frame)
endless = pa.RecordBatchReader.from_batches(batch.schema, (batch for _ in iter(int, 1)))
"""


@dataclass
class Cell:
    """What came of one cell."""

    status: str
    displays: list[dict[str, Any]] = field(default_factory=list)
    updates: list[dict[str, Any]] = field(default_factory=list)
    results: list[dict[str, Any]] = field(default_factory=list)
    streams: str = ""
    error: dict[str, Any] | None = None

    def take_in(self, message: dict[str, Any]) -> None:
        content = message["content"]
        match message["msg_type"]:
            case "display_data":
                self.displays.append(content["data"])
            case "update_display_data":
                self.updates.append(content["data"])
            case "execute_result":
                self.results.append(content["data"])
            case "stream":
                self.streams += content["text"]
            case "error":
                self.error = content

    @property
    def last(self) -> str:
        """What the output says in the end."""
        return (self.updates or self.displays)[-1]["text/plain"]


@dataclass
class Kernel:
    """A kernel as a notebook sees it."""

    manager: KernelManager
    client: BlockingKernelClient

    def run(self, code: str, while_it_runs: Callable[[Cell], None] = lambda cell: None) -> Cell:
        """Runs a cell to its end; ``while_it_runs`` is called after each of its outputs."""
        request = self.client.execute(code)
        cell = Cell("")
        while True:
            message = self.client.get_iopub_msg(timeout=CELL_S)
            if message["parent_header"].get("msg_id") != request:
                continue
            if message["content"].get("execution_state") == "idle":
                break
            cell.take_in(message)
            while_it_runs(cell)
        cell.status = self.client.get_shell_msg(timeout=CELL_S)["content"]["status"]
        return cell

    def value(self, expression: str) -> str:
        """The text of an expression's value."""
        cell = self.run(expression)
        assert cell.results, cell.error
        return cell.results[0]["text/plain"]

    def complete(self, line: str) -> list[str]:
        """What the kernel offers at the end of the line."""
        reply = self.client.complete(line, len(line), reply=True, timeout=CELL_S)
        return reply["content"]["matches"]


@pytest.fixture(scope="module")
def kernel(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    manager = KernelManager(kernel_name="python3")
    manager.start_kernel(cwd=str(tmp_path_factory.mktemp("notebook")))
    client = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=CELL_S)
        started = Kernel(manager, client)
        prepared = started.run(f"import numpy as np, pandas as pd\n{FRAME}\nmodels = {str(models)!r}")
        assert prepared.status == "ok", prepared.error
        cell = started.run("%mdm start -n 2 --name notebook")
        assert cell.status == "ok", cell.error or cell.streams
        yield started
        started.run("%mdm terminate --name notebook")
    finally:
        client.stop_channels()
        manager.shutdown_kernel()


def predict(body: str, options: str = "") -> str:
    return f"%%mdm predict {{models}}/doubled.onnx --name notebook {options}\n{body}"


def test_a_cell_predicts_shows_and_stores(kernel: Kernel) -> None:
    cell = kernel.run(predict("frame", "-o twice"))
    assert cell.status == "ok", cell.error
    assert len(cell.displays) == 1
    assert cell.results == []
    assert "10,000 rows in" in cell.last
    assert kernel.value("bool((np.stack(twice.y) == 2 * frame.to_numpy()).all())") == "True"
    assert kernel.value("twice.index.equals(frame.index)") == "True"


def test_a_line_predicts_an_expression(kernel: Kernel) -> None:
    line = "%mdm predict {models}/doubled.onnx frame[frame.a > 3000] --name notebook"
    assert kernel.run(line).status == "ok"
    assert kernel.value("len(_)") == "8999"


def test_the_last_run_tells_its_timings(kernel: Kernel) -> None:
    kernel.run(predict("frame"))
    rows = "import jupyterlab_mdm as mdm\nmdm.last_run().timings.column('rows').to_numpy().sum().item()"
    assert kernel.value(rows) == "10000"


def test_an_error_is_a_box_and_stops_the_notebook(kernel: Kernel) -> None:
    cell = kernel.run(predict("frame[['a']]"))
    assert cell.status == "error"
    assert cell.error is not None
    assert cell.error["ename"] == "BindingError"
    assert len(cell.error["traceback"]) == 1
    assert 'class="mdm-run"' in (cell.updates or cell.displays)[-1]["text/html"]


def test_a_model_that_is_not_there_is_said_in_a_box(kernel: Kernel) -> None:
    cell = kernel.run("%%mdm predict nowhere.onnx --name notebook\nframe")
    assert cell.status == "error"
    assert cell.error is not None
    assert cell.error["ename"] == "ModelNotFoundError"
    assert "nowhere.onnx" in cell.last


def test_an_error_in_the_body_points_at_its_line(kernel: Kernel) -> None:
    cell = kernel.run(predict("x = 1\nframe['no such column']"))
    assert cell.error is not None
    assert cell.error["ename"] == "KeyError"
    plain = "\n".join(cell.error["traceback"])
    assert "line 3" in plain
    assert "cell_body.py" not in plain


def test_updates_are_few_and_small(kernel: Kernel) -> None:
    started = time.perf_counter()

    def stop(cell: Cell) -> None:
        if len(cell.updates) == 4:
            kernel.manager.interrupt_kernel()

    kernel.run(ENDLESS)
    cell = kernel.run(predict("endless", "-o part"), stop)
    took = time.perf_counter() - started
    assert len(cell.updates) <= 4 * took + 2
    assert max(len(update["text/html"]) for update in cell.updates) <= 20_000


def test_an_interrupt_cancels_at_once_and_keeps_what_is_there(kernel: Kernel) -> None:
    interrupted: list[float] = []

    def interrupt(cell: Cell) -> None:
        if not interrupted and cell.updates and " 0 rows" not in cell.last:
            interrupted.append(time.perf_counter())
            kernel.manager.interrupt_kernel()

    kernel.run(ENDLESS)
    cell = kernel.run(predict("endless", "-o kept"), interrupt)
    assert time.perf_counter() - interrupted[0] < INTERRUPT_S
    assert cell.status == "error"
    assert cell.error is not None
    assert cell.error["ename"] == "KeyboardInterrupt"
    assert cell.error["traceback"] == ["KeyboardInterrupt"]
    assert "rows kept · cancelled after" in cell.last
    assert "The run was cancelled" not in cell.last
    assert kernel.run(predict("frame")).status == "ok", "the cluster goes on"


def test_the_kernel_completes_commands_options_and_models(kernel: Kernel) -> None:
    kernel.run("!cp {models}/doubled.onnx .")
    assert kernel.complete("%mdm st") == ["start", "status"]
    assert kernel.complete("%%mdm predict --pa") == ["--params"]
    assert kernel.complete("%%mdm predict dou") == ["doubled.onnx"]
    assert "notebook" in kernel.complete("%mdm status --name ")


def test_the_cluster_can_be_asked_and_changed(kernel: Kernel) -> None:
    assert "3 workers" in kernel.run("%mdm scale 3 --name notebook").last
    assert "2 workers" in kernel.run("%mdm scale 2 --name notebook").last
    assert "doubled.onnx" in kernel.run("%mdm load {models}/doubled.onnx --name notebook").last
    assert "doubled.onnx" in kernel.run("%mdm runs --name notebook").last
    assert kernel.run("%mdm unload {models}/doubled.onnx --name notebook").status == "ok"


def test_a_cluster_ends_with_its_kernel(runtime_folder: Path) -> None:
    manager = KernelManager(kernel_name="python3")
    manager.start_kernel()
    client = manager.client()
    client.start_channels()
    client.wait_for_ready(timeout=CELL_S)
    other = Kernel(manager, client)
    assert other.run("%mdm start -n 1 --name brief").status == "ok"
    file = runtime_folder / "mdm-brief.json"
    assert file.exists()
    client.stop_channels()
    manager.shutdown_kernel(now=True)
    gone = time.monotonic() + CELL_S
    while file.exists() and time.monotonic() < gone:
        # What is waited for happens in another process, which is nobody's child any more.
        subprocess.run([sys.executable, "-c", ""], check=True)
    assert not file.exists()


def test_the_flights_notebook_runs_from_top_to_bottom(tmp_path: Path) -> None:
    target = tmp_path / "flights.executed.ipynb"
    command = [
        sys.executable,
        str(EXAMPLES / "run_notebook.py"),
        str(EXAMPLES / "flights.ipynb"),
        str(target),
    ]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=NOTEBOOK_S, check=False)
    assert ran.returncode == 0, ran.stderr
    numbers = json.loads((EXAMPLES / "out" / "flights.json").read_text())
    assert numbers["rows"] == 336_776
    assert numbers["largest_difference"] <= 1e-4 * numbers["largest_prediction"]
    assert set(numbers["shares"]) == {"0", "1"}
    assert min(numbers["shares"].values()) > 0
    executed = nbformat.read(target, as_version=4)
    assert all(cell.execution_count for cell in executed.cells if cell.cell_type == "code")
