"""Arguments, checked before anything is sent."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from jupyterlab_mdm.client.request import checked_batch, checked_params, checked_seconds, model_path
from jupyterlab_mdm.errors import BadOptionError


def test_a_model_that_is_here_is_named_absolutely(tmp_path, monkeypatch):
    (tmp_path / "here.onnx").touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert model_path("here.onnx") == str(tmp_path / "here.onnx")
    assert model_path("~/here.onnx") == str(tmp_path / "here.onnx")
    assert model_path(Path("there.onnx")) == "there.onnx"


def test_params_are_sent_as_they_are_and_paths_as_text():
    params = {"a": [1, 2.5, None, True, {"b": "c"}], "vocabulary_path": Path("v.txt")}
    assert checked_params(params) == {"a": [1, 2.5, None, True, {"b": "c"}], "vocabulary_path": "v.txt"}
    assert checked_params(None) == {}


@pytest.mark.parametrize(
    "params", [{"a": {1, 2}}, {"a": float("nan")}, {"a": np.int64(3)}, {"a": [object()]}, {1: "a"}]
)
def test_params_that_json_cannot_hold_are_refused_by_name(params):
    with pytest.raises(BadOptionError, match=r"parameter") as raised:
        checked_params(params)
    assert raised.value.details["key"] in ("a", "1")


@pytest.mark.parametrize("batch", [0, -1, True, 2.0, "8"])
def test_a_batch_is_a_whole_number_of_rows(batch):
    with pytest.raises(BadOptionError, match="not a number of rows"):
        checked_batch(batch)
    assert (checked_batch(None), checked_batch(1)) == (None, 1)


@pytest.mark.parametrize("seconds", [-1, "1", float("inf"), float("nan"), None])
def test_a_limit_is_a_number_of_seconds(seconds):
    with pytest.raises(BadOptionError, match="timeout is"):
        checked_seconds("timeout", seconds)
    assert checked_seconds("timeout", 0) == 0
