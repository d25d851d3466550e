"""How a magic's line is taken apart."""

from __future__ import annotations

import pytest

from jupyterlab_mdm.notebook.magic_line import split, unquote


@pytest.mark.parametrize(
    ("line", "texts"),
    [
        ("", []),
        ("  start  -n 2 ", ["start", "-n", "2"]),
        ('predict m.onnx df[["a", "b"]] -o x', ["predict", "m.onnx", 'df[["a", "b"]]', "-o", "x"]),
        ('--params {"a": {"b": [1, 2]}} x', ["--params", '{"a": {"b": [1, 2]}}', "x"]),
        ("'a b' \"c d\"", ["'a b'", '"c d"']),
        ("f(')', \"(\") g", ["f(')', \"(\")", "g"]),
        (r"'it\'s one' two", [r"'it\'s one'", "two"]),
        ("{folder}/m.onnx x", ["{folder}/m.onnx", "x"]),
        # What does not close reaches to the end of the line.
        ("f(a b", ["f(a b"]),
        ("'a b", ["'a b"]),
        ("a) b", ["a)", "b"]),
    ],
)
def test_a_word_ends_at_white_space_outside_quotes_and_brackets(line: str, texts: list[str]) -> None:
    assert [word.text for word in split(line)] == texts
    assert [line[word.start : word.start + len(word.text)] for word in split(line)] == texts


@pytest.mark.parametrize(
    ("word", "text"),
    [("'a b'", "a b"), ('"a"', "a"), ("a", "a"), ("'a' + 'b'", "'a' + 'b'"), ("'", "'"), ("''", "")],
)
def test_only_quotes_around_the_whole_word_are_taken_off(word: str, text: str) -> None:
    assert unquote(word) == text
