"""`mdm predict`: a table in a file becomes a table of predictions. In: a path; out: another, whole or not
there at all. Both are read and written as streams, so that memory does not grow with the table.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from itertools import chain
from typing import Any

import pyarrow as pa

from ..client.cluster import Cluster, connect
from ..client.kept import Kept, joined_schema
from ..client.merge import PARTIAL_HINT
from ..client.run import Run
from ..errors import (
    BadOptionError,
    BindingError,
    CastOverflowError,
    FrameInvalidError,
    FrameReaderError,
    MdmError,
    ModelInvalidError,
    ModelNotFoundError,
    NullsError,
    PathNotFoundError,
)
from ..result.result_types import conformed
from .cli import complain
from .progress import Progress, summary
from .tables import Input, format_of, open_input, open_output, place_for

OK, FAILED, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130

#: What the user gave cannot be predicted; anything else is a failure.
_BAD_INPUT = (
    BadOptionError,
    BindingError,
    CastOverflowError,
    FrameInvalidError,
    FrameReaderError,
    ModelInvalidError,
    ModelNotFoundError,
    NullsError,
    PathNotFoundError,
)


def predict(arguments: Sequence[str]) -> int:
    """Runs the command; the exit code: 0 done, 1 failed, 2 bad usage or input, 130 interrupted."""
    options = _parser().parse_args(arguments)
    # Whoever ends this process may do so politely, and finds no half-written file.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        _predict(options)
    except KeyboardInterrupt:
        complain("interrupted")
        return INTERRUPTED
    except MdmError as error:
        complain(error.message, error.remedy.replace(PARTIAL_HINT, "Nothing was written."))
        return BAD_INPUT if isinstance(error, _BAD_INPUT) else FAILED
    except (OSError, pa.ArrowException) as error:
        complain(str(error))
        return BAD_INPUT if isinstance(error, FileNotFoundError) else FAILED
    return OK


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="mdm predict",
        description="Run a model over a table. Formats by suffix: .parquet, .arrow or .feather (file), "
        ".arrows (stream), .csv; - is an Arrow stream on standard input or output.",
        epilog="Exit codes: 0 done, 1 failed, 2 bad usage or input.",
    )
    parser.add_argument("model", metavar="MODEL", help="path of the model")
    parser.add_argument("input", metavar="IN", help="the table, or -")
    parser.add_argument("-o", "--output", metavar="OUT", required=True, help="the predictions, or -")
    parser.add_argument("--name", default="default", help="the cluster (default: %(default)s)")
    parser.add_argument("--params", metavar="JSON", type=_params, help="object for the model script")
    parser.add_argument("--fill", metavar="V", type=_value, help="takes the place of nulls")
    parser.add_argument("--batch", metavar="N", type=int, help="rows of a chunk (default: by time)")
    parser.add_argument("--columns", metavar="A,B,C", type=_names, help="what the model sees (default: all)")
    parser.add_argument("--keep", action="store_true", help="write the columns of IN beside the predictions")
    parser.add_argument("--quiet", action="store_true", help="neither progress nor summary")
    return parser


def _params(text: str) -> Mapping[str, Any]:
    try:
        params = json.loads(text)
    except ValueError as cause:
        raise argparse.ArgumentTypeError(f"{text!r} is not JSON: {cause}") from cause
    if not isinstance(params, dict):
        raise argparse.ArgumentTypeError(f"{text!r} is not a JSON object")
    return params


def _value(text: str) -> object:
    """A number, true or false where it reads as one; else text."""
    try:
        value: object = json.loads(text)
    except ValueError:
        return text
    return value


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",")]


def _predict(options: argparse.Namespace) -> None:
    output_format = format_of(options.output)
    table = open_input(options.input)
    seen = _seen(table.schema, options.columns)
    kept = Kept() if options.keep else None
    reader = pa.RecordBatchReader.from_batches(seen, _for_model(table, seen, kept))
    progress = Progress(table.rows, sys.stderr, shown=not options.quiet and sys.stderr.isatty())
    with connect(options.name) as cluster, progress:
        run = _submit(cluster, options, reader)
        rows = _shown(_rows(run, kept), progress)
        with place_for(options.output) as file:
            first = next(rows, None)
            schema = _schema(run, table, kept)
            with closing(open_output(file, output_format, schema)) as output:
                for batch in rows if first is None else chain([first], rows):
                    output.write(batch)
    if not options.quiet:
        print(summary(run.snapshot()), file=sys.stderr)


def _submit(cluster: Cluster, options: argparse.Namespace, reader: pa.RecordBatchReader) -> Run:
    return cluster.submit(
        options.model, reader, params=options.params, fill=options.fill, batch=options.batch
    )


def _seen(schema: pa.Schema, columns: Sequence[str] | None) -> pa.Schema:
    if columns is None:
        return schema
    missing = [name for name in columns if name not in schema.names]
    if missing:
        raise BadOptionError(
            f"The input has no column {', '.join(missing)}.",
            remedy=f"It has: {', '.join(schema.names)}.",
            details={"missing": missing, "columns": schema.names},
        )
    return pa.schema([schema.field(name) for name in columns])


def _for_model(table: Input, seen: pa.Schema, kept: Kept | None) -> Iterator[pa.RecordBatch]:
    for batch in table.batches:
        if kept is not None:
            kept.push(batch)
        yield batch.select(seen.names)


def _rows(run: Run, kept: Kept | None) -> Iterator[pa.RecordBatch]:
    for batch in run:
        # A free axis is as long as it happens to be; a file has one type for all of its rows.
        declared = conformed(batch, run.schema)
        yield declared if kept is None else kept.join(declared)


def _shown(batches: Iterator[pa.RecordBatch], progress: Progress) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        progress.add(batch.num_rows)
        yield batch


def _schema(run: Run, table: Input, kept: Kept | None) -> pa.Schema:
    """Of the output; known once there are rows, or none at all."""
    if run.schema is None:
        raise RuntimeError("a run that ended well has a schema")
    return run.schema if kept is None else joined_schema(table.schema, run.schema)
