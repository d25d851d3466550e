"""A runtime folder of its own for each test that wants one, and a broker in this process."""

from __future__ import annotations

import pytest
from fake_broker import FakeBroker

import jupyterlab_mdm as mdm


@pytest.fixture
def runtime(tmp_path, monkeypatch):
    """The folder in which this test's connection files are."""
    folder = tmp_path / "runtime"
    folder.mkdir(mode=0o700)
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(folder))
    return folder


@pytest.fixture
def broker(runtime):
    """A cluster named default that does as it is told."""
    broker = FakeBroker(runtime)
    yield broker
    broker.stop()


@pytest.fixture
def connected(broker):
    """The client of that cluster."""
    with mdm.connect() as cluster:
        yield cluster
