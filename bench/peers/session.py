"""What runs in every peer's process. In: the arrays of a chunk; out: the model's output. The session is made
once a process and kept.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import onnxruntime as ort

#: A run that takes longer hangs.
LIMIT_S = 600


class Model:
    """A session on the CPU; 0 threads stands for one a core."""

    def __init__(self, path: str, threads: int = 1) -> None:
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        self._session = ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])

    def infer(self, feeds: dict[str, np.ndarray]) -> np.ndarray:
        """The first output for one chunk."""
        output: np.ndarray = self._session.run(None, feeds)[0]
        return output


_kept = cache(Model)


def infer(path: str, feeds: dict[str, np.ndarray]) -> np.ndarray:
    """The first output for one chunk, by the session that this process keeps for the model."""
    return _kept(path).infer(feeds)
