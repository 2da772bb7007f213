"""The subcommand `lacuna predict-cells`."""

import argparse
from pathlib import Path

NAME = "predict-cells"
HELP = "Predict single cells under any drug, from untreated ones and a trained model."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "--model", type=Path, required=True, help="results/DATASET/single_cell/model.h5"
    )
    parser.add_argument(
        "--smiles",
        action="append",
        default=[],
        help="the structure of a drug; given more than once, of drugs that are combined",
    )
    parser.add_argument(
        "--drugs",
        type=Path,
        help="in place of --smiles, drugs one by one: a table of drug, smiles and, unless --dose "
        "holds for all, dose, with tabs",
    )
    parser.add_argument(
        "--dose",
        action="append",
        default=[],
        help="with its unit, as 1uM or 1000nM; a number alone is nanomolar. Of one drug, each is a "
        "prediction; of a combination, one for each --smiles in their order",
    )
    parser.add_argument(
        "--cells",
        type=Path,
        help="untreated cells: h5ad of counts, or of log(1 + normalised counts)",
    )
    parser.add_argument("--layer", help="the matrix of these; X by default")
    parser.add_argument(
        "--scale",
        choices=("counts", "log1p"),
        help="what it holds; by default counts where all values are whole, else log1p",
    )
    parser.add_argument(
        "--genes",
        type=Path,
        help="table of human genes (symbol, and ensembl or entrez), where cells have ids",
    )
    parser.add_argument(
        "--control-column",
        help="column of obs that tells untreated cells: true of these, or see --control. Without "
        "it, all cells of the file are untreated",
    )
    parser.add_argument("--control", help="what untreated cells are called in that column")
    parser.add_argument("--line", help="cell line of all cells, as the training called it")
    parser.add_argument("--line-column", help="column of obs that tells the line of each cell")
    parser.add_argument(
        "--fit-line",
        action="store_true",
        help="fit a line that was never trained on to its untreated cells, in place of the mean of "
        "the training lines",
    )
    parser.add_argument(
        "--vectors",
        type=Path,
        help="table of vectors by SMILES, of a model that was trained on one",
    )
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        required=True,
        help="what to write: NAME.h5ad, with NAME.tsv and NAME_genes.tsv beside it; or NAME.tsv, "
        "the two tables alone",
    )


def run(arguments: argparse.Namespace) -> int:
    """Predict, and say where the result lies."""
    from lacuna.errors import LacunaError
    from lacuna.single_cell.drug_vectors import read_outside_vectors
    from lacuna.single_cell.model_file import load_predictor
    from lacuna.single_cell.new_cells import Asked, read_cells
    from lacuna.single_cell.predict import Prediction, from_starts
    from lacuna.single_cell.predicted_files import doubts, outputs_of, write_prediction
    from lacuna.single_cell.treatments import (
        molecules_of,
        nearest_of,
        of_table,
        of_words,
        warnings_of,
    )

    _check_files(arguments, outputs_of(arguments.output))
    if bool(arguments.smiles) == (arguments.drugs is not None):
        raise LacunaError("expected --smiles or --drugs, one of both, to say what is predicted.")
    model = load_predictor(arguments.model)
    described = model.described()
    for name, text in described.items():
        print(f"{name}: {text}")
    doses = list(arguments.dose)
    if not (doses or arguments.drugs or model.is_of_cells):
        doses = [f"{model.doses[0]}uM"]  # signatures have one
    notes, left = [], ""
    if arguments.drugs is not None:
        treatments, left = of_table(arguments.drugs, doses, model)
    else:
        treatments = of_words(arguments.smiles, doses, model)
    notes += [*([left] if left else []), *nearest_of(treatments)]
    warned = [*model.expected.doubts(), *warnings_of(treatments, model)]
    vectors = None
    if arguments.vectors is not None:
        table = read_outside_vectors(arguments.vectors)
        vectors = dict(zip(table.index, table.to_numpy(), strict=True))
    molecules, said = molecules_of(treatments.structures, model, vectors)
    warned += said
    if model.is_of_cells:
        if arguments.cells is None:
            raise LacunaError(
                "this model predicts cells from untreated ones; expected them: --cells."
            )
        asked = Asked(**{name: getattr(arguments, name) for name in Asked._fields})
        cells = read_cells(arguments.cells, model, asked)
    else:
        _refuse_cells(arguments)
        cells = from_starts(model, arguments.line)
    prediction = Prediction(model, cells, treatments, molecules, fit_line=arguments.fit_line)
    notes += [*cells.said, *prediction.said]
    for note in notes:
        print(note)
    for warning in warned:
        print(f"Warning: {warning}")
    provenance = {
        "model": described,
        "model_file": str(arguments.model),
        "cells_file": str(arguments.cells or ""),
        "notes": notes,
        "warnings": warned,
    }
    summary, paths = write_prediction(prediction, arguments.output, provenance)
    for warning in doubts(summary):
        print(f"Warning: {warning}")
    print(
        f"{len(treatments.all):,} treatments, {len(cells.rows):,} cells, {len(summary):,} "
        f"predictions: {', '.join(map(str, paths))}"
    )
    return 0


def _check_files(arguments: argparse.Namespace, outputs: list[Path]) -> None:
    from lacuna.errors import LacunaError

    names = ("model", "cells", "drugs", "genes", "vectors")
    written = {path.resolve() for path in outputs}
    for path in filter(None, (getattr(arguments, name) for name in names)):
        if not path.exists():
            raise LacunaError(f"{path}: no such file.")
        if path.resolve() in written:
            raise LacunaError(f"{path}: is read; expected another name for --output.")


def _refuse_cells(arguments: argparse.Namespace) -> None:
    """Refuse what says something of cells, where a model of signatures is used."""
    from lacuna.errors import LacunaError

    of_cells = ("cells", "layer", "scale", "genes", "control_column", "control", "line_column")
    given = [f"--{name.replace('_', '-')}" for name in of_cells if getattr(arguments, name)]
    given += ["--fit-line"] if arguments.fit_line else []
    if given:
        raise LacunaError(
            f"this model predicts signatures of its lines, and reads no cells: leave out "
            f"{', '.join(given)}."
        )
