"""A magic's line taken apart: in comes the text behind ``%mdm``, out go its words as they were typed.

A word ends at white space, unless that stands inside quotes or brackets: ``df[["a", "b"]]`` and
``{"depth": 3}`` are one word each. Python and JSON can so be typed without quoting them for a shell.
"""

from __future__ import annotations

from dataclasses import dataclass

_CLOSING = {"(": ")", "[": "]", "{": "}"}
_QUOTES = "'\""


@dataclass(frozen=True)
class Word:
    """One word, quotes included, and where it starts in the line."""

    text: str
    start: int


def split(line: str) -> list[Word]:
    """The words of the line; quotes and brackets that do not close reach to its end."""
    words: list[Word] = []
    position = 0
    while position < len(line):
        if line[position].isspace():
            position += 1
            continue
        end = _end_of_word(line, position)
        words.append(Word(line[position:end], position))
        position = end
    return words


def unquote(word: str) -> str:
    """Without the quotes around the whole of it."""
    quoted = len(word) >= 2 and word[0] in _QUOTES and _end_of_quote(word, 0) == len(word)
    return word[1:-1] if quoted and word[-1] == word[0] else word


def _end_of_word(line: str, position: int) -> int:
    open_brackets: list[str] = []
    while position < len(line):
        character = line[position]
        if character in _QUOTES:
            position = _end_of_quote(line, position)
            continue
        if character in _CLOSING:
            open_brackets.append(_CLOSING[character])
        elif open_brackets and character == open_brackets[-1]:
            open_brackets.pop()
        elif character.isspace() and not open_brackets:
            return position
        position += 1
    return position


def _end_of_quote(line: str, position: int) -> int:
    quote = line[position]
    position += 1
    while position < len(line) and line[position] != quote:
        position += 2 if line[position] == "\\" else 1
    return min(len(line), position + 1)
