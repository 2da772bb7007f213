"""The subcommand `lacuna predict`."""

import argparse
from pathlib import Path

from lacuna.explore.opening import add_run_arguments

NAME = "predict"
HELP = "Predict what a drug does: by its structure alone, or from its profile in another cell."


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
        "--profile",
        type=Path,
        metavar="TABLE",
        help="in place of a structure: profiles of a drug in other cells, genes x profiles (a "
        "table with tabs or commas, GCT, GCTX or h5ad; genes by symbol, Entrez or Ensembl id)",
    )
    parser.add_argument(
        "--to", action="append", default=[], metavar="CELL", help="of --profile: the cell wanted"
    )
    parser.add_argument(
        "--model",
        type=Path,
        metavar="FILE",
        help="of --profile: the model to ask, as completed/deepcellstate.model.h5 of a run; by "
        "default, that of the run",
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
    from lacuna.predict.output import check_output

    asked = {"--smiles": arguments.smiles, "--table": arguments.table}
    asked["--profile"] = arguments.profile
    if sum(bool(what) for what in asked.values()) != 1:
        raise LacunaError(
            "expected --smiles, --table or --profile, one of these, to say what is predicted."
        )
    if arguments.output is not None:
        check_output(arguments.output)
    return _from_profile(arguments) if arguments.profile else _by_structure(arguments)


def _from_profile(arguments: argparse.Namespace) -> int:
    """Import nothing that structures or a whole run would need: the answer takes no second."""
    from lacuna.errors import LacunaError
    from lacuna.explore.printing import print_answer
    from lacuna.predict.from_profile import FromProfile
    from lacuna.predict.kept import find_network
    from lacuna.predict.profile_model import read_model

    profile, output = arguments.profile, arguments.output
    if arguments.name or arguments.cell:
        raise LacunaError("--name and --cell go with --smiles; a --profile is brought --to a cell.")
    if output is not None and output.resolve() == profile.resolve():
        raise LacunaError(f"{profile}: is read; expected another name for --output.")
    path = arguments.model or find_network(arguments.results, arguments.dataset)
    model = read_model(path)
    if len(arguments.to) != 1:
        raise LacunaError(
            f"{len(arguments.to)} --to; expected one cell, of {', '.join(model.cells)}. Ask again "
            "for each of several."
        )
    answer = FromProfile.of(model, profile, arguments.to[0])
    if output is not None:
        from lacuna.predict.profile_files import write_prediction

        write_prediction(answer, output)
    print_answer(answer.as_printed(output), arguments.format)
    return 0


def _by_structure(arguments: argparse.Namespace) -> int:
    from lacuna.errors import LacunaError
    from lacuna.explore.printing import print_answer
    from lacuna.predict.answer import Answer
    from lacuna.predict.new_drugs import name_new_drugs, read_new_drugs
    from lacuna.predict.printing import as_printed
    from lacuna.predict.run import find_run, open_run
    from lacuna.predict.shown import write_answer

    table, output = arguments.table, arguments.output
    if arguments.to or arguments.model is not None:
        raise LacunaError(
            "--to and --model go with --profile; structures are asked of a run, with --cell."
        )
    if table is not None and (arguments.name or arguments.cell):
        raise LacunaError(f"--name and --cell go with --smiles; {table} says these in its columns.")
    if table is not None and output is not None and output.resolve() == table.resolve():
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
