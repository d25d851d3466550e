"""The body of a ``%%mdm predict`` cell: in comes Python source, out goes the value of its last expression."""

from __future__ import annotations

import ast

from IPython.core.error import UsageError

from .shell import Shell


def evaluate(shell: Shell, body: str, first_line: int = 2) -> object:
    """Runs the body as the cell it is: in the user's namespace, and with its own lines in a traceback.

    ``first_line`` is the line of the cell that the body starts at: the magic stands on the first.
    """
    __tracebackhide__ = True
    # Empty lines stand in for those above it, so that line numbers are the cell's.
    source = "\n" * (first_line - 1) + shell.transform_cell(body)
    number = shell.displayhook.prompt_count
    name = shell.compile.cache(source, number)
    tree = shell.transform_ast(shell.compile.ast_parse(source, filename=name))
    expression = _take_expression(tree)
    exec(shell.compile(tree, name, "exec"), shell.user_global_ns, shell.user_ns)
    return eval(shell.compile(expression, name, "eval"), shell.user_global_ns, shell.user_ns)


def _take_expression(tree: ast.Module) -> ast.Expression:
    """The last expression, taken out of the tree."""
    last = tree.body.pop() if tree.body else None
    if isinstance(last, ast.Expr):
        return ast.Expression(last.value)
    if last is None:
        raise UsageError("The cell's body is empty; its last expression must be the frame.")
    raise UsageError(
        f"The cell's last line must be an expression that gives the frame, such as a variable's name; "
        f"line {last.lineno} is: {_first_line(last)}"
    )


def _first_line(node: ast.stmt) -> str:
    return ast.unparse(node).splitlines()[0]
