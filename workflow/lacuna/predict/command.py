"""The subcommand `lacuna predict`."""

import argparse
from pathlib import Path

from lacuna.explore.opening import add_run_arguments

NAME = "predict"
HELP = "Predict what a drug does whose structure alone is known, and say how good that is."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "--smiles", action="append", default=[], help="the structure of a drug; as often as wanted"
    )
    parser.add_argument(
        "--name", action="append", default=[], help="what to call it; one for each --smiles"
    )
    parser.add_argument(
        "--table",
        type=Path,
        metavar="FILE",
        help="in place of --smiles: a table with tabs, name, smiles and, where not all cells are "
        "wanted, cells with ; between them",
    )
    parser.add_argument(
        "--cell", action="append", default=[], help="a cell; as often as wanted (all of the data)"
    )
    parser.add_argument(
        "--output",
        type=Path,
        metavar="FILE",
        help="write all genes of all profiles: FILE.tsv (or .tsv.gz), FILE.gctx or FILE.h5ad",
    )
    add_run_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Predict, print the answer, and say where the profiles lie."""
    from lacuna.errors import LacunaError
    from lacuna.explore.printing import print_answer
    from lacuna.predict.answer import Answer
    from lacuna.predict.new_drugs import name_new_drugs, read_new_drugs
    from lacuna.predict.printing import as_printed
    from lacuna.predict.run import find_run, open_run
    from lacuna.predict.shown import check_output, write_answer

    table, output = arguments.table, arguments.output
    if bool(arguments.smiles) == (table is not None):
        raise LacunaError("expected --smiles or --table, one of both, to say what is predicted.")
    if table is not None and (arguments.name or arguments.cell):
        raise LacunaError(f"--name and --cell go with --smiles; {table} says these in its columns.")
    if output is not None:
        check_output(output)
        if table is not None and output.resolve() == table.resolve():
            raise LacunaError(f"{table}: is read; expected another name for --output.")
    if table is not None:
        new = read_new_drugs(table)
    else:
        new = name_new_drugs(arguments.smiles, arguments.name, arguments.cell)
    opened = open_run(find_run(arguments.results, arguments.dataset))
    answer = Answer.to(new, opened, "" if table is None else str(table))
    if output is not None:
        write_answer(answer, output)
    print_answer(as_printed(answer, output), arguments.format)
    return 0
