"""Runs in asyncio."""

from __future__ import annotations

import asyncio

import pandas as pd
import pytest
from fake_broker import PATIENCE_S

import jupyterlab_mdm as mdm
from jupyterlab_mdm.wire import messages


@pytest.fixture
def frame():
    values = [float(row) for row in range(30)]
    return pd.DataFrame({"a": values, "b": values}, dtype="float32")


def run_async(main):
    return asyncio.run(asyncio.wait_for(main, PATIENCE_S))


def test_await_gives_the_result(connected, frame):
    async def main():
        return await connected.submit("sum.onnx", frame)

    assert run_async(main())["y"].tolist() == [2.0 * row for row in range(30)]


def test_runs_are_awaited_side_by_side(connected, frame):
    async def main():
        runs = [connected.submit("sum.onnx", frame, batch=size) for size in range(1, 11)]
        return await asyncio.gather(*runs)

    assert [len(result) for result in run_async(main())] == [30] * 10


def test_async_for_gives_merged_batches_in_row_order(connected, frame):
    async def main():
        run = connected.submit("sum.onnx", frame, batch=10)
        return [batch["y"][0].as_py() async for batch in run]

    assert run_async(main()) == [0.0, 20.0, 40.0]


def test_the_loop_goes_on_while_a_run_is_waited_for(connected, broker, frame):
    broker.answer = lambda message, payload: [] if isinstance(message, messages.Chunk) else None

    async def main():
        run = connected.submit("sum.onnx", frame)
        waiting = asyncio.ensure_future(run)
        await asyncio.to_thread(broker.wait_for, messages.Chunk)
        assert not waiting.done()
        run.cancel()
        with pytest.raises(mdm.RunCancelledError):
            await waiting

    run_async(main())


@pytest.mark.parametrize("how", ["await", "async for"])
def test_a_failure_is_raised_in_the_loop(connected, broker, frame, how):
    broker.answer = lambda message, payload: broker.refuse(message, mdm.ModelInvalidError("Half a model."))

    async def main():
        run = connected.submit("sum.onnx", frame)
        if how == "await":
            return await run
        return [batch async for batch in run]

    with pytest.raises(mdm.ModelInvalidError, match="Half a model"):
        run_async(main())


def test_cancelling_the_task_that_waits_cancels_the_run(connected, broker, frame):
    broker.answer = lambda message, payload: [] if isinstance(message, messages.Chunk) else None

    async def main():
        run = connected.submit("sum.onnx", frame)
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(run, 0.05)
        return run

    assert run_async(main()).cancelled()
    broker.wait_for(messages.Cancel)


def test_a_run_that_is_shielded_goes_on(connected, broker, frame):
    broker.answer = lambda message, payload: [] if isinstance(message, messages.Chunk) else None

    async def main():
        run = connected.submit("sum.onnx", frame)
        waiting = asyncio.ensure_future(run)
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(asyncio.shield(waiting), 0.05)
        assert not run.done()
        waiting.cancel()

    run_async(main())
