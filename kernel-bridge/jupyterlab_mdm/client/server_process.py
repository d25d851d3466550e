"""A cluster that this process started. In: the options of `mdm.start`; out: a running Node side that ends
with this process, because it watches the pipe that this process holds.
"""

from __future__ import annotations

import json
import os
import subprocess
import threading
import weakref
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import IO, Any

from ..errors import BadOptionError, MdmTimeoutError, WorkerCannotStartError, error_from_document
from .node_side import node_command, node_environment

START_S = 30.0
#: What an ending cluster gets for each of: ending by itself, ending on SIGTERM, being gone after SIGKILL.
_STEP_S = 5.0
#: Last words that an error quotes.
_TAIL_LINES = 20

Banner = dict[str, Any]


def start_arguments(name: str, num_worker: int | None, options: Mapping[str, object]) -> list[str]:
    """The command line of `mdm start`: every keyword becomes `--kebab value`, True a bare flag.

    None and False are left out, a list or tuple is joined by commas.
    """
    arguments = ["start", "--json", "--name", name]
    for key, value in {"num_worker": num_worker, **options}.items():
        flag = f"--{key.replace('_', '-')}"
        if value is None or value is False:
            continue
        arguments += [flag] if value is True else [flag, _spelled(key, value)]
    return arguments


def _spelled(key: str, value: object) -> str:
    if isinstance(value, list | tuple):
        return ",".join(_spelled(key, item) for item in value)
    if isinstance(value, str | int | float | os.PathLike):
        return os.fspath(value) if isinstance(value, os.PathLike) else str(value)
    raise BadOptionError(
        f"The option {key} cannot be {value!r}.",
        remedy="Give text, a number, True, or a list of these.",
        details={"option": key},
    )


class ServerProcess:
    """The process of a cluster, from its start to its end; owned by the process that started it."""

    def __init__(self, arguments: Sequence[str], *, detach: bool) -> None:
        self.is_detached = detach
        self._owner = os.getpid()
        self._announced: SimpleQueue[Banner | None] = SimpleQueue()
        self._last_words: deque[str] = deque(maxlen=_TAIL_LINES)
        staying = [] if detach else ["--foreground", "--end-with-stdin"]
        self._process = subprocess.Popen(
            node_command(*arguments, *staying),
            stdin=subprocess.DEVNULL if detach else subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf8",
            errors="replace",
            env=node_environment(),
            # The notebook's interrupt goes to the kernel's process group: the cluster must not be in it.
            start_new_session=True,
        )
        _in_thread(_announce, self._process.stdout, self._announced.put)
        self._listener = _in_thread(_keep, self._process.stderr, self._last_words.append)
        _STARTED.add(self)

    def wait_until_ready(self, timeout: float = START_S) -> Banner:
        """The banner of the started cluster; `timeout` in seconds.

        Raises what the Node side says, `WorkerCannotStartError` when it ends silently, `MdmTimeoutError`.
        """
        try:
            banner = self._announced.get(timeout=timeout)
        except Empty:
            raise MdmTimeoutError(
                f"The cluster was not ready within {timeout:g} s.",
                remedy=self._said() or "Start it in a terminal to see why: mdm start --foreground --verbose.",
                details={"timeout_s": timeout},
            ) from None
        if banner is None:
            raise self._ended_early()
        if banner["event"] == "error":
            raise error_from_document(dict(banner.get("error") or {}))
        if self.is_detached:
            # The process that detached the cluster has nothing more to do.
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(_STEP_S)
        return banner

    def close(self) -> None:
        """Lets go of the pipe, at which the cluster ends by itself; does not wait for it."""
        if os.getpid() == self._owner:
            self.let_go()

    def finish(self) -> None:
        """Sees to it that the process is gone: asks, then insists. Leaves a detached cluster alone."""
        self.close()
        if os.getpid() != self._owner or self.is_detached:
            return
        for insist in (self._process.terminate, self._process.kill):
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(_STEP_S)
                return
            insist()
        self._process.wait(_STEP_S)

    def kill(self) -> None:
        """Ends it at once, for a start that did not come to its end."""
        self._process.kill()
        self.let_go()
        self._process.wait(_STEP_S)

    def let_go(self) -> None:
        """Closes this process's end of the pipe."""
        _STARTED.discard(self)
        if self._process.stdin is not None:
            # What is broken already is closed enough.
            with suppress(OSError):
                self._process.stdin.close()

    def _ended_early(self) -> WorkerCannotStartError:
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_STEP_S)
        self._listener.join(_STEP_S)
        return WorkerCannotStartError(
            f"The cluster ended before it was ready (exit code {self._process.returncode}).",
            remedy=self._said() or "Start it in a terminal to see why: mdm start --foreground --verbose.",
            details={"exit_code": self._process.returncode},
        )

    def _said(self) -> str:
        said = "\n".join(self._last_words)
        return f"It said:\n{said}" if said else ""


#: Whose pipes a forked child lets go of: it would keep the clusters alive after their owner's end.
_STARTED: weakref.WeakSet[ServerProcess] = weakref.WeakSet()


def _let_go_in_child() -> None:
    for server in list(_STARTED):
        server.let_go()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_let_go_in_child)


def _in_thread(read: Callable[[IO[str], Any], None], stream: IO[str] | None, put: object) -> threading.Thread:
    thread = threading.Thread(target=read, args=(stream, put), name="mdm-start", daemon=True)
    thread.start()
    return thread


def _announce(stream: IO[str], put: Callable[[Banner | None], None]) -> None:
    """Puts the banner, then reads on so that the pipe never fills; None where the end comes first."""
    with stream:
        for line in stream:
            banner = _banner(line)
            if banner is not None:
                put(banner)
        put(None)


def _keep(stream: IO[str], put: Callable[[str], None]) -> None:
    with stream:
        for line in stream:
            put(line.rstrip())


def _banner(line: str) -> Banner | None:
    try:
        document = json.loads(line)
    except ValueError:
        return None
    wanted = isinstance(document, dict) and document.get("event") in ("ready", "error")
    return document if wanted else None
