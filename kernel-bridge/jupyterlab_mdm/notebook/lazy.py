"""``%mdm`` in every kernel at next to no cost: in comes the shell at its start, out goes a promise.

What the magic does is imported at its first use, or when its line is to be completed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .shell import CompletionContext, LazyShell

_STARTS = ("%mdm ", "%%mdm ")


def register(shell: LazyShell) -> None:
    """For the startup file; imports nothing that is not there."""
    shell.magics_manager.register_lazy("mdm", "jupyterlab_mdm")
    offer_completions(shell)


def offer_completions(shell: LazyShell) -> None:
    """Completes the lines of the magic; asked twice, it does so once."""
    matchers = shell.Completer.custom_matchers
    if not any(isinstance(matcher, Matcher) for matcher in matchers):
        matchers.append(Matcher(shell))


class Matcher:
    """IPython's second interface for completion: the one that can leave other completers out."""

    matcher_api_version = 2
    matcher_identifier = "jupyterlab_mdm"

    def __init__(self, shell: LazyShell) -> None:
        self._shell = shell
        # IPython takes matchers for functions and asks for this.
        self.__qualname__ = self.matcher_identifier

    def __call__(self, context: CompletionContext) -> dict[str, object]:
        """Where it has something to offer, nothing else is."""
        line = context.text_until_cursor
        if not line.startswith(_STARTS):
            return {"completions": []}
        from .completion import complete, completions

        words = complete(line, context.token, self._shell.user_ns)
        return {"completions": completions(words), "ordered": True, "suppress": True}
