"""What every test may use: the models, a private runtime folder, clusters, and reference predictions."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

import jupyterlab_mdm as mdm

ROOT = Path(__file__).parent.parent
#: Sockets lie there, whose paths may have 107 bytes.
SHORT = "/tmp"


@pytest.fixture(scope="session")
def models() -> Path:
    """The folder of the test models, made where they are not there yet."""
    folder = Path(os.environ.get("MDM_TEST_MODELS", ROOT / ".cache" / "test-models"))
    if not (folder / "mlp.onnx").exists():
        subprocess.run([sys.executable, str(ROOT / "test/models/make.py"), str(folder)], check=True)
    return folder


@pytest.fixture(scope="session", autouse=True)
def runtime_folder() -> Iterator[Path]:
    """No test sees a cluster of the user's, and none leaves anything behind: sockets and connection files."""
    with (
        tempfile.TemporaryDirectory(prefix="mdm-test-", dir=SHORT) as folder,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setenv("JUPYTER_RUNTIME_DIR", folder)
        yield Path(folder)
        assert os.listdir(folder) == [], "a cluster left something behind"


@pytest.fixture(scope="session")
def cluster(runtime_folder: Path) -> Iterator[mdm.Cluster]:
    """Two workers, shared by all tests that leave them as they were."""
    with mdm.start(num_worker=2, name="shared") as started:
        yield started


@pytest.fixture(scope="session")
def reference() -> Callable[..., list[np.ndarray]]:
    """Predictions of onnxruntime in this process: what every answer of a cluster is held against."""

    def predict(path: Path, **inputs: np.ndarray) -> list[np.ndarray]:
        session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        return session.run(None, inputs)

    return predict
