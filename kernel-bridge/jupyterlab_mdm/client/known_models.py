"""What a cluster has said of models, so that a request of a few rows need not ask again. Pure.

In: the broker's answers to `submit`; out: the same, for the same version of the same file. A changed file
has another version, so nothing here can be out of date; what was unloaded meanwhile the broker loads again.
"""

from __future__ import annotations

from collections import OrderedDict

from ..wire.messages import Submitted

#: Models that are remembered; the one that was told of first goes first.
KEPT = 64


class KnownModels:
    """Answers by path and version. Any thread may use it: each step is one operation of a dict."""

    def __init__(self) -> None:
        self._answers: OrderedDict[tuple[str, str], Submitted] = OrderedDict()

    def get(self, path: str, version: str | None) -> Submitted | None:
        """The last answer for that version of the file; None where there is none."""
        return None if version is None else self._answers.get((path, version))

    def remember(self, path: str, version: str | None, answer: Submitted) -> None:
        """Keeps an answer; one without a version could belong to any."""
        if version is None:
            return
        self._answers[path, version] = answer
        if len(self._answers) > KEPT:
            self._answers.popitem(last=False)
