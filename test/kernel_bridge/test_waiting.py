"""Waiting that an interrupt ends."""

from __future__ import annotations

import signal
import sys
import threading

import pytest

from jupyterlab_mdm.client.waiting import wait_for


@pytest.fixture
def restarting():
    """SIGINT as polars leaves it: system calls go on after its handler, and so do waits for a lock."""
    before = signal.getsignal(signal.SIGINT)
    signal.siginterrupt(signal.SIGINT, False)
    yield
    signal.signal(signal.SIGINT, before)


def test_an_interrupt_is_felt_though_waits_for_locks_are_restarted(restarting):
    main = threading.main_thread().ident

    def interrupt():
        while not is_waiting(main):
            pass
        signal.pthread_kill(main, signal.SIGINT)

    threading.Thread(target=interrupt).start()
    changed = threading.Condition()
    with pytest.raises(KeyboardInterrupt), changed:
        wait_for(changed, lambda: False, timeout=None)


def is_waiting(thread):
    frame = sys._current_frames()[thread]
    while frame is not None:
        if frame.f_code is wait_for.__code__:
            return True
        frame = frame.f_back
    return False


def test_a_wait_ends_by_its_limit_and_by_what_it_waits_for():
    changed = threading.Condition()
    with changed:
        assert not wait_for(changed, lambda: False, timeout=0.01)
        assert wait_for(changed, lambda: True, timeout=None)
