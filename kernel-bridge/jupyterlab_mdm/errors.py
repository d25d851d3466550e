"""The family of errors, the same in both languages (twin: src/wire/errors.ts).

An error travels the wire as ``{code, message, remedy, details}`` and is raised again on the other side
with the same code. ``message`` says what was wrong, ``remedy`` what to do about it.
"""

from __future__ import annotations

from typing import Any, ClassVar


class MdmError(Exception):
    """Base of every error of this package; ``code`` is stable and the same in TypeScript."""

    code: ClassVar[str] = "internal"

    def __init__(self, message: str, *, remedy: str = "", details: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy
        self.details: dict[str, Any] = details or {}

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}".strip()

    def to_document(self) -> dict[str, Any]:
        """The error as it travels the wire."""
        return {"code": self.code, "message": self.message, "remedy": self.remedy, "details": self.details}


class NoClusterError(MdmError):
    """No cluster of that name answers."""

    code = "no_cluster"


class ClusterExistsError(MdmError):
    """A cluster of that name runs already."""

    code = "cluster_exists"


class ClusterLostError(MdmError):
    """The cluster went away while it was being used."""

    code = "cluster_lost"


class ProtocolMismatchError(MdmError):
    """Client and cluster speak different versions of the protocol."""

    code = "protocol_mismatch"


class BadMessageError(MdmError):
    """A message that the protocol does not allow."""

    code = "bad_message"


class BadOptionError(MdmError, ValueError):
    """An option or argument has a value that it cannot have."""

    code = "bad_option"


class PortTakenError(MdmError):
    """A TCP port that was asked for is in use."""

    code = "port_taken"


class DeviceNotThereError(MdmError):
    """A device that was asked for is not visible here."""

    code = "device_not_there"


class WorkerCannotStartError(MdmError):
    """No worker came up."""

    code = "worker_cannot_start"


class ModelNotFoundError(MdmError, FileNotFoundError):
    """The model file does not exist or cannot be read."""

    code = "model_not_found"


class ModelInvalidError(MdmError, ValueError):
    """The file is not a whole ONNX model."""

    code = "model_invalid"


class ModelUnsupportedError(MdmError, ValueError):
    """The model wants an opset, operator or type that is not there."""

    code = "model_unsupported"


class ModelFailedError(MdmError):
    """The model raised an error while it ran."""

    code = "model_failed"


class PathNotFoundError(MdmError, FileNotFoundError):
    """A parameter that names a path points to nothing, or outside the script folder."""

    code = "path_not_found"


class BindingError(MdmError, ValueError):
    """The columns of the frame do not bind to the inputs of the model."""

    code = "binding"


class NullsError(MdmError, ValueError):
    """A column that may not hold nulls holds some."""

    code = "nulls"


class CastOverflowError(MdmError, ValueError):
    """A value does not fit the type that the model wants."""

    code = "cast_overflow"


class FrameInvalidError(MdmError, ValueError):
    """The object is not a frame that can be sent."""

    code = "frame_invalid"


class FrameReaderError(MdmError):
    """The reader of the frame raised in the middle."""

    code = "frame_reader"


class PoisonChunkError(MdmError):
    """A chunk ended every worker that ran it."""

    code = "poison_chunk"


class RunCancelledError(MdmError):
    """The run was cancelled."""

    code = "run_cancelled"


class DeadlineError(MdmError, TimeoutError):
    """The run passed its deadline."""

    code = "deadline"


class MdmTimeoutError(MdmError, TimeoutError):
    """No answer came within the limit."""

    code = "timeout"


_FAMILY: list[type[MdmError]] = [MdmError, *MdmError.__subclasses__()]
ERROR_CLASSES: dict[str, type[MdmError]] = {cls.code: cls for cls in _FAMILY}


def error_from_document(document: dict[str, Any]) -> MdmError:
    """The error of that code; an unknown code (a newer peer) becomes a plain `MdmError`."""
    cls = ERROR_CLASSES.get(str(document.get("code")), MdmError)
    return cls(
        str(document.get("message", "")),
        remedy=str(document.get("remedy", "")),
        details=dict(document.get("details") or {}),
    )
