"""One module a kind of frame: how it is read piece by piece, and how a result of its kind is made."""
