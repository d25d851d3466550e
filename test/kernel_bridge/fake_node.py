"""A stand-in for Node: a script that is run as `MDM_NODE`, and is given the command line."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

#: Plays a cluster, in a process of its own, that serves until its standard input closes.
CLUSTER = """
import sys
sys.path[:0] = {paths!r}
from pathlib import Path
from jupyterlab_mdm.client.connection import runtime_dir
from fake_broker import FakeBroker
print("starting", flush=True)
broker = FakeBroker(runtime_dir(), sys.argv[sys.argv.index("--name") + 1])
print('{{"event": "ready", "name": "' + broker.name + '"}}', flush=True)
if "--end-with-stdin" in sys.argv:
    import threading
    threading.Thread(target=lambda: (sys.stdin.read(), broker.stop()), daemon=True).start()
broker._thread.join()
broker.path.unlink(missing_ok=True)
"""


def pretend_node(monkeypatch: pytest.MonkeyPatch, folder: Path, body: str) -> Path:
    """Makes `body` what runs in the place of Node."""
    node = folder / "node"
    node.write_text(f"#!{sys.executable}\n{body}")
    node.chmod(0o755)
    monkeypatch.setenv("MDM_NODE", str(node))
    return node


def pretend_cluster(monkeypatch: pytest.MonkeyPatch, folder: Path) -> Path:
    """Makes every start one of a cluster that answers as `FakeBroker` does."""
    here = Path(__file__).parent
    paths = [str(here), str(here.parents[1] / "kernel-bridge")]
    return pretend_node(monkeypatch, folder, CLUSTER.format(paths=paths))
