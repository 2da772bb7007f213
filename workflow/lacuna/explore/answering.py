"""Opens the index that a command asks, and prints what it answers, with the footer."""

import argparse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from lacuna.errors import LacunaError
from lacuna.explore.answers import Answer
from lacuna.explore.index import Index
from lacuna.explore.opening import folder_of
from lacuna.explore.printing import print_answer
from lacuna.explore.remarks import remarks
from lacuna.explore.words import INDEX


@contextmanager
def answered(
    arguments: argparse.Namespace,
) -> Iterator[tuple[Index, Callable[[Answer], None]]]:
    """Yield the index of the run that is asked, and what prints an answer.

    Raises
    ------
    LacunaError
        If there is no such run, or its index is damaged.
    """
    check_count("--top", arguments.top)
    folder = folder_of(arguments)
    with Index.open(folder / INDEX) as index:

        def answer(found: Answer) -> None:
            facts = {"run": _run(index), **found.facts}
            whole = replace(found, facts=facts, notes=[*found.notes, *remarks(index, folder)])
            print_answer(whole, arguments.format)

        yield index, answer


def check_count(option: str, value: int) -> None:
    """Refuse a number that counts nothing.

    Raises
    ------
    LacunaError
        If it is below 1.
    """
    if value < 1:
        raise LacunaError(f"{option} is {value}; expected 1 or more.")


def _run(index: Index) -> str:
    return f"{index.dataset}, completed by {index.method_label}"
