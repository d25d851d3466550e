"""%mdm and %%mdm in a real IPython shell, on a cluster that is not one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from fake_cluster import FakeCluster
from IPython.core.displaypub import CapturingDisplayPublisher
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

import jupyterlab_mdm as mdm
from jupyterlab_mdm import errors
from jupyterlab_mdm.client import latest

STARTUP = Path(__file__).parents[2] / "kernel-bridge" / "startup" / "50-jupyterlab-mdm.py"
#: No test writes to the history of whoever runs it.
IN_MEMORY = Config({"HistoryManager": {"hist_file": ":memory:"}})


@dataclass
class Notebook:
    """A shell, what its cells showed, and the cluster behind it."""

    shell: InteractiveShell
    cluster: FakeCluster
    started: list[tuple[int | None, str, dict[str, Any]]] = field(default_factory=list)

    def run(self, cell: str) -> BaseException | None:
        """Runs a cell; what it raised."""
        result = self.shell.run_cell(cell, store_history=True)
        return result.error_before_exec or result.error_in_exec

    @property
    def shown(self) -> list[dict[str, Any]]:
        return self.shell.display_pub.outputs

    def texts(self) -> list[str]:
        return [output["data"]["text/plain"] for output in self.shown]

    def variable(self, name: str) -> Any:
        return self.shell.user_ns.get(name)


@pytest.fixture
def notebook(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Notebook]:
    monkeypatch.chdir(tmp_path)
    InteractiveShell.clear_instance()
    shell = InteractiveShell.instance(config=IN_MEMORY)
    shell.display_pub = CapturingDisplayPublisher()
    # What tells a kernel from a terminal: outputs can be updated in place.
    shell.kernel = object()
    book = Notebook(shell, FakeCluster())

    def start(num_worker: int | None = None, name: str = "default", **options: Any) -> FakeCluster:
        book.started.append((num_worker, name, options))
        book.cluster.workers = num_worker or 2
        return book.cluster

    def connect(name: str = "default") -> FakeCluster:
        if name != book.cluster.name or book.cluster.is_lost:
            raise errors.NoClusterError("No cluster.", remedy="mdm start", details={"name": name})
        return book.cluster

    # Not by `setattr`, which would load the real ones first.
    monkeypatch.setitem(vars(mdm), "start", start)
    monkeypatch.setitem(vars(mdm), "connect", connect)
    monkeypatch.setattr(latest, "_last", [])
    shell.user_ns["flights"] = pd.DataFrame({"a": range(5)})
    shell.safe_execfile(str(STARTUP), shell.user_ns)
    yield book
    InteractiveShell.clear_instance()


# --- predict -----------------------------------------------------------------------------------------------


def test_predicts_the_last_expression_of_the_cell_and_stores_the_result_under_its_name(notebook) -> None:
    assert notebook.run("%%mdm predict m.onnx -o delays\nsmall = flights.head(3)\nsmall[['a']]") is None
    model, frame, options = notebook.cluster.asked("submit")[0]
    assert model == "m.onnx"
    assert list(frame["a"]) == [0, 1, 2]
    assert options["label"] == "delays"
    assert len(notebook.variable("delays")) == 3
    assert len(notebook.variable("small")) == 3


def test_without_a_name_the_result_is_in_underscore_and_shown_once(notebook) -> None:
    notebook.run("%%mdm predict m.onnx\nflights")
    assert len(notebook.variable("_")) == 5
    assert len(notebook.variable("_1")) == 5
    assert notebook.shell.displayhook.exec_result is None
    assert len(notebook.shown) == 3


def test_predicts_in_one_line(notebook) -> None:
    assert notebook.run('%mdm predict m.onnx flights.query("a > 1") -o x --batch 10') is None
    _, frame, options = notebook.cluster.asked("submit")[0]
    assert list(frame["a"]) == [2, 3, 4]
    assert options["batch"] == 10
    assert len(notebook.variable("x")) == 3


def test_one_output_is_shown_at_once_and_updated_in_place_to_its_end(notebook) -> None:
    notebook.run("%%mdm predict m.onnx -o delays\nflights")
    assert [output["update"] for output in notebook.shown] == [False, True, True]
    assert len({output["transient"]["display_id"] for output in notebook.shown}) == 1
    first, second, last = notebook.texts()
    assert "loading the model" in first
    assert "left" in second
    assert "first rows 84 ms" in last


def test_a_terminal_shows_only_the_end(notebook) -> None:
    del notebook.shell.kernel
    notebook.run("%%mdm predict m.onnx\nflights")
    assert len(notebook.shown) == 1
    assert "first rows" in notebook.texts()[0]


@pytest.mark.parametrize(
    ("line", "option", "value"),
    [
        ('--params {"depth": 3, "name": "a b"}', "params", {"depth": 3, "name": "a b"}),
        ("--params '{\"depth\": 3}'", "params", {"depth": 3}),
        ("--params settings", "params", {"k": 1}),
        ("--fill 0", "fill", 0),
        ("--fill -1.5", "fill", -1.5),
        ('--fill "none"', "fill", "none"),
        ("--fill means", "fill", {"a": 2}),
        ("--timeout 2.5", "timeout", 2.5),
        ("", "params", None),
        ("", "fill", None),
    ],
)
def test_options_take_json_and_variables(notebook, line: str, option: str, value: object) -> None:
    notebook.shell.user_ns |= {"settings": {"k": 1}, "means": {"a": 2}}
    assert notebook.run(f"%%mdm predict m.onnx {line}\nflights") is None
    assert notebook.cluster.asked("submit")[0][2][option] == value


@pytest.mark.parametrize(
    ("word", "path"),
    [
        ("{folder}/m.onnx", "out/m.onnx"),
        ("$folder/m.onnx", "out/m.onnx"),
        ("model", "deep/er.onnx"),
        ("path", "deep/path.onnx"),
        ("unknown", "unknown"),
        ('"with space.onnx"', "with space.onnx"),
        ("flights", "flights"),
    ],
)
def test_a_model_is_a_path_or_a_variable(notebook, word: str, path: str) -> None:
    notebook.shell.user_ns |= {"folder": "out", "model": "deep/er.onnx", "path": Path("deep/path.onnx")}
    notebook.run(f"%%mdm predict {word}\nflights")
    assert notebook.cluster.asked("submit")[0][0] == path


def test_a_file_goes_before_a_variable_of_its_name(notebook) -> None:
    Path("model").touch()
    notebook.shell.user_ns["model"] = "other.onnx"
    notebook.run("%%mdm predict model\nflights")
    assert notebook.cluster.asked("submit")[0][0] == "model"


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("%mdm fly", "%mdm has no command 'fly'"),
        ("%mdm scale", "arguments are required: N"),
        ("%mdm scale none", "'none' is not a whole number from 1 on"),
        ("%mdm start -n 0", "'0' is not a whole number from 1 on"),
        ("%mdm predict m.onnx", "No frame: write"),
        ("%mdm predict m.onnx flights --depth 3", "there is no option --depth"),
        ("%%mdm predict m.onnx flights\nflights", "'flights' is too much"),
        ("%%mdm status\nx", "write %mdm status, with one %"),
        ("%%mdm predict m.onnx -o 1st\nflights", "'1st' cannot be the name of a variable"),
        ("%%mdm predict m.onnx -o class\nflights", "'class' cannot be the name of a variable"),
        ("%%mdm predict m.onnx -o\nflights", "-o wants a value"),
        ("%%mdm predict m.onnx\nx = 3", "line 2 is: x = 3"),
        ("%%mdm predict m.onnx\n# nothing", "The cell's body is empty"),
        ("%%mdm predict {folder}/m.onnx\nflights", "name 'folder' is not defined"),
        ("%%mdm predict m.onnx --params {1}\nflights", "--params {1} is neither JSON"),
        ("%%mdm predict m.onnx --params flights.a\nflights", "neither JSON"),
        ("%%mdm predict m.onnx --params 3\nflights", "--params is a int"),
        ("%%mdm predict m.onnx --timeout soon\nflights", "not a number of seconds"),
        ("%mdm cancel", "No run of this kernel goes on"),
    ],
)
def test_a_mistake_in_the_line_is_one_line_and_runs_nothing(notebook, cell: str, said: str) -> None:
    error = notebook.run(cell)
    assert isinstance(error, UsageError)
    assert said in str(error)
    assert "\n" not in str(error)
    assert notebook.cluster.asked("submit") == []


def test_an_error_in_the_body_points_at_the_line_of_the_cell(notebook) -> None:
    error = notebook.run("%%mdm predict m.onnx\nx = 1\nflights['no such column']")
    assert isinstance(error, KeyError)
    trace, lines = error.__traceback__, []
    while trace is not None:
        lines.append((trace.tb_frame.f_code.co_filename, trace.tb_lineno))
        trace = trace.tb_next
    names = [name for name, line in lines if line == 3 and name in notebook.shell.compile._filename_map]
    assert len(names) == 1
    assert notebook.shell.compile._filename_map[names[0]] == 1
    assert notebook.variable("x") == 1


def test_the_body_may_use_what_ipython_adds_to_python(notebook) -> None:
    assert notebook.run("%%mdm predict m.onnx\nhere = %pwd\nflights;") is None
    assert notebook.variable("here")


# --- errors ------------------------------------------------------------------------------------------------


def test_without_a_cluster_the_error_says_how_to_start_one(notebook) -> None:
    error = notebook.run("%%mdm predict m.onnx --name gpu\nflights")
    assert isinstance(error, errors.NoClusterError)
    assert error.remedy == "Start one first: %mdm start --name gpu"
    assert error.remedy in notebook.texts()[0]


def test_an_error_is_a_box_and_one_line_instead_of_pages_of_frames(notebook, monkeypatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise errors.FrameInvalidError("3 is no frame.\nIt is an int.", remedy="Give a dataframe.")

    monkeypatch.setattr(notebook.cluster, "submit", refuse)
    error = notebook.run("%%mdm predict m.onnx -o x\n3")
    assert error._render_traceback_() == ["FrameInvalidError: 3 is no frame."]
    assert notebook.texts() == ["3 is no frame.\nIt is an int.\nGive a dataframe."]
    assert "→ x" in notebook.shown[0]["data"]["text/html"]
    assert "x" not in notebook.shell.user_ns


def test_a_run_that_fails_shows_why_keeps_its_rows_and_fails_the_cell(notebook) -> None:
    notebook.cluster.next_states = ["running", "failed"]
    notebook.cluster.next_error = errors.ModelFailedError("Gather failed.", remedy="Look at the rows.")
    error = notebook.run("%%mdm predict m.onnx -o delays\nflights")
    assert isinstance(error, errors.ModelFailedError)
    assert error._render_traceback_() == ["ModelFailedError: Gather failed."]
    assert "Gather failed." in notebook.texts()[-1]
    assert len(notebook.variable("delays")) == 1


def test_an_interrupt_cancels_the_run_keeps_its_rows_and_interrupts_the_cell(notebook) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    notebook.cluster.on_wait = interrupt
    error = notebook.run("%%mdm predict m.onnx -o delays\nflights")
    assert isinstance(error, KeyboardInterrupt)
    assert notebook.cluster.runs[0].was_cancelled
    assert "cancelled after" in notebook.texts()[-1]
    assert len(notebook.variable("delays")) == 1
    assert error._render_traceback_() == ["KeyboardInterrupt"]


# --- clusters ----------------------------------------------------------------------------------------------


def test_start_starts_a_cluster_with_what_was_asked_and_shows_it(notebook) -> None:
    assert notebook.run("%mdm start -n 3 --device-map -1 --max-batch-size 512 --detach") is None
    assert notebook.started == [(3, "default", {"device_map": "-1", "max_batch_size": 512, "detach": True})]
    assert "3 workers" in notebook.texts()[0]


def test_start_run_again_keeps_the_cluster_and_gives_it_the_size(notebook) -> None:
    notebook.run("%mdm start -n 2")
    notebook.run("%mdm start")
    assert notebook.cluster.asked("scale") == []
    notebook.run("%mdm start -n 4")
    assert notebook.cluster.asked("scale") == [4]
    assert len(notebook.started) == 1
    assert "4 workers" in notebook.texts()[-1]


def test_start_starts_anew_where_the_cluster_was_lost(notebook) -> None:
    notebook.run("%mdm start -n 2")
    lost, notebook.cluster = notebook.cluster, FakeCluster()
    lost.is_lost = True
    assert notebook.run("%mdm start -n 2") is None
    assert len(notebook.started) == 2
    assert lost.asked("close")


def test_a_cluster_that_was_replaced_is_found_again(notebook) -> None:
    notebook.run("%mdm status")
    lost, notebook.cluster = notebook.cluster, FakeCluster()
    lost.is_lost = True
    assert notebook.run("%%mdm predict m.onnx\nflights") is None
    assert len(notebook.cluster.asked("submit")) == 1


@pytest.mark.parametrize(
    ("line", "call", "given"),
    [
        ("scale 3", "scale", 3),
        ("load {folder}/m.onnx", "load", "out/m.onnx"),
        ("unload m.onnx", "unload", "m.onnx"),
        ("terminate", "terminate", False),
        ("terminate --now", "terminate", True),
    ],
)
def test_commands_ask_the_cluster(notebook, line: str, call: str, given: object) -> None:
    notebook.shell.user_ns["folder"] = "out"
    assert notebook.run(f"%mdm {line}") is None
    assert notebook.cluster.asked(call) == [given]
    assert len(notebook.shown) == 1


def test_terminate_lets_go_of_the_cluster(notebook) -> None:
    notebook.run("%mdm start")
    notebook.run("%mdm terminate")
    assert notebook.cluster.asked("close")
    assert notebook.texts()[-1] == "default   terminated"


def test_cancel_ends_the_run_that_goes_on(notebook) -> None:
    notebook.run("%%mdm predict m.onnx\nflights")
    run = mdm_last_run()
    run.states = ["running"]
    assert notebook.run("%mdm cancel") is None
    assert run.was_cancelled


def test_cancel_reaches_a_run_of_another_kernel_by_the_start_of_its_id(notebook) -> None:
    notebook.run("%%mdm predict m.onnx\nflights")
    mdm_last_run().states = ["running"]
    assert isinstance(notebook.run("%mdm cancel ffff"), UsageError)
    assert notebook.run("%mdm cancel 0a1b") is None
    assert notebook.cluster.asked("cancel") == ["0a1b2c3d"]


def test_the_last_run_is_there_for_its_timings(notebook) -> None:
    assert mdm_last_run() is None
    notebook.run("%%mdm predict m.onnx\nflights")
    assert mdm_last_run() is notebook.cluster.runs[-1]


def mdm_last_run() -> Any:
    return latest.last_run()


# --- what every kernel gets --------------------------------------------------------------------------------


def test_help_names_every_command(notebook, capsys: pytest.CaptureFixture[str]) -> None:
    for cell in ("%mdm", "%mdm help", "%mdm?"):
        assert notebook.run(cell) is None
        said = capsys.readouterr().out
        for command in (
            "start",
            "predict",
            "status",
            "scale",
            "load",
            "unload",
            "runs",
            "cancel",
            "terminate",
        ):
            assert f"%mdm {command}" in said, cell


def test_the_startup_file_leaves_no_name_behind(notebook) -> None:
    assert not [name for name in notebook.shell.user_ns if "mdm" in name]
