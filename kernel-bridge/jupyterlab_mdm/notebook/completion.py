"""What may come next in a line of ``%mdm``: in comes the line up to the cursor, out go words to choose.

Without any, IPython's own completion takes over: in a frame's expression, for the name of the result.
"""

from __future__ import annotations

import glob
import os
from collections.abc import Mapping, Sequence
from typing import Any

from IPython.core.completer import SimpleCompletion

from .magic_arguments import PARSERS
from .magic_line import split

MODEL_SUFFIX = ".onnx"
#: Commands whose first word is a model.
_TAKES_MODEL = ("predict", "load", "unload")


def complete(line: str, symbol: str, variables: Mapping[str, Any]) -> list[str]:
    """Words that continue the line; ``symbol`` is what IPython replaces by one of them."""
    texts = [word.text for word in split(line)]
    current = "" if line[-1:].isspace() else texts.pop()
    _magic, *before = texts
    # IPython starts a symbol anew at characters such as "=": what stands before it stays as it is.
    skipped = len(current) - len(symbol) if current.endswith(symbol) else 0
    return [option[skipped:] for option in _options(before, current, variables) if option.startswith(current)]


def completions(words: Sequence[str]) -> list[SimpleCompletion]:
    """The same for IPython, which shows the kind of each beside it."""
    return [SimpleCompletion(text=word, type=_kind(word)) for word in words]


def _kind(word: str) -> str:
    if word.startswith("-"):
        return "param"
    return "path" if word.endswith((MODEL_SUFFIX, "/")) else "magic"


def _options(before: list[str], current: str, variables: Mapping[str, Any]) -> list[str]:
    if not before:
        return list(PARSERS)
    parser = PARSERS.get(before[0])
    if parser is None:
        return []
    if parser.ways.get(before[-1], False):
        return _values(before[-1], variables)
    if current.startswith("-"):
        return [way for way in parser.ways if way not in before]
    others = _positional(before[1:], parser.ways)
    return models(current) if before[0] in _TAKES_MODEL and not others else []


def _positional(words: list[str], ways: Mapping[str, bool]) -> list[str]:
    found, rest = [], iter(words)
    for word in rest:
        if ways.get(word, False):
            next(rest, None)
        elif not word.startswith("-"):
            found.append(word)
    return found


def _values(way: str, variables: Mapping[str, Any]) -> list[str]:
    match way:
        case "--name":
            from ..client.connection import cluster_names, runtime_dir

            return cluster_names(runtime_dir())
        case "--params":
            return [name for name, value in variables.items() if isinstance(value, dict) and name[0] != "_"]
        case _:
            return []


def models(start: str) -> list[str]:
    """Paths of models, and of folders that may hold some, that begin so."""
    found = glob.glob(f"{glob.escape(os.path.expanduser(start))}*")
    home = os.path.expanduser("~")
    paths = (f"~{path[len(home) :]}" if start.startswith("~") else path for path in found)
    return sorted(_path(path) for path in paths if os.path.isdir(os.path.expanduser(path)) or _is_model(path))


def _path(path: str) -> str:
    return f"{path}/" if os.path.isdir(os.path.expanduser(path)) else path


def _is_model(path: str) -> bool:
    return path.endswith(MODEL_SUFFIX)
