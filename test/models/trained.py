"""Models that scikit-learn and LightGBM train on a handful of rows, exported as their users export them."""

from __future__ import annotations

from collections.abc import Callable

import lightgbm
import numpy as np
import onnx
import pandas as pd
from make import OPSET
from onnxmltools import convert_lightgbm
from onnxmltools.convert.common.data_types import FloatTensorType as LightGbmFloats
from skl2onnx import convert_sklearn, to_onnx
from skl2onnx.common.data_types import FloatTensorType, StringTensorType
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

OPSETS = {"": OPSET, "ai.onnx.ml": 3}
IRIS = load_iris()
FEATURES = IRIS.data.astype(np.float32)


def sklearn_zipmap() -> onnx.ModelProto:
    """X [n, 4] → output_label [n] int64, output_probability (ZipMap of classes 0, 1, 2)."""
    fitted = LogisticRegression(max_iter=500).fit(FEATURES, IRIS.target)
    return to_onnx(fitted, FEATURES[:1], target_opset=OPSETS)


def string_labels() -> onnx.ModelProto:
    """X [n, 4] → output_label [n] string, output_probability (ZipMap of the species)."""
    fitted = LogisticRegression(max_iter=500).fit(FEATURES, IRIS.target_names[IRIS.target])
    return to_onnx(fitted, FEATURES[:1], target_opset=OPSETS)


def lightgbm_zipmap() -> onnx.ModelProto:
    """input [n, 4] → label [n] int64, probabilities (ZipMap of classes 0, 1)."""
    fitted = lightgbm.LGBMClassifier(n_estimators=5, min_child_samples=5, verbose=-1, n_jobs=1)
    fitted.fit(FEATURES, (IRIS.target == 0).astype(int))
    return convert_lightgbm(
        fitted, initial_types=[("input", LightGbmFloats([None, FEATURES.shape[1]]))], target_opset=15
    )


def named_inputs() -> onnx.ModelProto:
    """age [n, 1] float32, height [n, 1] float32, city [n, 1] string → variable [n, 1] float32."""
    frame = pd.DataFrame(
        {"age": [20.0, 30, 40, 50], "height": [1.5, 1.6, 1.7, 1.8], "city": ["Bonn", "Rome", "Bonn", "Oslo"]}
    )
    encode = make_column_transformer((OneHotEncoder(), ["city"]), remainder="passthrough")
    fitted = make_pipeline(encode, LinearRegression()).fit(frame, [1.0, 2.0, 3.0, 4.0])
    types = [
        ("age", FloatTensorType([None, 1])),
        ("height", FloatTensorType([None, 1])),
        ("city", StringTensorType([None, 1])),
    ]
    return convert_sklearn(fitted, initial_types=types, target_opset=OPSETS)


def forest(trees: int = 10, depth: int = 6, features: int = 12) -> onnx.ModelProto:
    """X [n, features] float32 → variable [n, 1] float32, a random forest."""
    random = np.random.default_rng(2)
    x = random.normal(size=(4000, features)).astype(np.float32)
    fitted = RandomForestRegressor(trees, max_depth=depth, random_state=0).fit(
        x, x.sum(axis=1) + x[:, 0] ** 2
    )
    return to_onnx(fitted, x[:1], target_opset=OPSETS)


MODELS: dict[str, Callable[[], onnx.ModelProto]] = {
    made.__name__: made for made in (sklearn_zipmap, string_labels, lightgbm_zipmap, named_inputs, forest)
}
