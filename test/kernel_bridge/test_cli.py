"""The commands: what Node is given, and what Python keeps."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from fake_node import pretend_node

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the stand-in for Node is a script")

SAYS_WHAT_IT_GOT = """
import json, os, sys
print(json.dumps([sys.argv[1:], os.environ["JUPYTER_RUNTIME_DIR"], os.getpid()]))
sys.exit(7)
"""


def command(function, *arguments):
    code = f"import sys; from jupyterlab_mdm.command import cli; sys.exit(cli.{function}())"
    process = subprocess.Popen(
        [sys.executable, "-c", code, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    out, err = process.communicate(timeout=20)
    return process, out, err


@pytest.mark.parametrize(
    ("function", "arguments", "given"),
    [
        ("main", ["status", "--json"], ["status", "--json"]),
        ("main", [], []),
        ("main", ["start", "predict"], ["start", "predict"]),
        (
            "server_start",
            ["-port=5555", "-num_worker", "2"],
            ["server-start", "-port=5555", "-num_worker", "2"],
        ),
        ("server_terminate", ["-ip", "localhost"], ["server-terminate", "-ip", "localhost"]),
    ],
)
def test_node_takes_the_place_of_the_command(runtime, monkeypatch, tmp_path, function, arguments, given):
    pretend_node(monkeypatch, tmp_path, SAYS_WHAT_IT_GOT)
    process, out, _ = command(function, *arguments)
    (script, *rest), folder, pid = json.loads(out)
    assert script.endswith("_node/cli.mjs")
    assert (rest, folder, pid, process.returncode) == (given, str(runtime), process.pid, 7)


def test_a_missing_node_is_one_line_and_a_remedy(monkeypatch):
    monkeypatch.setenv("MDM_NODE", "/not/there")
    process, _, err = command("main", "status")
    assert process.returncode == 1
    assert err.splitlines()[0] == "mdm: MDM_NODE names /not/there, which cannot be run."
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("code", "unwanted"),
    [
        ("import jupyterlab_mdm", {"typing", "zmq", "pyarrow", "numpy", "json"}),
        ("import jupyterlab_mdm.command.cli", {"zmq", "pyarrow", "numpy", "asyncio"}),
    ],
)
def test_what_every_start_pays_for_is_light(code, unwanted):
    asked = f"import sys; {code}; print(*sys.modules)"
    out = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True).stdout
    assert unwanted.isdisjoint(out.split())


def test_every_public_name_is_there():
    import jupyterlab_mdm

    assert all(getattr(jupyterlab_mdm, name).__name__ for name in jupyterlab_mdm.__all__)
    assert set(jupyterlab_mdm.__all__) <= set(dir(jupyterlab_mdm))
    with pytest.raises(AttributeError, match="nothing_of_that_name"):
        _ = jupyterlab_mdm.nothing_of_that_name


def test_every_error_of_the_family_is_public():
    import jupyterlab_mdm
    from jupyterlab_mdm.errors import ERROR_CLASSES

    assert {cls.__name__ for cls in ERROR_CLASSES.values()} <= set(jupyterlab_mdm.__all__)
