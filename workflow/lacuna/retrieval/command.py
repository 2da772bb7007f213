"""The subcommand `lacuna retrieve`."""

import argparse
from pathlib import Path

NAME = "retrieve"
HELP = "Rank a library of structures for profiles, or profiles for structures."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "--model", type=Path, required=True, help="results/DATASET/retrieval/model.h5"
    )
    parser.add_argument(
        "--profile",
        type=Path,
        required=True,
        help="profiles: a table genes x samples (TSV, GCT, h5ad), or GCTX with --gene-info; genes "
        "by symbol, values as Level 3 (log2, 0 to 15), or signatures where the model is of those",
    )
    parser.add_argument(
        "--control",
        type=Path,
        help="controls of the profiles, in the same layout: those of the same names one by one, "
        "else their mean for all",
    )
    parser.add_argument("--gene-info", type=Path, help="table of genes, for GCTX")
    parser.add_argument(
        "--library",
        type=Path,
        required=True,
        help="structures: a line each, SMILES and, behind a blank or tab, a name",
    )
    parser.add_argument(
        "--back",
        action="store_true",
        help="rank the profiles for each structure, and not structures for each profile",
    )
    parser.add_argument("--top", type=int, default=0, help="so many of each ranking; 0 for all")
    parser.add_argument("--cache", type=Path, help="keep vectors of structures in this file")
    parser.add_argument(
        "--output", type=Path, required=True, help="the table to write, .tsv or .tsv.gz"
    )


def run(arguments: argparse.Namespace) -> int:
    """Rank, and say where the table lies."""
    from lacuna.errors import LacunaError
    from lacuna.io.tsv import write_table
    from lacuna.retrieval.model import load_retriever
    from lacuna.retrieval.retrieve import rank_library, read_library, read_profiles

    if arguments.top < 0:
        raise LacunaError(f"--top is {arguments.top}; expected 0, for all, or more.")
    read = (arguments.model, arguments.profile, arguments.control, arguments.library)
    for path in (path for path in read if path is not None):
        if not path.exists():
            raise LacunaError(f"{path}: no such file.")
        if path.resolve() in (arguments.output.resolve(), (arguments.cache or Path()).resolve()):
            raise LacunaError(f"{path}: is read; expected other names for --output and --cache.")
    model = load_retriever(arguments.model)
    library, unreadable = read_library(arguments.library)
    for reason, count in unreadable.items():
        print(f"Left out: {count} structures ({reason}).")
    profiles = read_profiles(arguments.profile, arguments.gene_info)
    control = read_profiles(arguments.control, arguments.gene_info) if arguments.control else None
    table = rank_library(
        model,
        profiles,
        control,
        library,
        back=arguments.back,
        top=arguments.top,
        cache=arguments.cache,
    )
    write_table(table, arguments.output)
    print(f"{len(profiles)} profiles, {len(library)} structures: {arguments.output}")
    return 0
