"""The subcommand `lacuna translate`."""

import argparse
from pathlib import Path

NAME = "translate"
HELP = "Translate a file of L1000 profiles to RNA-seq-like profiles of all genes."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("matrix", type=Path, help="GCTX of Level 3 profiles, genes in rows")
    parser.add_argument("output", type=Path, help="what to write: .gctx or .h5ad")
    parser.add_argument(
        "--model", type=Path, required=True, help="results/DATASET/translation/model.h5"
    )
    parser.add_argument(
        "--gene-info", type=Path, help="table of genes; without it, row ids must be symbols"
    )
    parser.add_argument(
        "--signatures",
        action="store_true",
        help="the matrix holds signatures (Level 5): for linear models",
    )


def run(arguments: argparse.Namespace) -> int:
    """Translate, and say where the result lies."""
    import pandas as pd

    from lacuna.io.gctx import Gctx
    from lacuna.io.geo import read_genes
    from lacuna.io.level3 import open_level3
    from lacuna.translation.model import load_model
    from lacuna.translation.translate import CAVEAT, write_translated

    model = load_model(arguments.model)
    with Gctx(arguments.matrix) as matrix:
        if arguments.gene_info:
            genes = read_genes(arguments.gene_info)
        else:
            names = matrix.rows.astype(str)
            genes = pd.DataFrame({"gene": names, "symbol": names, "landmark": True})
        if arguments.signatures:
            known = genes[genes["gene"].isin(matrix.rows)]
            symbols = known.set_index("gene")["symbol"].astype(str)
        else:
            rows = open_level3(matrix, genes, model.genes.landmarks).rows
            symbols = pd.Series(rows.index, index=rows.to_numpy())
        wells = pd.DataFrame(index=matrix.columns)
        write_translated(
            arguments.output, model, matrix, symbols, wells, differences=arguments.signatures
        )
    if arguments.signatures:
        print(CAVEAT)
    print(f"{len(wells):,} profiles of {len(model.genes.genes):,} genes: {arguments.output}")
    return 0
