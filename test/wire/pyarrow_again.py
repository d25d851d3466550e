"""Reads an Arrow stream from stdin and writes its schema message and batch message again."""

import sys

import pyarrow as pa

reader = pa.ipc.open_stream(sys.stdin.buffer.read())
batch = reader.read_next_batch()
batch.validate(full=True)
schema_message = reader.schema.serialize().to_pybytes()
sys.stdout.buffer.write(len(schema_message).to_bytes(4, "little"))
sys.stdout.buffer.write(schema_message + batch.serialize().to_pybytes())
