"""What cells show, as pure functions: in come snapshots, errors and status documents, out go mimebundles."""

from __future__ import annotations

from .run import Bundle, error_bundle, run_bundle
from .status import ended_bundle, runs_bundle, status_bundle

__all__ = ["Bundle", "ended_bundle", "error_bundle", "run_bundle", "runs_bundle", "status_bundle"]
