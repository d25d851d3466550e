"""What the magics use of IPython: the names that the rest of this package may rely on, with their types."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from types import CodeType
from typing import Any, Protocol


class Compiler(Protocol):
    """IPython's compiler: it knows cells by name, so that tracebacks can show them."""

    def __call__(self, source: ast.AST, filename: str, symbol: str) -> CodeType:
        """The code of a tree."""
        ...

    def cache(self, transformed_code: str, number: int) -> str:
        """Notes the source of cell ``number``; returns the name to compile it under."""
        ...

    def ast_parse(self, source: str, filename: str) -> ast.Module:
        """The tree of a source."""
        ...


class Publisher(Protocol):
    """Where displays go."""

    def publish(
        self, data: Mapping[str, str], *, transient: Mapping[str, str] | None = None, update: bool = False
    ) -> None:
        """Shows a bundle; ``transient`` holds the id by which it can be updated."""
        ...


class DisplayHook(Protocol):
    """What happens to the value of a cell."""

    @property
    def prompt_count(self) -> int:
        """The number of the cell that runs."""
        ...

    def update_user_ns(self, result: object) -> None:
        """Makes it ``_``."""
        ...


class Shell(Protocol):
    """IPython's ``InteractiveShell``."""

    user_ns: dict[str, Any]
    user_global_ns: dict[str, Any]
    compile: Compiler
    display_pub: Publisher
    displayhook: DisplayHook

    def transform_cell(self, raw_cell: str) -> str:
        """IPython's syntax as Python."""
        ...

    def transform_ast(self, node: ast.Module) -> ast.Module:
        """What extensions do to every cell."""
        ...

    def push(self, variables: Mapping[str, object]) -> None:
        """Gives the user variables."""
        ...

    def register_magics(self, magics: object) -> None:
        """Makes magics known."""
        ...


class LazyShell(Protocol):
    """What it takes to promise a magic, before anything else is imported."""

    user_ns: dict[str, Any]
    magics_manager: Any
    Completer: Any


class CompletionContext(Protocol):
    """A line that is to be completed."""

    @property
    def text_until_cursor(self) -> str:
        """The line up to the cursor."""
        ...

    @property
    def token(self) -> str:
        """What a completion takes the place of."""
        ...
