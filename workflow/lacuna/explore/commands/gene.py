"""The subcommand `lacuna gene`."""

import argparse

from lacuna.explore.opening import (
    add_profile_arguments,
    add_run_arguments,
    add_scale_argument,
)
from lacuna.explore.words import DEFAULT_SCALE

NAME = "gene"
HELP = "Which drugs raise or lower a gene most, and in which cells."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("gene", help="symbol, or Entrez or Ensembl id, in any case")
    add_profile_arguments(parser)
    parser.add_argument("--top", type=int, default=20, help="in each direction (%(default)s)")
    add_scale_argument(parser, DEFAULT_SCALE)
    add_run_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Search, and print."""
    from lacuna.explore.answering import check_count
    from lacuna.explore.answers_translated import SEARCHES
    from lacuna.explore.opening import folder_of
    from lacuna.explore.words import INDEX

    check_count("--top", arguments.top)
    folder = folder_of(arguments, (INDEX, SEARCHES))
    arguments.dataset, arguments.results = folder.name, folder.parent
    if (folder / INDEX).is_file():
        return _of_product(arguments)
    return _of_translation(arguments)


def _of_product(arguments: argparse.Namespace) -> int:
    from lacuna.errors import LacunaError
    from lacuna.explore.answering import answered
    from lacuna.explore.answers_gene import Wanted, gene_answer
    from lacuna.explore.answers_translated import has_search
    from lacuna.explore.names import find_gene

    with answered(arguments) as (index, answer):
        try:
            find_gene(index, arguments.gene)
        except LacunaError:
            if has_search(arguments.results / arguments.dataset):
                return _of_translation(arguments)
            raise
        wanted = Wanted(tuple(arguments.cell), arguments.source, arguments.min_r)
        answer(gene_answer(index, arguments.gene, wanted, arguments.top, arguments.scale))
    return 0


def _of_translation(arguments: argparse.Namespace) -> int:
    from dataclasses import replace

    from lacuna.explore.answers_translated import translated_answer
    from lacuna.explore.printing import print_answer

    folder = arguments.results / arguments.dataset
    cells = tuple(arguments.cell)
    answer = translated_answer(folder, arguments.gene, cells, arguments.top)
    if arguments.source or arguments.scale or arguments.min_r is not None:
        note = "--source, --min-r and --scale are of the product, and say nothing here."
        answer = replace(answer, notes=[*answer.notes, note])
    print_answer(answer, arguments.format)
    return 0
