"""Executes a notebook as "Run all" does. In: a notebook; out: the executed one, and an exit code.

    python run_notebook.py flights.ipynb out/flights.executed.ipynb

The kernel is this very Python, whatever kernels are installed; a cell that fails ends it.
"""

from __future__ import annotations

import sys
from pathlib import Path

import nbformat
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

#: For one cell.
CELL_S = 300


class ThisPython(AsyncKernelManager):
    """Starts kernels in the Python that runs this file."""

    @property
    def kernel_spec(self) -> KernelSpec:
        """Instead of one that is looked up in the folders of Jupyter."""
        argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}", "--log-level=ERROR"]
        return KernelSpec(argv=argv, display_name="Python 3 (ipykernel)", language="python")


def execute(source: Path, target: Path) -> str | None:
    """Executes it in its own folder and writes what came of it; returns the error of the cell that failed."""
    notebook = nbformat.read(source, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=CELL_S,
        # Times of day would make every run of the same notebook another file.
        record_timing=False,
        kernel_manager_class=ThisPython,
        resources={"metadata": {"path": str(source.parent)}},
    )
    try:
        client.execute()
    except CellExecutionError as error:
        return str(error)
    finally:
        target.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(notebook, target)
    return None


def main() -> int:
    """Reads the command line; 0 where every cell ran."""
    source, target = (Path(argument).resolve() for argument in sys.argv[1:3])
    failed = execute(source, target)
    if failed is not None:
        print(failed, file=sys.stderr)
    return int(failed is not None)


if __name__ == "__main__":
    sys.exit(main())
