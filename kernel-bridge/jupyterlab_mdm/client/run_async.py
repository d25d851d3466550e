"""A run in asyncio. In: news of the run from other threads; out: the result, or batches, in the loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING

import pyarrow as pa

if TYPE_CHECKING:
    from .run import Frame, Run


async def result(run: Run) -> Frame:
    """As `Run.result`; cancelling the waiting task cancels the run, as it does with asyncio's futures."""
    run.course.collect()
    await _until(run, run.done)
    run.raise_failure()
    return await asyncio.get_running_loop().run_in_executor(None, run.assembled)


async def batches(run: Run) -> AsyncIterator[pa.RecordBatch]:
    """As iterating over the run, without blocking the loop."""
    position = 0
    while True:
        found: list[pa.RecordBatch] = []
        await _until(run, partial(_taken_or_done, run, position, found))
        if not found and not run.take(position, found):
            run.raise_failure()
            return
        yield found[0]
        position += 1


def _taken_or_done(run: Run, position: int, found: list[pa.RecordBatch]) -> bool:
    return run.take(position, found) or run.done()


async def _until(run: Run, ready: Callable[[], bool]) -> None:
    with _news_of(run) as news:
        try:
            while not ready():
                await news.wait()
                news.clear()
        except asyncio.CancelledError:
            run.cancel()
            raise


@contextmanager
def _news_of(run: Run) -> Iterator[asyncio.Event]:
    """An event of this loop that is set whenever the run changes."""
    loop = asyncio.get_running_loop()
    news = asyncio.Event()

    def tell() -> None:
        # A loop that was closed meanwhile has nobody in it who waits.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(news.set)

    run.course.watch(tell)
    try:
        yield news
    finally:
        run.course.unwatch(tell)
