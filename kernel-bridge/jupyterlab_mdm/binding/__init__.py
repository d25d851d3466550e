"""How columns become inputs, and rows Arrow messages."""
