"""Write into the pages what the commands that stand there answer.

    python bench/answers.py [--check]

A mark is ``<!-- made by make answers: lacuna show X Y -->``; up to ``<!-- end -->`` stands the
command, and what it printed on a terminal 100 characters wide. The run is results/demo.
"""

import argparse
import contextlib
import io
import os
import re
import shlex
import sys
from pathlib import Path

PAGES = tuple(map(Path, ("README.md", "docs/ask.md", "docs/predict.md", "docs/tutorial.md")))
MARKED = re.compile(
    r"(<!-- made by make answers: lacuna ([^\n]+?) -->\n).*?(<!-- end -->)", re.DOTALL
)
WIDTH = 100


def answer(words: str) -> str:
    """Return what a command prints, as a table for people, and its errors."""
    from lacuna import command

    printed = io.StringIO()
    asked = shlex.split(words)
    if asked[0] != "export":
        asked += ["--format", "table"]
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        command.main([*asked, "--dataset", "demo"])
    lines = [line.rstrip() for line in printed.getvalue().splitlines()]
    return "\n".join(lines).strip("\n")


def fill(page: str) -> str:
    """Return a page with its answers written anew."""

    def answered(mark: re.Match[str]) -> str:
        return f"{mark[1]}\n```console\n$ lacuna {mark[2]}\n{answer(mark[2])}\n```\n{mark[3]}"

    return MARKED.sub(answered, page)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="only say whether the page is stale")
    os.environ |= {"COLUMNS": str(WIDTH), "NO_COLOR": "1"}
    old = {page: page.read_text(encoding="utf-8") for page in PAGES}
    new = {page: fill(text) for page, text in old.items()}
    stale = [page for page in PAGES if new[page] != old[page]]
    if parser.parse_args().check:
        sys.exit(f"{', '.join(map(str, stale))}: not what the commands answer" if stale else 0)
    for page in stale:
        page.write_text(new[page], encoding="utf-8")
