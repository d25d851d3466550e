"""The grammar of ``%mdm``: in comes the text behind it, out goes a command, or one line of what is wrong."""

from __future__ import annotations

import argparse
import keyword
from collections.abc import Sequence
from typing import NoReturn

from IPython.core.error import UsageError

from .magic_line import split, unquote

DEFAULT_NAME = "default"


class Parser(argparse.ArgumentParser):
    """Answers a mistake with one line instead of ending the process, and knows its options."""

    def __init__(self, command: str, about: str) -> None:
        super().__init__(prog=f"%mdm {command}", description=about, add_help=False, allow_abbrev=False)
        self.about = about
        #: Every way to write an option → whether a value follows.
        self.ways: dict[str, bool] = {}

    def know(self, *actions: argparse.Action) -> Parser:
        """Takes note of what was added."""
        for action in actions:
            self.ways.update(dict.fromkeys(action.option_strings, action.nargs != 0))
        return self

    def parse_words(self, words: Sequence[str]) -> argparse.Namespace:
        """Options may stand anywhere between the other words, as they do in a shell."""
        options: list[str] = []
        others: list[str] = []
        rest = iter(words)
        for word in rest:
            way = word.partition("=")[0] if word.startswith("--") else word[:2]
            if way in self.ways:
                follows = self.ways[way] and way == word
                options.append(self._with_value(way, next(rest, None)) if follows else word)
            elif word.startswith("--"):
                self.error(f"there is no option {way}")
            else:
                others.append(word)
        found, too_much = self.parse_known_args([*options, *(["--", *others] if others else [])])
        if too_much:
            self.error(f"{' '.join(word for word in too_much if word != '--')} is too much")
        return found

    def _with_value(self, way: str, value: str | None) -> str:
        if value is None:
            self.error(f"{way} wants a value")
        # In one word, a value may start with a dash.
        return f"{way}={value}" if way.startswith("--") else f"{way}{value}"

    def usage_line(self) -> str:
        """How the command is written, in one line."""
        return " ".join(self.format_usage().removeprefix("usage: ").split())

    def error(self, message: str) -> NoReturn:
        """Raises `UsageError`: what is wrong and how it is written."""
        raise UsageError(f"{message}. Usage: {self.usage_line()}")


def parse(line: str, *, is_cell: bool) -> argparse.Namespace:
    """The command of a line; ``command`` is its name, the rest as `PARSERS` says.

    Raises `UsageError` where the line is none.
    """
    texts = [word.text for word in split(line)]
    command = texts[0] if texts else "help"
    parser = PARSERS.get(command)
    if parser is None:
        raise UsageError(f"%mdm has no command {command!r}; it has {', '.join(PARSERS)}.")
    found = parser.parse_words(texts[1:])
    found.command = command
    if is_cell and command != "predict":
        raise UsageError(f"%%mdm takes a cell only for predict; write %mdm {command}, with one %.")
    if command == "predict":
        found.expression = " ".join(found.expression)
        _check_predict(found, is_cell)
    return found


def help_text() -> str:
    """The docstring of the magic: what ``%mdm?`` shows."""
    commands = "\n\n".join(f"{parser.usage_line()}\n    {parser.about}" for parser in PARSERS.values())
    return f"{_INTRODUCTION}\n\n{commands}\n\n{_predict_options()}"


_INTRODUCTION = """Run a model over a dataframe on a cluster of this machine.

    %mdm start -n 2

    %%mdm predict flights.onnx -o delays
    flights[features]

The body of a predict cell is Python; its last expression is the frame. MODEL is a path, a variable that holds
one, or has variables in it: {folder}/flights.onnx or $model. Without -o the result is in _."""


def _predict_options() -> str:
    lines = PARSERS["predict"].format_help().partition("options:")[2]
    return f"Options of predict:{lines}".rstrip()


def _check_predict(found: argparse.Namespace, is_cell: bool) -> None:
    if is_cell and found.expression:
        raise UsageError(
            f"{found.expression!r} is too much: the frame is the last expression of the cell's body."
        )
    if not is_cell and not found.expression:
        raise UsageError(
            "No frame: write %mdm predict MODEL FRAME, or %%mdm predict MODEL and it in the cell's body."
        )


def _name(text: str) -> str:
    name = unquote(text)
    if not name.isidentifier() or keyword.iskeyword(name):
        raise argparse.ArgumentTypeError(f"{name!r} cannot be the name of a variable")
    return name


def _at_least_one(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 on")
    return int(text)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1
    if not 0 < seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds")
    return seconds


def _cluster(parser: Parser) -> argparse.Action:
    return parser.add_argument("--name", type=unquote, default=DEFAULT_NAME, help="the cluster (default)")


def _start() -> Parser:
    parser = Parser("start", "Starts a cluster, which ends with this kernel unless detached.")
    add, rows = parser.add_argument, _at_least_one
    return parser.know(
        add("-n", "--num-worker", type=_at_least_one, metavar="N", help="workers; one a core by default"),
        _cluster(parser),
        add("--device-map", type=unquote, metavar="MAP", help="-1 for CPU, or GPUs: 0,1"),
        add("--max-batch-size", type=rows, metavar="ROWS", help="most rows of a chunk"),
        add("--run-script-dir", type=unquote, metavar="DIR", help="folder of model scripts"),
        add("--detach", action="store_true", help="outlives the kernel"),
    )


def _predict() -> Parser:
    parser = Parser("predict", "Predicts every row of a frame.")
    add = parser.add_argument
    return parser.know(
        add("model", metavar="MODEL", help="path of a model"),
        add("expression", metavar="FRAME", nargs="*", default=[], help="Python, without a cell's body"),
        add("-o", "--output", type=_name, metavar="NAME", help="variable for the result"),
        add("--params", metavar="JSON", help="the model's parameters: JSON or a variable"),
        add("--fill", metavar="VALUE", help="instead of nulls: JSON or a variable"),
        add("--batch", type=_at_least_one, metavar="ROWS", help="rows of a chunk"),
        add("--timeout", type=_seconds, metavar="S", help="the run fails after so many seconds"),
        _cluster(parser),
    )


def _cancel() -> Parser:
    parser = Parser("cancel", "Cancels a run, by default the last one of this kernel.")
    run = parser.add_argument("run", metavar="RUN", nargs="?", help="its id or the start of it")
    return parser.know(run, _cluster(parser))


def _terminate() -> Parser:
    parser = Parser("terminate", "Ends a cluster once its runs have ended.")
    now = parser.add_argument("--now", action="store_true", help="cancels its runs")
    return parser.know(now, _cluster(parser))


def _scale() -> Parser:
    parser = Parser("scale", "Changes the number of workers.")
    return parser.know(parser.add_argument("n", metavar="N", type=_at_least_one), _cluster(parser))


def _of_model(command: str, about: str) -> Parser:
    parser = Parser(command, about)
    return parser.know(parser.add_argument("model", metavar="MODEL"), _cluster(parser))


def _of_cluster(command: str, about: str) -> Parser:
    parser = Parser(command, about)
    return parser.know(_cluster(parser))


PARSERS: dict[str, Parser] = {
    "start": _start(),
    "predict": _predict(),
    "status": _of_cluster("status", "Shows workers, models and runs."),
    "scale": _scale(),
    "load": _of_model("load", "Loads a model on every worker, before it is needed."),
    "unload": _of_model("unload", "Takes a model out of memory."),
    "runs": _of_cluster("runs", "Shows the runs."),
    "cancel": _cancel(),
    "terminate": _terminate(),
    "help": Parser("help", "Shows this."),
}
