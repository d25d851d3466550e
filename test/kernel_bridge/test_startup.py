"""What the startup file does to every kernel of an environment."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

STARTUP = Path(__file__).parents[2] / "kernel-bridge" / "startup" / "50-jupyterlab-mdm.py"
#: No test writes to the history of whoever runs it.
IN_MEMORY = Config({"HistoryManager": {"hist_file": ":memory:"}})


def run_python(script: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", script]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)


def test_a_kernel_starts_without_importing_what_the_magics_need() -> None:
    script = f"""
import sys
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
shell.safe_execfile({str(STARTUP)!r}, shell.user_ns)
assert "mdm" in shell.magics_manager.lazy_magics
heavy = ("pyarrow", "zmq", "pandas", "jupyterlab_mdm.notebook.magics")
print([name for name in heavy if name in sys.modules])
"""
    ran = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    assert ran.stdout.strip() == "[]"
    assert ran.stderr == ""


def test_a_kernel_starts_in_silence_where_the_package_is_gone() -> None:
    script = f"""
import logging, sys
from IPython.core.interactiveshell import InteractiveShell
sys.modules["jupyterlab_mdm"] = None
shell = InteractiveShell.instance()
shell.safe_execfile({str(STARTUP)!r}, shell.user_ns)
print("quiet")
logging.basicConfig(level=logging.DEBUG)
shell.safe_execfile({str(STARTUP)!r}, shell.user_ns)
"""
    ran = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    assert ran.stdout == "quiet\n"
    assert "%mdm was not registered" in ran.stderr
    assert "ModuleNotFoundError" in ran.stderr


def test_the_extension_can_be_loaded_by_hand() -> None:
    shell = InteractiveShell(config=IN_MEMORY)
    shell.run_line_magic("load_ext", "jupyterlab_mdm")
    assert "mdm" in shell.magics_manager.magics["cell"]
    assert shell.complete("", "%mdm sta", 8)[1] == ["start", "status"]
