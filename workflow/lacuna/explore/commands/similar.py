"""The subcommand `lacuna similar`."""

import argparse
from pathlib import Path

from lacuna.explore.opening import add_profile_arguments, add_run_arguments
from lacuna.explore.words import BY, PROFILE

NAME = "similar"
HELP = "Which drugs mimic a signature, and which reverse it."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    genes = "names of genes, one a line, or a GMT file of one set"
    parser.add_argument("--up", type=Path, metavar="FILE", help=f"genes that go up: {genes}")
    parser.add_argument("--down", type=Path, metavar="FILE", help="genes that go down, likewise")
    parser.add_argument(
        "--table", type=Path, metavar="FILE", help="in place of both: gene and value, line by line"
    )
    parser.add_argument(
        "--profile",
        nargs=2,
        metavar=("DRUG", "CELL"),
        help="in place of files: the profile of a drug in a cell",
    )
    parser.add_argument("--by", choices=BY, default=PROFILE, help="what to list (%(default)s)")
    parser.add_argument(
        "--score",
        default="weighted",
        help="weighted (weighted connectivity) or cosine (%(default)s)",
    )
    add_profile_arguments(parser)
    parser.add_argument("--top", type=int, default=15, help="on each side (%(default)s)")
    add_run_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Search, and print."""
    from lacuna.explore.answering import answered
    from lacuna.explore.answers_gene import Wanted
    from lacuna.explore.answers_similar import query_of_files, query_of_profile, similar_answer

    _check(arguments)
    with answered(arguments) as (index, answer):
        if arguments.profile:
            query, asked = query_of_profile(index, *arguments.profile)
        else:
            files = (arguments.up, arguments.down, arguments.table)
            query, asked = query_of_files(index, *files)
        wanted = Wanted(tuple(arguments.cell), arguments.source, arguments.min_r)
        answer(
            similar_answer(
                index,
                query,
                asked,
                by=arguments.by,
                score=arguments.score,
                wanted=wanted,
                top=arguments.top,
            )
        )
    return 0


def _check(arguments: argparse.Namespace) -> None:
    """Refuse no signature, or several."""
    from lacuna.errors import LacunaError

    given = [
        name
        for name, values in {
            "--up or --down": (arguments.up, arguments.down),
            "--table": (arguments.table,),
            "--profile": (arguments.profile,),
        }.items()
        if any(value is not None for value in values)
    ]
    if len(given) != 1:
        raise LacunaError(
            f"expected one signature, of --up and --down, --table, or --profile; got "
            f"{' and '.join(given) or 'none'}."
        )
