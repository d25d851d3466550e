"""Errors as cells show them: in comes an `MdmError` on its way out of a magic, out go a box and one line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import TypeVar

from ..errors import MdmError, NoClusterError
from .display import error_bundle
from .shell import Shell

E = TypeVar("E", bound=BaseException)


@contextmanager
def calm_errors(shell: Shell, model: str | None = None, label: str | None = None) -> Iterator[None]:
    """Shows the error as a box and raises it again, so that "Run all" stops, without pages of frames."""
    try:
        yield
    except MdmError as error:
        if isinstance(error, NoClusterError):
            name = error.details.get("name", "default")
            option = "" if name == "default" else f" --name {name}"
            error.remedy = f"Start one first: %mdm start{option}"
        shell.display_pub.publish(error_bundle(error, model, label))
        raise without_frames(error) from None


def without_frames(error: E) -> E:
    """IPython asks the error itself how to show it; all that is left to say is its name."""
    vars(error)["_render_traceback_"] = partial(_one_line, error)
    return error


def _one_line(error: BaseException) -> list[str]:
    message = error.message if isinstance(error, MdmError) else str(error)
    first = message.strip().partition("\n")[0]
    return [f"{type(error).__name__}: {first}" if first else type(error).__name__]
