"""Bindings that were decided before, for frames of the same columns. In: a schema and a signature; out: a
binding that nobody else uses, with the layout of its messages already known.
"""

from __future__ import annotations

from collections import OrderedDict

import pyarrow as pa

from ..wire.signature import Signature
from .binding import Binding

#: Kinds of requests that are remembered.
KEPT = 32

Key = tuple[pa.Schema, Signature]


class Bindings:
    """A binding is for one thread at a time, so it is taken from here and brought back."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Key, Binding] = OrderedDict()

    def take(self, key: Key) -> Binding | None:
        """One for these columns and this model, None where none is here now."""
        return self._kept.pop(key, None)

    def give(self, key: Key, binding: Binding) -> None:
        """Brings one back."""
        self._kept[key] = binding
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)
