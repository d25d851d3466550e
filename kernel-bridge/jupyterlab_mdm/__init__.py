"""Run a model over a dataframe from a notebook, on a local cluster of device-pinned workers.

    import jupyterlab_mdm as mdm

    with mdm.start(num_worker=2) as cluster:
        predictions = cluster.predict("model.onnx", frame)

What is named here is loaded when it is first used, so that importing the package costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module

# As type checkers know it; importing `typing` for it would cost more than all the rest here.
TYPE_CHECKING = False

if TYPE_CHECKING:
    from . import errors
    from .client.cluster import Cluster, connect, start
    from .client.latest import last_run
    from .client.run import Run
    from .errors import (
        BadMessageError,
        BadOptionError,
        BindingError,
        CastOverflowError,
        ClusterExistsError,
        ClusterLostError,
        DeadlineError,
        DeviceNotThereError,
        FrameInvalidError,
        FrameReaderError,
        MdmError,
        MdmTimeoutError,
        ModelFailedError,
        ModelInvalidError,
        ModelNotFoundError,
        ModelUnsupportedError,
        NoClusterError,
        NullsError,
        PathNotFoundError,
        PoisonChunkError,
        PortTakenError,
        ProtocolMismatchError,
        RunCancelledError,
        WorkerCannotStartError,
    )

__all__ = [
    "BadMessageError",
    "BadOptionError",
    "BindingError",
    "CastOverflowError",
    "Cluster",
    "ClusterExistsError",
    "ClusterLostError",
    "DeadlineError",
    "DeviceNotThereError",
    "FrameInvalidError",
    "FrameReaderError",
    "MdmError",
    "MdmTimeoutError",
    "ModelFailedError",
    "ModelInvalidError",
    "ModelNotFoundError",
    "ModelUnsupportedError",
    "NoClusterError",
    "NullsError",
    "PathNotFoundError",
    "PoisonChunkError",
    "PortTakenError",
    "ProtocolMismatchError",
    "Run",
    "RunCancelledError",
    "WorkerCannotStartError",
    "connect",
    "errors",
    "last_run",
    "start",
]

#: Where a name lives that is not an error.
_HOMES = {
    "Cluster": "client.cluster",
    "Run": "client.run",
    "connect": "client.cluster",
    "last_run": "client.latest",
    "load_ipython_extension": "notebook.magics",
    "start": "client.cluster",
}


def __getattr__(name: str) -> object:
    """Loads a public name on its first use."""
    if name not in __all__ and name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = import_module(f"{__name__}.{_HOMES.get(name, 'errors')}")
    found: object = module if name == "errors" else getattr(module, name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    """The public names, loaded or not."""
    return sorted({*globals(), *__all__})
