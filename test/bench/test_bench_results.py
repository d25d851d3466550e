import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from bench.outputs import difference, is_right
from bench.report import readme, text, wrong_outputs
from bench.results import (
    Idle,
    PeerResult,
    Requests,
    Results,
    Streamed,
    WorkloadResult,
    from_document,
    to_document,
)
from bench.tables import aligned, markdown
from bench.targets import targets

MACHINE = {"cores": "2", "CPU": "a CPU", "load": "0.10", "system": "Linux", "Python": "3.11"}


def results(ours=(0.5, 0.5), pool=(0.6, 0.6), key="flights", difference=0.0, **more):
    peers = [
        PeerResult("inprocess", "in-process", [1.0, 1.0], [1.0, 1.0]),
        PeerResult("threads", "all threads", [0.4, 0.4], [1.0, 1.0]),
        PeerResult("ours", "ours", list(ours), [], difference),
        PeerResult("pool", "pool", list(pool)),
        PeerResult("ray", "Ray", note="not installed (ray)"),
    ]
    workload = WorkloadResult(
        key,
        "a model",
        1000,
        100,
        10,
        peers,
        streamed=Streamed([90.0, 120.0, 80.0], {"infer": 5.0}, 3, 0.0),
        requests=Requests(16, 300, 1.5, 2.0, 0.1, 0.2, 0.0),
    )
    return Results(MACHINE, False, 2, 2, [workload], [0.4, 0.5, 0.6], Idle(20, 0.2, 0.1), **more)


def met(found):
    return {target.name: target.met for target in targets(found)}


def test_every_promise_is_judged_by_medians():
    assert met(results()) == {
        "flights: speed": True,
        "flights: not behind a peer": False,
        "flights: first merged rows": True,
        "flights: 16 rows, p50 over in-process": True,
        "mdm start to ready": True,
        "idle cluster": True,
    }


def test_threads_may_win_where_there_is_little_work_a_byte():
    assert met(results(key="mlp"))["mlp: not behind a peer"]
    assert not met(results(key="mlp", pool=(0.4, 0.4)))["mlp: not behind a peer"]


@pytest.mark.parametrize("largest", [0.5, None])
def test_a_wrong_output_is_told(largest):
    found = results(difference=largest)
    assert len(wrong_outputs(found)) == 1
    assert "WRONG OUTPUTS" in text(found)


def test_the_tables_name_who_was_not_installed():
    found = results()
    assert wrong_outputs(found) == []
    assert "not installed (ray)" in text(found)
    assert "| Ray | – |" in readme(found)
    assert "| **ours** | **2.00** |" in readme(found)


def test_the_file_of_a_run_is_read_back_whole():
    assert from_document(to_document(results())) == results()


REFERENCE = np.array([[1.0], [2.0], [3.0]], np.float32)
LISTS = pa.FixedSizeListArray.from_arrays(pa.array([1.0, 2.0, 3.0], pa.float32()), 1)


@pytest.mark.parametrize(
    "output",
    [
        REFERENCE.reshape(-1),
        pd.DataFrame({"y": [1.0, 2.0, 3.0]}),
        pd.DataFrame({"y": [[1.0], [2.0], [3.0]]}),
        pa.table({"y": [1.0, 2.0, 3.0]}),
        pa.table({"y": LISTS}),
    ],
)
def test_an_output_of_any_kind_is_compared(output):
    assert difference(output, REFERENCE) == 0


@pytest.mark.parametrize(
    "output", [REFERENCE[::-1], REFERENCE[:2], np.full((3, 1), np.nan, np.float32), REFERENCE + 0.01]
)
def test_rows_out_of_order_missing_or_other_are_wrong(output):
    assert not is_right(difference(output, REFERENCE))


def test_tables_align_and_escape_nothing():
    assert aligned(("a", "b"), [("long", "1")]) == "a     b\n────  ─\nlong  1"
    assert markdown(("a", "b"), [("x", "1")]) == "| a | b |\n| --- | ---: |\n| x | 1 |"
