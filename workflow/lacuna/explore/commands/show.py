"""The subcommand `lacuna show`."""

import argparse

from lacuna.explore.opening import add_run_arguments, add_scale_argument
from lacuna.explore.words import PROFILE_SCALE

NAME = "show"
HELP = "What a drug does in a cell, measured or predicted, and how sure that is."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("drug", help="id, name, InChIKey or SMILES, in any case")
    parser.add_argument("cell", nargs="?", help="its name; without it, the drug in all cells")
    parser.add_argument(
        "--top", type=int, default=10, help="genes in each direction, or drugs (%(default)s)"
    )
    add_scale_argument(parser, PROFILE_SCALE)
    add_run_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Show, and print."""
    from lacuna.explore.answering import answered
    from lacuna.explore.answers_show import show_drug, show_profile

    with answered(arguments) as (index, answer):
        if arguments.cell is None:
            answer(show_drug(index, arguments.drug, arguments.top))
        else:
            asked = (arguments.drug, arguments.cell, arguments.top, arguments.scale)
            answer(show_profile(index, *asked))
    return 0
