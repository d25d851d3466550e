"""Runs against a broker in this process: results, streaming, failures, and what a future promises."""

from __future__ import annotations

import dataclasses
import gc
import signal
import sys
import threading
import time
import weakref

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from fake_broker import PATIENCE_S, SUM

import jupyterlab_mdm as mdm
from jupyterlab_mdm.wire import messages


@pytest.fixture
def cluster(connected):
    return connected


def frame(rows):
    a = np.arange(rows, dtype=np.float32)
    return pd.DataFrame({"a": a, "b": a * 2}, index=pd.RangeIndex(100, 100 + rows))


def sums(rows):
    return np.arange(rows, dtype=np.float32) * 3


def batches_of(rows, count, reached=None):
    schema = pa.schema({"a": pa.float32(), "b": pa.float32()})

    def read():
        for index in range(count):
            if reached is not None:
                reached.append(index)
            a = np.arange(index * rows, (index + 1) * rows, dtype=np.float32)
            yield pa.record_batch([pa.array(a), pa.array(a * 2)], schema=schema)

    return pa.RecordBatchReader.from_batches(schema, read())


class Held:
    """Holds chunks back until a test lets them go."""

    def __init__(self, broker):
        self.broker, self.chunks = broker, []
        broker.answer = self._answer

    def _answer(self, message, payload):
        if isinstance(message, messages.Chunk):
            self.chunks.append((message, payload))
            return []
        return None

    def wait(self, count):
        self.broker.wait_for(messages.Chunk, count)

    def let_go(self, *indexes):
        for index in indexes:
            self.broker.finish_later(*self.chunks[index])

    def open(self):
        self.broker.answer = lambda message, payload: None
        self.let_go(*range(len(self.chunks)))


# --- results ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rows", [1, 16, 17, 1000, 20_000])
def test_predictions_come_in_the_order_and_with_the_index_of_the_frame(cluster, rows):
    df = frame(rows)
    predictions = cluster.predict("sum.onnx", df)
    assert predictions.index.equals(df.index)
    np.testing.assert_array_equal(predictions["y"], sums(rows))


def test_a_frame_without_rows_has_a_result_without_rows(cluster, broker):
    predictions = cluster.predict("sum.onnx", frame(0))
    assert isinstance(predictions, pd.DataFrame)
    assert list(predictions.columns) == ["y"]
    assert len(predictions) == 0
    assert broker.wait_for(messages.End) == [messages.End(broker.wait_for(messages.Submit)[0].run, 0, 0)]


def test_a_reader_of_unknown_length_is_predicted_to_its_end(cluster):
    result = cluster.predict("sum.onnx", batches_of(100, 30))
    table = result.read_all() if isinstance(result, pa.RecordBatchReader) else result
    np.testing.assert_array_equal(table["y"], sums(3000))


def test_what_is_submitted_says_what_the_user_asked_for(cluster, broker, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "here.onnx").touch()
    params = {"vocabulary_path": tmp_path / "v.txt", "top": 3}
    cluster.submit("here.onnx", frame(20), params=params, timeout=60, label="delays").result(PATIENCE_S)
    (submit,) = broker.wait_for(messages.Submit)
    assert submit.model == str(tmp_path / "here.onnx")
    assert submit.params == {"vocabulary_path": str(tmp_path / "v.txt"), "top": 3}
    assert (submit.rows, submit.deadline_ms, submit.label) == (20, 60_000, "delays")


def test_a_model_that_is_not_here_is_left_for_the_cluster_to_find(cluster, broker):
    cluster.predict("elsewhere.onnx", frame(1))
    assert broker.wait_for(messages.Submit)[0].model == "elsewhere.onnx"


def test_a_small_run_is_one_chunk(cluster, broker):
    cluster.predict("sum.onnx", frame(16))
    assert [chunk.rows for chunk in broker.wait_for(messages.Chunk)] == [16]


def test_the_user_may_fix_the_rows_of_a_chunk(cluster, broker):
    cluster.predict("sum.onnx", frame(100), batch=30)
    chunks = broker.wait_for(messages.Chunk, 4)
    assert [(chunk.chunk_index, chunk.row_offset, chunk.rows) for chunk in chunks] == [
        (0, 0, 30),
        (1, 30, 30),
        (2, 60, 30),
        (3, 90, 10),
    ]


def test_no_more_chunks_are_under_way_than_there_is_credit_for(cluster, broker):
    broker.credit = 2
    held = Held(broker)
    run = cluster.submit("sum.onnx", frame(100), batch=10)
    held.wait(2)
    broker.send(messages.Credit(run.id, 1))
    held.wait(3)
    held.let_go(0)
    held.wait(4)
    assert len(held.chunks) == 4
    held.open()
    np.testing.assert_array_equal(run.result(PATIENCE_S)["y"], sums(100))


def test_many_threads_share_one_cluster(cluster):
    results = {}

    def predict(rows):
        results[rows] = cluster.predict("sum.onnx", frame(rows), batch=7)

    threads = [threading.Thread(target=predict, args=(rows,)) for rows in range(20, 40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_S)
    for rows in range(20, 40):
        np.testing.assert_array_equal(results[rows]["y"], sums(rows))


# --- streaming ----------------------------------------------------------------------------------------


def test_batches_come_in_row_order_when_the_second_finishes_first(cluster, broker):
    held = Held(broker)
    run = cluster.submit("sum.onnx", frame(30), batch=10)
    held.wait(3)
    held.let_go(2, 1)
    batches = iter(run)
    held.let_go(0)
    assert [next(batches)["y"][0].as_py() for _ in range(3)] == [0, 30, 60]
    assert next(batches, None) is None


def test_a_run_of_known_length_is_iterated_again_and_still_has_its_result(cluster):
    run = cluster.submit("sum.onnx", frame(50), batch=10)
    assert [len(list(run)), len(list(run))] == [5, 5]
    assert len(run.result(PATIENCE_S)) == 50


def test_a_reader_is_not_read_on_while_nobody_takes_what_came(cluster, broker):
    reached = []
    run = cluster.submit("sum.onnx", batches_of(10, 500, reached), batch=10)
    broker.wait_for(messages.Chunk, 64)
    batches = iter(run)
    for _ in range(100):
        next(batches)
    # 64 unread, credit for 4 more, and one that the source holds ready.
    assert len(reached) <= 100 + 64 + 4 + 2
    assert sum(batch.num_rows for batch in batches) == 10 * (500 - 100)


def test_a_reader_is_read_to_its_end_for_one_who_waits_for_the_result(cluster):
    run = cluster.submit("sum.onnx", batches_of(10, 200), batch=10)
    assert run.wait(PATIENCE_S)
    assert run.snapshot().rows_done == 2000


def test_a_result_of_which_parts_were_handed_out_is_refused(cluster):
    run = cluster.submit("sum.onnx", batches_of(10, 3), batch=10)
    next(iter(run))
    with pytest.raises(mdm.BadOptionError, match="handed out"):
        run.result(PATIENCE_S)


# --- failures -----------------------------------------------------------------------------------------


def test_a_frame_that_is_none_is_refused_at_once(cluster, broker):
    with pytest.raises(mdm.FrameInvalidError):
        cluster.submit("sum.onnx", 42)
    assert broker._of(messages.Submit) == []


@pytest.mark.parametrize(
    "options", [{"batch": 0}, {"batch": True}, {"params": {"a": {1}}}, {"params": {"a": np.nan}}]
)
def test_options_that_cannot_be_are_refused_at_once(cluster, options):
    with pytest.raises(mdm.BadOptionError):
        cluster.submit("sum.onnx", frame(3), **options)


def test_columns_that_do_not_bind_are_an_error_before_any_row_is_sent(cluster, broker):
    with pytest.raises(mdm.BindingError):
        cluster.predict("sum.onnx", frame(100)[["a"]].assign(b=1.0, c=2.0))
    broker.wait_for(messages.Cancel)
    assert broker._of(messages.Begin) == []


def test_a_run_that_the_broker_refuses_raises_what_the_broker_says(cluster, broker):
    error = mdm.ModelNotFoundError(
        "There is no nothing.onnx.", remedy="Look.", details={"path": "nothing.onnx"}
    )
    broker.answer = lambda message, payload: broker.refuse(message, error)
    with pytest.raises(FileNotFoundError, match="There is no nothing") as raised:
        cluster.predict("nothing.onnx", frame(3))
    assert raised.value.details == {"path": "nothing.onnx"}


def fail_chunk(broker, *indexes):
    def answer(message, payload):
        if isinstance(message, messages.Chunk) and message.chunk_index in indexes:
            broker.fail(message, mdm.PoisonChunkError("It ended every worker."))
            return []
        return None

    broker.answer = answer


def test_rows_that_failed_are_null_in_the_partial_result_and_the_others_are_kept(cluster, broker):
    fail_chunk(broker, 1, 2)
    run = cluster.submit("sum.onnx", frame(50), batch=10)
    with pytest.raises(mdm.PoisonChunkError, match="20 of 50 rows failed") as raised:
        run.result(PATIENCE_S)
    assert raised.value.details["rows"] == [[10, 30]]
    partial = run.partial()
    expected = sums(50)
    expected[10:30] = np.nan
    np.testing.assert_array_equal(partial["y"].to_numpy(dtype=np.float32, na_value=np.nan), expected)
    assert (run.snapshot().rows_done, run.snapshot().rows_failed) == (30, 20)


def test_iterating_over_a_run_with_failed_rows_raises_at_the_end(cluster, broker):
    fail_chunk(broker, 0)
    batches = iter(cluster.submit("sum.onnx", frame(30), batch=10))
    assert [next(batches).column(0).null_count for _ in range(3)] == [10, 0, 0]
    with pytest.raises(mdm.PoisonChunkError):
        next(batches)


def test_a_reader_that_raises_fails_the_run_and_keeps_what_was_merged(cluster, broker):
    schema = pa.schema({"a": pa.float32(), "b": pa.float32()})
    go_on = threading.Event()

    def read():
        yield pa.record_batch([pa.array([1, 2], pa.float32())] * 2, schema=schema)
        assert go_on.wait(PATIENCE_S)
        raise RuntimeError("the disk is gone")

    run = cluster.submit("sum.onnx", pa.RecordBatchReader.from_batches(schema, read()), batch=2)
    assert next(iter(run))["y"].to_pylist() == [2, 4]
    go_on.set()
    with pytest.raises(mdm.FrameReaderError, match="the disk is gone"):
        run.result(PATIENCE_S)
    broker.wait_for(messages.Cancel)


def test_nulls_in_the_middle_fail_the_run_and_keep_the_rows_before(cluster, broker):
    integers = dataclasses.replace(SUM.inputs[0], dtype="int64")
    broker.signature = dataclasses.replace(SUM, inputs=(integers,))
    values = pa.array([None if row == 25 else row for row in range(40)])
    table = pa.table({"a": values, "b": values.fill_null(0)})
    held = Held(broker)
    broker.credit = 2
    run = cluster.submit("sum.onnx", table, batch=10)
    held.wait(2)
    held.let_go(0, 1)
    with pytest.raises(mdm.NullsError):
        run.result(PATIENCE_S)
    assert len(run.partial()) >= 10
    broker.wait_for(messages.Cancel)


def test_a_result_with_too_few_rows_is_the_model_s_failure(cluster, broker):
    def answer(message, payload):
        if isinstance(message, messages.Chunk):
            longer = messages.Chunk(message.run, message.chunk_index, message.row_offset, message.rows + 1)
            broker.finish(longer, payload)
            return []
        return None

    broker.answer = answer
    with pytest.raises(mdm.ModelFailedError, match="gave 10 rows for 11"):
        cluster.predict("sum.onnx", frame(10))


def test_a_result_that_cannot_be_read_fails_its_run_alone(cluster, broker):
    def answer(message, payload):
        if isinstance(message, messages.Chunk):
            broker.send(
                messages.ChunkDone(message.run, 0, 1, 0, message.rows, 0, "cpu", {}, messages.At(0, 0, 0)),
                [b"not", b"Arrow"],
            )
            return []
        return None

    broker.answer = answer
    with pytest.raises(mdm.MdmError):
        cluster.predict("sum.onnx", frame(10))
    broker.answer = lambda message, payload: None
    assert len(cluster.predict("sum.onnx", frame(10))) == 10


def test_a_run_whose_results_are_missing_at_its_end_does_not_pass_for_done(cluster, broker):
    def answer(message, payload):
        if isinstance(message, messages.Chunk):
            return [(messages.RunDone(message.run, "done", 1, 0, message.rows, 0, None), ())]
        return None

    broker.answer = answer
    with pytest.raises(mdm.MdmError, match="results are missing"):
        cluster.predict("sum.onnx", frame(10))


def test_a_deadline_that_passed_is_raised_as_such(cluster, broker):
    def answer(message, payload):
        if isinstance(message, messages.Chunk):
            error = mdm.DeadlineError("The run took longer than 1 s.")
            return [(messages.RunDone(message.run, "failed", 0, 0, 0, 0, error), ())]
        return None

    broker.answer = answer
    with pytest.raises(mdm.DeadlineError):
        cluster.submit("sum.onnx", frame(10), timeout=1).result(PATIENCE_S)


def test_a_model_that_does_not_load_in_time_is_given_up(cluster, broker):
    broker.answer = lambda message, payload: []
    with pytest.raises(mdm.MdmTimeoutError, match="not loaded within"):
        cluster.predict("sum.onnx", frame(10), load_timeout=0.05)
    broker.wait_for(messages.Cancel)


def test_a_broker_that_goes_away_is_told_to_every_run_and_merged_rows_are_kept(cluster, broker):
    held = Held(broker)
    runs = [cluster.submit("sum.onnx", frame(40), batch=10) for _ in range(2)]
    held.wait(8)
    held.let_go(*(index for index, (chunk, _) in enumerate(held.chunks) if chunk.chunk_index == 0))
    for run in runs:
        next(iter(run))
    broker.stop()
    for run in runs:
        with pytest.raises(mdm.ClusterLostError, match="went away"):
            run.result(PATIENCE_S)
        np.testing.assert_array_equal(run.partial()["y"], sums(10))
    with pytest.raises(mdm.ClusterLostError):
        cluster.submit("sum.onnx", frame(1))


# --- as a future --------------------------------------------------------------------------------------


def test_a_result_that_does_not_come_in_time_is_still_to_be_had_later(cluster, broker):
    held = Held(broker)
    run = cluster.submit("sum.onnx", frame(10))
    with pytest.raises(mdm.MdmTimeoutError, match="it goes on"):
        run.result(timeout=0.01)
    assert not run.done()
    held.wait(1)
    held.open()
    assert len(run.result(PATIENCE_S)) == 10
    assert run.result() is run.result()


def test_predict_cancels_what_it_does_not_wait_for(cluster, broker):
    Held(broker)
    with pytest.raises(TimeoutError):
        cluster.predict("sum.onnx", frame(10), timeout=0.01)
    broker.wait_for(messages.Cancel)


def test_a_cancelled_run_is_so_at_once_and_the_broker_is_told(cluster, broker):
    held = Held(broker)
    run = cluster.submit("sum.onnx", frame(100), batch=10)
    held.wait(4)
    assert run.cancel()
    assert (run.done(), run.cancelled(), run.state) == (True, True, "cancelled")
    assert broker.wait_for(messages.Cancel) == [messages.Cancel(run.id)]
    with pytest.raises(mdm.RunCancelledError):
        run.result()
    assert isinstance(run.exception(), mdm.RunCancelledError)
    held.open()
    assert len(cluster.predict("sum.onnx", frame(10))) == 10
    assert run.cancelled()


def test_a_run_that_is_done_cannot_be_cancelled(cluster):
    run = cluster.submit("sum.onnx", frame(10))
    run.result(PATIENCE_S)
    assert not run.cancel()
    assert run.exception() is None


def test_a_run_that_somebody_else_cancels_raises_that(cluster, broker):
    broker.answer = lambda message, payload: (
        [(messages.RunDone(message.run, "cancelled", 0, 0, 0, 0, None), ())]
        if isinstance(message, messages.Chunk)
        else None
    )
    run = cluster.submit("sum.onnx", frame(10))
    with pytest.raises(mdm.RunCancelledError, match="by the cluster"):
        run.result(PATIENCE_S)


def is_within(thread, cls):
    """Whether the thread is in a method of that class, or in what that called."""
    frame = sys._current_frames()[thread]
    while frame is not None:
        if isinstance(frame.f_locals.get("self"), cls):
            return True
        frame = frame.f_back
    return False


@pytest.mark.parametrize("use", [mdm.Run.result, list], ids=["result", "iterating"])
def test_an_interrupt_cancels_the_run_and_comes_through_at_once(cluster, broker, use):
    Held(broker)
    run = cluster.submit("sum.onnx", frame(10))
    main = threading.main_thread().ident
    interrupted = []

    def interrupt():
        broker.wait_for(messages.Chunk)
        while not is_within(main, mdm.Run):
            pass
        interrupted.append(time.perf_counter())
        signal.pthread_kill(main, signal.SIGINT)

    threading.Thread(target=interrupt).start()
    with pytest.raises(KeyboardInterrupt):
        use(run)
    assert time.perf_counter() - interrupted[0] < 0.1
    assert run.cancelled()
    broker.wait_for(messages.Cancel)


def test_callbacks_are_called_once_the_run_has_ended_and_may_use_the_cluster(cluster):
    called = []
    done = threading.Event()

    def callback(run):
        called.append((run.state, len(cluster.predict("sum.onnx", frame(5)))))
        done.set()

    run = cluster.submit("sum.onnx", frame(10))
    run.add_done_callback(lambda run: 1 / 0)
    run.add_done_callback(callback)
    assert done.wait(PATIENCE_S)
    done.clear()
    run.add_done_callback(callback)
    assert done.wait(PATIENCE_S)
    assert called == [("done", 5), ("done", 5)]


def test_a_run_that_nobody_holds_is_freed_without_the_garbage_collector(cluster):
    run = cluster.submit("sum.onnx", frame(10))
    run.result(PATIENCE_S)
    for thread in threading.enumerate():
        if thread.name == f"mdm-feed-{run.id}":
            thread.join(PATIENCE_S)
    gc.disable()
    try:
        gone = weakref.ref(run)
        del run
        assert gone() is None
    finally:
        gc.enable()


def test_a_snapshot_tells_where_the_run_stands(cluster, broker):
    held = Held(broker)
    run = cluster.submit("models/sum.onnx", frame(30), batch=10, label="sums")
    held.wait(3)
    held.let_go(0)
    next(iter(run))
    now = run.snapshot()
    assert (now.id, now.model, now.label, now.state) == (run.id, "models/sum.onnx", "sums", "running")
    assert (now.rows, now.rows_done, now.num_worker) == (30, 10, 2)
    assert now.head["y"].to_pylist() == list(sums(10))
    assert 0 < now.first_rows_ms <= now.elapsed_s * 1e3
    held.let_go(1, 2)
    run.result(PATIENCE_S)
    assert run.snapshot().elapsed_s == run.snapshot().elapsed_s


def test_timings_have_a_row_a_chunk_and_a_column_a_stage(cluster):
    run = cluster.submit("sum.onnx", frame(30), batch=10)
    run.result(PATIENCE_S)
    timings = run.timings
    assert timings["chunk_index"].to_pylist() == [0, 1, 2]
    assert timings["row_offset"].to_pylist() == [0, 10, 20]
    assert timings["worker"].to_pylist() == [0, 1, 0]
    assert timings["infer"].to_pylist() == [2.0, 2.0, 2.0]
    for stage in ("serialise", "to_broker", "merge"):
        assert all(ms >= 0 for ms in timings[stage].to_pylist())
    assert timings["received"].to_pylist() == [1.0, 1.0, 1.0]
