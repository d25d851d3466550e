"""What a user asks for, checked before anything is sent. In: arguments of `Cluster`; out: the same as the
wire has them, or `BadOptionError`. What only the cluster can know (is the model there?) it checks itself.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from ..errors import BadOptionError
from ..wire.messages import ClientInfo


def model_path(model: str | os.PathLike[str]) -> str:
    """Absolute where the file is visible here; else as given, for the cluster to find."""
    given = os.fspath(model)
    here = os.path.expanduser(given)
    return os.path.abspath(here) if os.path.exists(here) else given


def model_version(path: str) -> str | None:
    """Tells one version of a file from the next: ``MTIME_NS:SIZE``; None where it is not visible here."""
    if not os.path.isabs(path):
        return None
    try:
        seen = os.stat(path)
    except OSError:
        # The cluster looks for itself, and says what is wrong.
        return None
    return f"{seen.st_mtime_ns}:{seen.st_size}"


def checked_params(params: Mapping[str, object] | None) -> dict[str, Any]:
    """As JSON can carry them; paths become text."""
    plain: dict[str, Any] = {}
    for key, value in (params or {}).items():
        plain[key] = os.fspath(value) if isinstance(value, os.PathLike) else value
        _refuse_unsendable(key, plain[key])
    return plain


def _refuse_unsendable(key: object, value: object) -> None:
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError) as cause:
        raise BadOptionError(
            f"The parameter {key} cannot be sent: {cause}.",
            remedy="Parameters are text, finite numbers, booleans, None, and lists and dicts of these.",
            details={"key": str(key)},
        ) from cause
    if not isinstance(key, str):
        raise BadOptionError(
            f"The name of a parameter is text, not {key!r}.", remedy="Use text.", details={"key": str(key)}
        )


def checked_batch(batch: int | None) -> int | None:
    """Rows of every chunk."""
    if batch is not None and (isinstance(batch, bool) or not isinstance(batch, int) or batch < 1):
        raise BadOptionError(
            f"batch is {batch!r}, which is not a number of rows.",
            remedy="Give a whole number of 1 or more, or leave it out: chunks are then sized by time.",
            details={"batch": str(batch)},
        )
    return batch


def checked_seconds(name: str, seconds: float) -> float:
    """A span of time."""
    if not isinstance(seconds, int | float) or not 0 <= seconds < float("inf"):
        raise BadOptionError(
            f"{name} is {seconds!r}, which is not a number of seconds.",
            remedy="Give a number of 0 or more, or None for no limit.",
            details={name: str(seconds)},
        )
    return seconds


@cache
def package_version() -> str:
    """Of this package, as it is installed."""
    try:
        return version("jupyterlab-mdm")
    except PackageNotFoundError:
        return "unknown"


def client_info() -> ClientInfo:
    """Who this process is, for the hello."""
    return ClientInfo("jupyterlab_mdm", package_version(), os.getpid())
