"""Runs as values, for tests of what is shown of them: chunks on workers, at times easy to reckon with."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from jupyterlab_mdm.client.snapshot import ChunkRecord, RunSnapshot
from jupyterlab_mdm.errors import MdmError

ROWS_A_CHUNK = 1000
#: Of each chunk, in ms.
SPAN = {"decode": 1.0, "infer": 8.0, "encode": 1.0}


def chunk(index: int, workers: int = 2, **changes: Any) -> ChunkRecord:
    """Chunk ``index`` of a run that deals chunks out in turn, each worker busy without a break."""
    worker = index % workers
    done = (index // workers + 1) * sum(SPAN.values())
    settings: dict[str, Any] = {
        "index": index,
        "row_offset": index * ROWS_A_CHUNK,
        "rows": ROWS_A_CHUNK,
        "worker": worker,
        "device": f"cpu {worker}",
        "attempt": 1,
        "timings": {"serialise": 0.5, "queue": 0.2, **SPAN},
        "at": {"received": 0.0, "placed": 0.0, "done": done},
    }
    return ChunkRecord(**{**settings, **changes})


def failed_chunk(index: int, error: MdmError, rows: int = 1) -> ChunkRecord:
    """A chunk without a result, as a client records it: no worker, no times."""
    return chunk(index, rows=rows, worker=None, device="", timings={}, at={}, error=error)


def run(state: str = "running", chunks: int = 4, workers: int = 2, **changes: Any) -> RunSnapshot:
    """A run of twice as many rows as have ended, or of just those once it is done.

    ``records`` stand in for the ``chunks`` that it would make.
    """
    done = chunks * ROWS_A_CHUNK
    settings: dict[str, Any] = {
        "id": "0a1b2c3d4e5f6071",
        "model": "flights.onnx",
        "label": "delays",
        "state": state,
        "rows": done if state == "done" else 2 * done,
        "rows_done": done,
        "rows_failed": 0,
        "elapsed_s": 0.5,
        "first_rows_ms": 84.0,
        "num_worker": workers,
        "retried": 0,
        "chunks": changes.pop("records", None) or tuple(chunk(index, workers) for index in range(chunks)),
        "head": head(),
    }
    return RunSnapshot(**{**settings, **changes})


def head() -> pa.Table:
    """Ten rows of what models give: numbers, text, nulls, lists."""
    return pa.table(
        {
            "delay": pa.array([23.625, -3.423, None, *range(7)], pa.float32()),
            "carrier": ["B6", "UA", None, "<b>", *"ABCDEF"],
            "late": [True, False, None, *[True] * 7],
            "count": pa.array([1, None, 3, *range(7)], pa.int64()),
            "vector": pa.array([[0.408, -0.128, 2.0, 3.0, 4.0]] * 10, pa.list_(pa.float32(), 5)),
        }
    )
