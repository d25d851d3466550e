"""What is shown of runs, errors and clusters."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import made_runs
import pyarrow as pa
import pytest

from jupyterlab_mdm import errors
from jupyterlab_mdm.notebook.display import ended_bundle, error_bundle, run_bundle, runs_bundle, status_bundle
from jupyterlab_mdm.notebook.display.cells import head
from jupyterlab_mdm.notebook.display.facts import failed_ranges, headline, progress
from jupyterlab_mdm.notebook.display.lanes import Bar, lanes, merged, ticks, until_ms
from jupyterlab_mdm.notebook.display.run import MOST_BYTES
from jupyterlab_mdm.notebook.display.stages import stage_sums, worker_shares
from jupyterlab_mdm.notebook.display.timeline import tooltip

POISON = errors.PoisonChunkError("Gather: index 12 is out of bounds.", remedy="Look at these rows.")

ONE_ROW = made_runs.run("done", chunks=1, rows_done=1, workers=1, first_rows_ms=None)
#: Between the first and the last of a range.
TO = "\N{EN DASH}"

STATUS = {
    "name": "default",
    "version": "0.1.0",
    "broker": {"pid": 4711, "uptime_s": 242.0},
    "queue": {"small": 1, "bulk": 2},
    "workers": [
        {"id": i, "pid": 4712 + i, "device": "cpu", "cores": str(i), "state": "busy", "model": None}
        | {"chunks": 34, "rows": 168_388}
        for i in range(2)
    ],
    "models": [
        {
            "name": "flights.onnx",
            "path": "/tmp/flights.onnx",
            "workers": [0, 1],
            "signature": {
                "inputs": [{"name": "X", "dtype": "float32", "shape": [None, 12], "columns": None}],
                "outputs": [{"name": "variable", "dtype": "float32", "shape": ["N", 1], "columns": None}],
                "batch": None,
            },
        }
    ],
    "runs": [
        {"id": "0a1b2c3d4e5f", "label": "delays", "model": "flights.onnx", "state": "running"}
        | {"rows_done": 1000, "rows": 336_776, "rows_per_s": 361_234.5}
    ],
}

BIG = [
    made_runs.run("running", chunks=3000, workers=2),
    made_runs.run("done", chunks=3000, workers=8),
    made_runs.run("done", chunks=2000, workers=64),
    made_runs.run("cancelled", chunks=500, workers=3, notes=("note " * 40,)),
    made_runs.run("done", head=pa.table({f"column {i} {'x' * 200}": ["y" * 900] * 9 for i in range(300)})),
    made_runs.run("failed", error=POISON, rows_failed=900, chunks=900),
]


class Tags(HTMLParser):
    """Counts what is open, and notes every tag."""

    VOID = ("br", "hr", "img", "input", "meta", "link")

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.seen.add(tag)
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def tags(html: str) -> Tags:
    parser = Tags()
    parser.feed(re.sub(r"<(line|path)([^>]*)/>", r"<\1\2></\1>", html))
    return parser


@pytest.mark.parametrize(
    "snapshot",
    [
        made_runs.run("loading", chunks=0, head=None, rows_done=0),
        made_runs.run("running"),
        made_runs.run("running", rows=None),
        made_runs.run("done", chunks=1, workers=1),
        made_runs.run("done", chunks=0, head=None, rows=0, elapsed_s=0.0, first_rows_ms=None),
        made_runs.run("failed", error=POISON, rows_failed=1),
        made_runs.run("cancelled"),
        *BIG,
    ],
)
def test_every_output_is_small_well_formed_and_without_a_script(snapshot) -> None:
    bundle = run_bundle(snapshot)
    assert set(bundle) == {"text/html", "text/plain"}
    assert sum(len(text.encode()) for text in bundle.values()) <= MOST_BYTES
    found = tags(bundle["text/html"])
    assert found.open == []
    assert "script" not in found.seen
    assert "flights.onnx" in bundle["text/html"]
    assert "flights.onnx → delays" in bundle["text/plain"]


def test_colours_come_from_the_theme_with_a_fallback() -> None:
    html = run_bundle(made_runs.run())["text/html"]
    without_fallback = re.findall(r"var\(--(?:jp|vscode)[\w-]+\)", html)
    assert without_fallback == []
    assert "var(--jp-brand-color1,#1976d2)" in html


def test_what_users_name_is_escaped() -> None:
    evil = '<img src=x onerror="alert(1)">'
    snapshot = made_runs.run(
        "failed",
        model=evil,
        label=evil,
        notes=(evil,),
        error=errors.ModelFailedError(evil, remedy=evil),
        head=pa.table({evil: [evil]}),
        records=(made_runs.chunk(0, device=evil, error=errors.ModelFailedError(evil)),),
    )
    shown = [
        run_bundle(snapshot)["text/html"],
        error_bundle(errors.BindingError(evil, remedy=evil), evil)["text/html"],
    ]
    document = {**STATUS, "name": evil, "runs": [{**STATUS["runs"][0], "model": evil, "label": evil}]}
    shown += [status_bundle(document)["text/html"], ended_bundle(evil)["text/html"]]
    for html in shown:
        assert "<img" not in html
        assert "&lt;img" in html


@pytest.mark.parametrize(
    ("snapshot", "main", "rest"),
    [
        (made_runs.run("loading", rows=5), "", "loading the model · 5 rows"),
        (made_runs.run("running"), "4,000", "of 8,000 rows · 8,000 rows/s · 0.50 s left"),
        (made_runs.run("running", rows=None), "4,000", "rows so far · 8,000 rows/s"),
        (made_runs.run("running", rows_done=0), "0", "of 8,000 rows"),
        (made_runs.run("done"), "4,000 rows", "in 0.50 s · 8,000 rows/s · first rows 84 ms · 2 workers"),
        (
            made_runs.run("done", chunks=1, rows_done=1, workers=1, first_rows_ms=None),
            "1 row",
            "in 0.50 s · 2 rows/s · 1 worker",
        ),
        (made_runs.run("failed", rows_failed=3), "4,000 rows", "predicted · 3 failed · after 0.50 s"),
        (made_runs.run("failed", rows_done=0), "", "failed after 0.50 s"),
        (made_runs.run("cancelled"), "4,000 rows", "of 8,000 kept · cancelled after 0.50 s"),
    ],
)
def test_the_headline_says_what_one_wants_to_know_in_that_state(snapshot, main: str, rest: str) -> None:
    said = headline(snapshot)
    assert (said.main, said.rest) == (main, rest)


@pytest.mark.parametrize(
    ("snapshot", "shares"),
    [
        (made_runs.run("loading", chunks=0, rows_done=0, rows=100), (0.0, 0.0)),
        # Half is merged; two workers have a chunk each.
        (made_runs.run("running"), (0.5, 0.25)),
        # A chunk came early: it counts as under way.
        (made_runs.run("running", rows_done=3000), (0.375, 0.375)),
        (made_runs.run("running", rows=None), (0.0, 1.0)),
        (made_runs.run("running", rows=4500), (4000 / 4500, 500 / 4500)),
        (made_runs.run("done"), (1.0, 0.0)),
        (made_runs.run("done", chunks=0, rows=0), (1.0, 0.0)),
        (made_runs.run("failed", rows_done=3000, rows_failed=1000), (0.5, 0.0)),
    ],
)
def test_progress_is_what_is_merged_and_what_is_under_way(snapshot, shares: tuple[float, float]) -> None:
    assert progress(snapshot) == pytest.approx(shares)


@pytest.mark.parametrize(
    ("rows", "ranges"),
    [
        ([], ""),
        ([(5, 1)], "5"),
        ([(18_204, 1), (18_205, 1), (201_377, 1)], f"18,204{TO}18,205 · 201,377"),
        ([(0, 1000)], f"0{TO}999"),
        ([(20 * i, 1) for i in range(9)], "0 · 20 · 40 · 60 · 80 · 100 · 3 more"),
    ],
)
def test_rows_that_failed_are_named_as_ranges(rows: list[tuple[int, int]], ranges: str) -> None:
    chunks = tuple(
        made_runs.chunk(i, row_offset=offset, rows=count, error=POISON)
        for i, (offset, count) in enumerate(rows)
    )
    assert failed_ranges(made_runs.run("failed", records=chunks)) == ranges


def test_a_failure_says_which_rows_why_and_what_is_kept() -> None:
    failed = (made_runs.chunk(0), made_runs.failed_chunk(1, POISON))
    bundle = run_bundle(made_runs.run("failed", records=failed, rows_failed=1, error=POISON))
    assert "<b>1 row ends the worker that runs it:</b> 1,000" in bundle["text/html"]
    assert "kept in <code>delays</code>, with nulls for this one" in bundle["text/html"]
    assert "Gather: index 12 is out of bounds. Look at these rows. The other rows" in bundle["text/plain"]


def test_an_error_before_a_run_shows_message_table_and_remedy() -> None:
    message = "11 of 12 columns bind:\n  frame   model\n  month   X"
    error = errors.BindingError(message, remedy="Add a column.")
    bundle = error_bundle(error, "flights.onnx", "delays")
    assert "<b>11 of 12 columns bind:</b>" in bundle["text/html"]
    assert "<pre>  frame   model\n  month   X</pre>" in bundle["text/html"]
    assert bundle["text/plain"] == f"{message}\nAdd a column."


def test_a_run_that_goes_on_has_an_open_timeline_and_one_that_ended_a_folded_one() -> None:
    going_on, ended = (run_bundle(made_runs.run(state))["text/html"] for state in ("running", "done"))
    assert "<details>" not in going_on
    assert "<title>" not in going_on
    assert 'class="now"' in going_on
    assert "<details><summary" in ended
    told = "queue 0.2, decode 1.0, infer 8.0, encode 1.0 ms"
    assert f"<title>Chunk 3, rows 3,000{TO}3,999\n{told}</title>" in ended
    assert 'class="now"' not in ended


def test_a_chunk_that_failed_or_ran_again_is_marked() -> None:
    chunks = (made_runs.chunk(0, attempt=2), made_runs.chunk(1, error=POISON), made_runs.chunk(2))
    html = run_bundle(made_runs.run(records=chunks, retried=1))["text/html"]
    assert html.count('<path class="r"') == 1
    assert html.count('<path class="x"') == 1
    assert "1 chunk retried: a worker was replaced" in html


def test_each_worker_has_a_lane_with_a_bar_a_chunk_on_the_brokers_clock() -> None:
    drawn = lanes(made_runs.run(chunks=5), most_bars=100)
    assert [(lane.worker, lane.device, len(lane.bars)) for lane in drawn] == [
        (0, "cpu 0", 3),
        (1, "cpu 1", 2),
    ]
    second = drawn[0].bars[1]
    assert (second.start_ms, second.end_ms) == (10.0, 20.0)
    assert second.stages_ms == (1.0, 8.0, 1.0)


def test_stages_never_reach_beyond_their_bar() -> None:
    early = made_runs.chunk(0, at={"done": 5.0})
    (lane,) = lanes(made_runs.run(records=(early,)), most_bars=10)
    assert lane.bars[0].start_ms == 0
    assert sum(lane.bars[0].stages_ms) == pytest.approx(5.0)


def test_chunks_that_nobody_ran_have_no_lane() -> None:
    assert lanes(made_runs.run(records=(made_runs.failed_chunk(0, POISON),)), most_bars=10) == ()


@pytest.mark.parametrize("most", [1, 2, 7, 100])
def test_merged_bars_keep_every_chunk_and_every_millisecond_of_work(most: int) -> None:
    bars = [Bar((made_runs.chunk(i),), 10.0 * i, 10.0 * i + 9, (1.0, 7.0, 1.0)) for i in range(40)]
    joined = merged(bars, most, until_ms=400)
    assert len(joined) <= max(most, 1)
    assert [c.index for bar in joined for c in bar.chunks] == list(range(40))
    assert sum(sum(bar.stages_ms) for bar in joined) == pytest.approx(40 * 9)


def test_a_tooltip_over_many_chunks_sums_them_up() -> None:
    bar = Bar((made_runs.chunk(4), made_runs.chunk(6)), 0, 20, (2, 16, 2))
    assert tooltip(bar) == "2 chunks from 4, 2,000 rows\nqueue 0.4, decode 2.0, infer 16.0, encode 2.0 ms"


def test_the_axis_of_a_run_that_goes_on_ends_where_it_will_probably_end() -> None:
    assert until_ms(made_runs.run("running")) == pytest.approx(1000)
    assert until_ms(made_runs.run("done")) == 20.0


@pytest.mark.parametrize(
    ("until", "expected"),
    [(0, [0]), (1000, [0, 200, 400, 600, 800, 1000]), (960, [0, 200, 400, 600, 800]), (3.1, [0, 1, 2, 3])],
)
def test_ticks_are_round(until: float, expected: list[float]) -> None:
    assert ticks(until) == pytest.approx(expected)


def test_sums_by_stage_and_shares_by_worker() -> None:
    chunks = [made_runs.chunk(i) for i in range(3)]
    sums = {row.stage: (row.total_ms, row.mean_ms, row.longest_ms) for row in stage_sums(chunks)}
    assert sums["infer"] == (24.0, 8.0, 8.0)
    assert list(sums) == ["serialise", "queue", "decode", "infer", "encode"]
    shares = [(share.worker, share.chunks, share.rows, share.busy_ms) for share in worker_shares(chunks)]
    assert shares == [(0, 2, 2000, 20.0), (1, 1, 1000, 10.0)]


def test_the_first_rows_are_six_with_nulls_lists_and_aligned_numbers() -> None:
    shown = head(made_runs.head())
    assert shown.rows == 6
    cells = {column.name: column.cells[:3] for column in shown.columns}
    assert cells["delay"] == ("23.625", "-3.423", None)
    assert cells["late"] == ("true", "false", None)
    assert cells["count"] == ("1", None, "3")
    assert cells["vector"][0] == "[0.408, -0.128, 2.000, 3.000, …]"
    html = run_bundle(made_runs.run())["text/html"]
    assert '<td class="n">null</td>' in html
    assert '<td class="s n">null</td>' in html
    assert "<th>delay <small>float32</small></th>" in html
    assert '<th class="s">carrier <small>string</small></th>' in html
    assert f"rows 0{TO}5 of 4,000 so far" in html


def test_columns_beyond_the_twelfth_are_counted() -> None:
    wide = pa.table({f"c{i}": [1] for i in range(15)})
    bundle = run_bundle(made_runs.run(head=wide))
    assert "3 columns not shown" in bundle["text/html"]
    assert "3 columns not shown" in bundle["text/plain"]
    assert "c12" not in bundle["text/plain"]


def test_plain_text_says_the_same_in_a_few_lines() -> None:
    assert run_bundle(made_runs.run(head=made_runs.head().select(["delay"])))["text/plain"].splitlines() == [
        "flights.onnx → delays   4,000 of 8,000 rows · 8,000 rows/s · 0.50 s left",
        "█" * 20 + "▒" * 10 + "░" * 10 + " 50 %",
        "worker 0 (cpu 0)  2 chunks, 2,000 rows, 50 %",
        "worker 1 (cpu 1)  2 chunks, 2,000 rows, 50 %",
        "     delay",
        "   float32",
        "0   23.625",
        "1   -3.423",
        "2     null",
        "3    0.000",
        "4    1.000",
        "5    2.000",
    ]


def test_status_shows_workers_models_and_runs() -> None:
    bundle = status_bundle(STATUS)
    text = bundle["text/plain"]
    assert text.startswith("default   2 workers · 3 chunks waiting · up 4 min 2 s · broker 4711 · 0.1.0")
    assert "X float32[·, 12]" in text
    assert "1,000 of 336,776  361,000 rows/s" in text
    assert tags(bundle["text/html"]).open == []
    assert "cpu 1" not in runs_bundle(STATUS)["text/plain"]


def test_a_cluster_that_does_nothing_has_no_empty_tables() -> None:
    idle = {**STATUS, "models": [], "runs": [], "queue": {"small": 0, "bulk": 0}}
    assert status_bundle(idle)["text/html"].count("<table>") == 1
