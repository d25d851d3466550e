"""`mdm predict`, from file to file."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import threading

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.feather
import pyarrow.parquet
import pytest
from fake_broker import PATIENCE_S

import jupyterlab_mdm as mdm
from jupyterlab_mdm.command.predict_command import predict
from jupyterlab_mdm.wire import messages

ROWS = 1000


@pytest.fixture(autouse=True)
def signals():
    """As they were."""
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.fixture
def table():
    a = np.arange(ROWS, dtype=np.float32)
    return pa.table({"a": a, "b": a * 2, "name": [f"row {row}" for row in range(ROWS)]})


def write(table, path):
    match path.suffix:
        case ".parquet":
            pyarrow.parquet.write_table(table, path, row_group_size=300)
        case ".arrow" | ".feather":
            pyarrow.feather.write_feather(table, path, compression="uncompressed", chunksize=300)
        case ".arrows":
            with pa.ipc.new_stream(path, table.schema) as stream:
                stream.write_table(table, max_chunksize=300)
        case ".csv":
            pyarrow.csv.write_csv(table, path)
    return str(path)


def read(path):
    match path.suffix:
        case ".parquet":
            return pyarrow.parquet.read_table(path)
        case ".arrow" | ".feather":
            return pyarrow.feather.read_table(path)
        case ".arrows":
            return pa.ipc.open_stream(path.read_bytes()).read_all()
        case ".csv":
            return pyarrow.csv.read_csv(path)


SUMS = np.arange(ROWS) * 3


@pytest.mark.parametrize("suffix", [".parquet", ".arrow", ".feather", ".arrows", ".csv"])
def test_every_format_is_read_and_written(broker, table, tmp_path, suffix, capsys):
    out = tmp_path / f"out{suffix}"
    given = write(table, tmp_path / f"in{suffix}")
    assert predict(["sum.onnx", given, "-o", str(out), "--columns", "a, b"]) == 0
    result = read(out)
    assert result.column_names == ["y"]
    np.testing.assert_array_equal(result["y"], SUMS)
    said = capsys.readouterr()
    assert said.err.startswith("1,000 rows in ")
    assert said.err.endswith("2 workers\n")
    assert said.out == ""


def test_the_columns_of_the_input_are_kept_beside_the_predictions(broker, table, tmp_path):
    out = tmp_path / "out.parquet"
    given = write(table, tmp_path / "in.arrow")
    options = ["--columns", "b,a", "--keep", "--batch", "70", "--quiet"]
    assert predict(["sum.onnx", given, "-o", str(out), *options]) == 0
    result = read(out)
    assert result.column_names == ["a", "b", "name", "y"]
    assert result.select(["a", "b", "name"]).equals(table)
    np.testing.assert_array_equal(result["y"], SUMS)


def test_small_chunks_become_row_groups_that_are_worth_reading(broker, table, tmp_path):
    out = tmp_path / "out.parquet"
    given = write(table, tmp_path / "in.parquet")
    assert predict(["sum.onnx", given, "-o", str(out), "--columns", "a,b", "--batch", "10"]) == 0
    assert pyarrow.parquet.ParquetFile(out).num_row_groups == 1


def test_a_table_without_rows_becomes_one_without_rows(broker, table, tmp_path):
    out = tmp_path / "out.parquet"
    given = write(table.slice(0, 0), tmp_path / "in.parquet")
    assert predict(["sum.onnx", given, "-o", str(out), "--columns", "a,b", "--keep"]) == 0
    assert (read(out).num_rows, read(out).column_names) == (0, ["a", "b", "name", "y"])


def test_standard_input_and_output_are_arrow_streams(broker, table):
    given = io.BytesIO()
    with pa.ipc.new_stream(given, table.schema) as stream:
        stream.write_table(table)
    code = "import sys; from jupyterlab_mdm.command.cli import main; sys.argv[0] = 'mdm'; sys.exit(main())"
    command = [sys.executable, "-c", code, "predict", "sum.onnx", "-", "-o", "-", "--columns", "a,b"]
    ended = subprocess.run(
        command, input=given.getvalue(), capture_output=True, timeout=PATIENCE_S, check=False
    )
    assert ended.returncode == 0, ended.stderr
    np.testing.assert_array_equal(pa.ipc.open_stream(ended.stdout).read_all()["y"], SUMS)


def test_options_reach_the_run(broker, table, tmp_path):
    given = write(table, tmp_path / "in.parquet")
    options = ["--params", '{"top": 3}', "--fill", "0.5", "--columns", "a,b"]
    assert predict(["sum.onnx", given, "-o", str(tmp_path / "out.csv"), *options]) == 0
    assert broker.wait_for(messages.Submit)[0].params == {"top": 3}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["in.parquet", "-o", "out.txt"], "mdm: What out.txt holds cannot be told"),
        (["nothing.parquet", "-o", "out.csv"], "nothing.parquet"),
        (["broken.parquet", "-o", "out.csv"], "mdm: broken.parquet cannot be read"),
        (["in.parquet", "-o", "out.csv", "--columns", "a,z"], "no column z.\nIt has: a, b, name."),
        (["in.parquet", "-o", "out.csv"], "mdm: "),
        (["in.parquet", "-o", "out.csv", "--columns", "a,b", "--batch", "0"], "mdm: batch is 0"),
        (["in.parquet", "-o", "out.csv", "--columns", "a,b", "--name", "../x"], "cannot be the name"),
    ],
)
def test_bad_input_is_said_in_a_line_and_leaves_nothing(
    broker, table, tmp_path, monkeypatch, capsys, arguments, says
):
    monkeypatch.chdir(tmp_path)
    write(table, tmp_path / "in.parquet")
    (tmp_path / "broken.parquet").write_bytes(b"PAR1 or not")
    before = sorted(os.listdir(tmp_path))
    assert predict(["sum.onnx", *arguments]) == 2
    error = capsys.readouterr().err
    assert says in error
    assert "Traceback" not in error
    assert sorted(os.listdir(tmp_path)) == before


@pytest.mark.parametrize(
    "arguments", [["--params", "3"], ["--params", "{"], ["--batch", "x"], ["--unknown"], ["-o"]]
)
def test_bad_usage_ends_with_two(arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        predict(["sum.onnx", "in.parquet", "-o", "out.csv", *arguments])
    assert ended.value.code == 2
    assert "usage: mdm predict" in capsys.readouterr().err


def test_without_a_cluster_the_command_fails_and_says_how_to_start_one(runtime, table, tmp_path, capsys):
    given = write(table, tmp_path / "in.parquet")
    assert predict(["sum.onnx", given, "-o", str(tmp_path / "out.csv"), "--columns", "a,b"]) == 1
    assert "mdm start --name default" in capsys.readouterr().err


def test_rows_that_fail_fail_the_command_and_leave_the_old_output(broker, table, tmp_path, capsys):
    def answer(message, payload):
        if isinstance(message, messages.Chunk) and message.chunk_index == 3:
            broker.fail(message, mdm.PoisonChunkError("It ended every worker."))
            return []
        return None

    broker.answer = answer
    out = tmp_path / "out.csv"
    out.write_text("old")
    given = write(table, tmp_path / "in.parquet")
    assert predict(["sum.onnx", given, "-o", str(out), "--columns", "a,b", "--batch", "10"]) == 1
    error = capsys.readouterr().err
    assert "10 of 1,000 rows failed" in error
    assert "Nothing was written." in error
    assert out.read_text() == "old"
    assert sorted(path.name for path in tmp_path.glob("*out*")) == ["out.csv"]


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_an_interrupt_leaves_nothing_half_written(broker, table, tmp_path, capsys, name):
    broker.answer = lambda message, payload: [] if isinstance(message, messages.Chunk) else None
    main = threading.main_thread().ident

    def interrupt():
        broker.wait_for(messages.Chunk)
        signal.pthread_kill(main, getattr(signal, name))

    threading.Thread(target=interrupt).start()
    given = write(table, tmp_path / "in.parquet")
    assert predict(["sum.onnx", given, "-o", str(tmp_path / "out.parquet"), "--columns", "a,b"]) == 130
    assert "mdm: interrupted" in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.glob("*out*")) == []
    broker.wait_for(messages.Cancel)


def test_csv_says_that_it_cannot_hold_lists(broker, tmp_path, capsys):
    rows = pa.table({"a": [[1.0, 2.0]], "b": [1.0], "c": [2.0]})
    given = write(rows, tmp_path / "in.parquet")
    out = str(tmp_path / "out.csv")
    assert predict(["sum.onnx", given, "-o", out, "--columns", "b,c", "--keep", "--quiet"]) == 2
    assert "CSV cannot hold lists, which a has" in capsys.readouterr().err
