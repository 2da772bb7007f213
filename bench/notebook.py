"""Pages whose blocks of Python run, and which show below each block what it prints.

    python bench/notebook.py docs/product.md

The blocks of a page share their names, as the cells of a notebook do. What a block prints, and the
value of its last line, stands below it between marks of its own, and is never written by hand.
"""

import ast
import io
import re
import sys
import warnings
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from lacuna.errors import LacunaError
from lacuna.io.atomic import write_whole

BLOCK = re.compile(r"```python\n(.*?)```\n(\n```text\n.*?```\n)?", re.DOTALL)


def run_page(text: str, name: str) -> list[str]:
    """Run all blocks of a page, one after the other, where the process stands.

    Parameters
    ----------
    text
        The page.
    name
        What it is called, for messages.

    Returns
    -------
    list of str
        What each block prints; empty for nothing.

    Raises
    ------
    LacunaError
        If a block fails; it says which and why.
    """
    names: dict[str, Any] = {"__name__": "__main__"}
    printed = []
    for number, (code, _) in enumerate(BLOCK.findall(text), start=1):
        try:
            printed.append(_run_block(code, names))
        except Exception as error:
            raise LacunaError(
                f"{name}: its block {number} fails with {type(error).__name__}: {error}. Its "
                f"first line is {code.splitlines()[0]!r}."
            ) from error
    return printed


def _run_block(code: str, names: dict[str, Any]) -> str:
    """Run lines, and return what they print and the value of the last one, if it has any."""
    tree = ast.parse(code)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    said = io.StringIO()
    with redirect_stdout(said), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exec(compile(tree, "block", "exec"), names)
        if isinstance(last, ast.Expr):
            value = eval(compile(ast.Expression(last.value), "block", "eval"), names)
            if value is not None:
                print(value)
    return said.getvalue()


def show_outputs(text: str, printed: list[str]) -> str:
    """Return a page with what each block printed below it, in place of what stood there."""
    left = iter(printed)

    def shown(block: re.Match[str]) -> str:
        lines = [line.rstrip() for line in next(left).splitlines()]
        output = "\n".join(lines).strip("\n")
        return f"```python\n{block[1]}```\n" + (f"\n```text\n{output}\n```\n" if output else "")

    return BLOCK.sub(shown, text)


def main(paths: list[str]) -> None:
    """Run pages, and write their outputs into them."""
    for path in map(Path, paths):
        text = path.read_text()
        filled = show_outputs(text, run_page(text, str(path)))
        with write_whole(path) as unfinished:
            unfinished.write_text(filled)


if __name__ == "__main__":
    main(sys.argv[1:])
