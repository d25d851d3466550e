"""What may come next in a line of %mdm."""

from __future__ import annotations

from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from jupyterlab_mdm.notebook.completion import complete, models
from jupyterlab_mdm.notebook.lazy import offer_completions

#: No test writes to the history of whoever runs it.
IN_MEMORY = Config({"HistoryManager": {"hist_file": ":memory:"}})


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "out").mkdir()
    for name in ("flights.onnx", "mlp.onnx", "notes.txt", "out/deep.onnx", "out/deep.csv"):
        (tmp_path / name).touch()
    return tmp_path


@pytest.mark.parametrize(
    ("line", "options"),
    [
        ("%mdm st", ["start", "status"]),
        ("%%mdm pre", ["predict"]),
        ("%mdm fly", []),
        ("%mdm fly x", []),
        ("%mdm start --d", ["--device-map", "--detach"]),
        ("%mdm start --detach --d", ["--device-map"]),
        ("%mdm predict ", ["flights.onnx", "mlp.onnx", "out/"]),
        ("%%mdm predict fl", ["flights.onnx"]),
        ("%mdm predict out/", ["out/deep.onnx"]),
        ("%mdm predict ~/fl", ["~/flights.onnx"]),
        ("%mdm load m", ["mlp.onnx"]),
        ("%mdm unload m", ["mlp.onnx"]),
        ("%mdm predict --batch 10 m", ["mlp.onnx"]),
        # A frame's expression and a new variable's name are for IPython to complete.
        ("%mdm predict mlp.onnx m", []),
        ("%mdm predict mlp.onnx -o m", []),
        ("%mdm predict mlp.onnx --params se", ["settings"]),
        ("%mdm status m", []),
    ],
)
def test_offers_what_fits(line: str, options: list[str]) -> None:
    symbol = "" if line.endswith(" ") else line.rsplit(maxsplit=1)[-1]
    assert complete(line, symbol, {"settings": {}, "series": 3, "_se": {}}) == options


def test_gives_back_only_what_stands_for_the_symbol() -> None:
    assert complete("%mdm predict {x}/../fl", "/../fl", {}) == []
    assert complete("%mdm predict out/de", "de", {}) == ["deep.onnx"]


def test_offers_the_clusters_that_left_a_connection_file(folder: Path, monkeypatch) -> None:
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(folder))
    (folder / "mdm-gpu.json").touch()
    assert complete("%mdm status --name ", "", {}) == ["gpu"]


def test_a_folder_that_is_not_there_holds_no_models() -> None:
    assert models("nowhere/x") == []


def test_the_shell_offers_them_for_lines_and_cells() -> None:
    shell = InteractiveShell(config=IN_MEMORY)
    offer_completions(shell)
    offer_completions(shell)
    for line in ("%mdm predict fl", "%%mdm predict fl"):
        assert shell.complete("", line, len(line))[1] == ["flights.onnx"]
    line = "%mdm cancel fl"
    assert "flights.onnx" in shell.complete("", line, len(line))[1]
