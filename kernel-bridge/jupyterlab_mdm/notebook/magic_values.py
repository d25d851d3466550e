"""Words of a magic's line that stand for values: in come a word and the user's variables, out goes the value.

Only these words are looked up: the rest of a line is what it says, so that JSON keeps its braces.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

from IPython.core.error import UsageError
from IPython.utils.text import DollarFormatter

from .magic_line import unquote

Variables = Mapping[str, Any]


def model_path(word: str, variables: Variables) -> str:
    """A path as it is written, with ``{folder}`` and ``$name`` in it, or a variable that holds one.

    A file of that name goes before a variable of that name.
    """
    text = _expand(unquote(word), variables)
    held = variables.get(text) if text.isidentifier() and not os.path.exists(text) else None
    if isinstance(held, (str, os.PathLike)):
        text = os.fspath(held)
    return os.path.expanduser(text)


def parameters(word: str | None, variables: Variables) -> Mapping[str, Any] | None:
    """JSON, or a variable that holds a mapping."""
    if word is None:
        return None
    value = _variable_or_json("--params", unquote(word), variables)
    if not isinstance(value, Mapping):
        raise UsageError(f"--params is a {type(value).__name__}; it must be a mapping of names to values.")
    return value


def fill_value(word: str | None, variables: Variables) -> object:
    """JSON, or a variable: the value that stands in for nulls."""
    return None if word is None else _variable_or_json("--fill", word, variables)


def _variable_or_json(option: str, word: str, variables: Variables) -> object:
    if word.isidentifier() and word in variables:
        return variables[word]
    try:
        return json.loads(word)
    except json.JSONDecodeError as cause:
        raise UsageError(f"{option} {word} is neither JSON ({cause}) nor a variable.") from None


def _expand(text: str, variables: Variables) -> str:
    if "{" not in text and "$" not in text:
        return text
    try:
        return DollarFormatter().vformat(text, (), variables)
    except Exception as cause:
        raise UsageError(f"{text} cannot be filled in: {cause}") from cause
