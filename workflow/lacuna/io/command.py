"""The subcommand `lacuna convert`."""

import argparse
from pathlib import Path

NAME = "convert"
HELP = "Bring a matrix into another layout: GCTX, GCT, h5ad, or a table of genes x samples."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "source",
        type=Path,
        metavar="IN",
        help="GCTX, GCT 1.2 or 1.3, h5ad, ARCHS4, or a table of genes x samples (tabs or commas); "
        "text may be gzipped",
    )
    parser.add_argument(
        "destination",
        type=Path,
        metavar="OUT",
        help="what to write, by its ending: .gctx, .gct, .h5ad, .tsv, .txt or .csv, text also .gz",
    )


def run(arguments: argparse.Namespace) -> int:
    """Convert, and say what was written and what was left out."""
    from lacuna.io.convert import convert

    made = convert(arguments.source, arguments.destination)
    print(f"{made.genes:,} genes x {made.samples:,} samples: {arguments.destination}")
    for facts in made.left_out:
        print(f"A table has no room for facts about {facts}. A .gct has.")
    return 0
