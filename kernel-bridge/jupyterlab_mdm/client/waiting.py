"""Waiting that an interrupt ends, whatever a library did to the handler of SIGINT."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

#: An interrupt waits at most so long.
INTERRUPT_S = 0.05


def wait_for(changed: threading.Condition, ready: Callable[[], bool], timeout: float | None) -> bool:
    """As `changed.wait_for`, whose lock is held; in the main thread, which interrupts reach, in slices.

    polars, once used, leaves the handler of SIGINT in a way (SA_RESTART) that lets a wait for a lock go on as
    if nothing had happened; between two slices Python looks for itself.
    """
    if threading.current_thread() is not threading.main_thread():
        return changed.wait_for(ready, timeout)
    end = None if timeout is None else time.monotonic() + timeout
    while not ready():
        left = INTERRUPT_S if end is None else end - time.monotonic()
        if left <= 0:
            return False
        changed.wait(min(left, INTERRUPT_S))
    return True
