import os
import subprocess
import sys

import pytest
from bench.processes import and_below, cpu_seconds

pytestmark = pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="needs /proc")


def test_children_are_found_and_their_time_counts():
    busy = "sum(i * i for i in range(3_000_000)); print(flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", busy], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        child.stdout.readline()
        assert {os.getpid(), child.pid} <= and_below({os.getpid()})
        assert cpu_seconds({child.pid}) > 0.05
        child.communicate("\n", timeout=10)


def test_a_process_that_has_ended_counts_nothing():
    with subprocess.Popen([sys.executable, "-c", ""]) as child:
        child.wait(timeout=10)
    assert cpu_seconds({child.pid}) == 0
