"""The subcommand `lacuna export`."""

import argparse
from pathlib import Path

from lacuna.explore.opening import add_profile_arguments, add_run_arguments

NAME = "export"
HELP = "Write the product, or a part of it, as h5ad, GCTX, GCT or a table."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "output",
        type=Path,
        metavar="OUT",
        help="what to write, by its ending: .h5ad, .gctx, .gct, .tsv, .txt or .csv",
    )
    parser.add_argument(
        "--drug", action="append", default=[], help="of this drug alone; may be given again"
    )
    add_profile_arguments(parser)
    add_run_arguments(parser, formats=False)


def run(arguments: argparse.Namespace) -> int:
    """Write, and say what and where."""
    from lacuna.explore.answers_gene import Wanted
    from lacuna.explore.export import export
    from lacuna.explore.index import Index
    from lacuna.explore.opening import folder_of
    from lacuna.explore.words import INDEX

    folder = folder_of(arguments)
    wanted = Wanted(tuple(arguments.cell), arguments.source, arguments.min_r)
    with Index.open(folder / INDEX) as index:
        made = export(index, folder, arguments.output, tuple(arguments.drug), wanted)
    print(
        f"{made.profiles:,} of {made.of_all:,} profiles x {made.genes:,} genes: "
        f"{', '.join(map(str, made.paths))}"
    )
    return 0
