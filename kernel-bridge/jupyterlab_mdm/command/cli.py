"""The commands `mdm`, `MDM-server-start` and `MDM-server-terminate`. In: the command line; out: the Node side
in the place of this process, but for `predict`, which reads and writes tables in Python. Imports little.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence

from ..client.node_side import node_command, node_environment
from ..errors import MdmError


def main() -> int:
    """`mdm …`; the exit code."""
    arguments = sys.argv[1:]
    if arguments[:1] == ["predict"]:
        from .predict_command import predict

        return predict(arguments[1:])
    return _become_node(arguments)


def server_start() -> int:
    """`MDM-server-start …`, in the original spelling of its options; the exit code."""
    return _become_node(["server-start", *sys.argv[1:]])


def server_terminate() -> int:
    """`MDM-server-terminate …`, in the original spelling of its options; the exit code."""
    return _become_node(["server-terminate", *sys.argv[1:]])


def complain(message: str, remedy: str = "") -> None:
    """Says what was wrong, and what to do, without a traceback."""
    print(f"mdm: {message}", *filter(None, [remedy]), sep="\n", file=sys.stderr, flush=True)


def _become_node(arguments: Sequence[str]) -> int:
    try:
        command, environment = node_command(*arguments), node_environment()
    except MdmError as error:
        complain(error.message, error.remedy)
        return 1
    if os.name == "nt":
        # Windows has no exec: the shell would have its prompt back before the command has ended.
        return subprocess.call(command, env=environment)
    os.execve(command[0], command, environment)
