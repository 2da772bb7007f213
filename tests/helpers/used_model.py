"""A tiny trained model of the simulated cells, in the file that others use, and such cells."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import anndata
import numpy as np
import pandas as pd
from single_cell_world import write_tiny

from lacuna.command import main
from lacuna.io.tsv import write_table
from lacuna.simulation.parameters import SINGLE_CELL_TARGET
from lacuna.single_cell.drug_vectors import encode_drugs
from lacuna.single_cell.interface import Fold
from lacuna.single_cell.model_file import load_predictor, save_predictor
from lacuna.single_cell.model_jobs import assemble_predictor
from lacuna.single_cell.observations import open_observations
from lacuna.single_cell.prepare_jobs import prepare_cells, split_cells
from lacuna.single_cell.train_jobs import learnt_from, read_molecules, train_cells
from lacuna.structures.cache import encode_structures

SMALL = {
    "dimensions": 6, "autoencoder_width": 16, "autoencoder_depth": 1, "doser_width": 8,
    "doser_depth": 1, "encoder_width": 16, "encoder_depth": 1, "adversary_width": 8,
    "adversary_depth": 1, "batch": 64, "epochs": 5, "check_every": 1, "device": "cpu",
}  # fmt: skip
RUN = {"target": "simulated", "model": "tiny", "start": "scratch", "fold": "drugs_0", "seed": "0"}
ASPIRIN, CAFFEINE = "CC(=O)Oc1ccccc1C(=O)O", "Cn1cnc2c1c(=O)n(C)c(=O)n2C"
SCORES = [
    *("target", "split", "fold", "method", "start", "seed", "drug", "line", "dose"),
    *("observations", "genes", "metric", "value"),
]
_made: list[SimpleNamespace] = []


def score(drug, value, **changes):
    """A row of scores, as `judge_unseen` writes them."""
    row = {
        "target": "simulated", "split": "drugs", "fold": "drugs_0", "method": "tiny",
        "start": "scratch", "seed": 0, "drug": drug, "line": "SIMBRE1", "dose": 10.0,
        "observations": 8, "genes": "all", "metric": "specific_pearson", "value": value,
    }  # fmt: skip
    return row | changes


def used_model(tmp_path_factory):
    """Train and assemble once a session.

    Returns files (all that the job reads), fold, observations, molecules (of all drugs), model (the
    path), predictor, and raw (path of the cells that were prepared).
    """
    if _made:
        return _made[0]
    folder = Path(tmp_path_factory.mktemp("used_model"))
    raw = write_tiny(tmp_path_factory)["cells"]
    files = {name: str(folder / name) for name in ("observations", "drugs", "fold", "vectors")}
    prepared = {**files, "account": str(folder / "account"), "left_out": str(folder / "left_out")}
    prepare_cells({"expression": raw}, SINGLE_CELL_TARGET, None, prepared)
    split_cells(
        files["observations"], files["drugs"], None, None, files["fold"], fold_name="drugs_0",
        split={"folds": 2}, genes={"total": 80, "of": "training"},
        degs={"number": 10, "of": "training"}, validation={"by": "drugs", "share": 0.1}, seed=1,
    )  # fmt: skip
    encode_drugs(
        [files["drugs"]], encoder="morgan", options={}, vectors=None, output=files["vectors"],
        cache=None,
    )  # fmt: skip
    files["model"] = str(folder / "trained.h5")
    made = {name: str(folder / name) for name in ("losses", "carried", "trials")}
    train_cells(
        files, {"model": files["model"], **made}, model="tiny", encoder="morgan",
        encoder_options={}, options=SMALL, fold="drugs_0", start="scratch", trials=0, number=0,
        seed=1,
    )  # fmt: skip
    observations = open_observations(files["observations"], files["drugs"])
    fold = Fold.load(files["fold"])
    rows = [
        score(drug, value, method=method, start="scratch" if method == "tiny" else "")
        for number, drug in enumerate(fold.held_out)
        for method, value in (("tiny", number / 10), ("line_mean", 0.3), ("chance", 0.1))
    ]
    files["scores"] = [str(folder / "scores.tsv.gz")]
    write_table(pd.DataFrame(rows)[SCORES], files["scores"][0])
    path = str(folder / "model.h5")
    assemble_predictor(files, path, run=RUN, data="demo")
    molecules = read_molecules(observations.drugs, "morgan", {}, files["vectors"])
    _made.append(
        SimpleNamespace(
            files=files, fold=fold, observations=observations, molecules=molecules, raw=raw,
            model=path, predictor=load_predictor(path),
        )
    )  # fmt: skip
    return _made[0]


def retrained(made, molecules=None, **options):
    """Another model of the same cells, as the training with these options gives it."""
    from lacuna.single_cell.model.train import train

    examples, _ = learnt_from(made.observations, made.fold, molecules or made.molecules)
    trained = train(examples, None, np.random.default_rng(0), **{**SMALL, **options})
    return replace(made.predictor, trained=trained)


def controls(made):
    """The untreated cells as a user has them: counts, of all genes, by symbol."""
    cells = anndata.read_h5ad(made.raw)
    cells = cells[cells.obs["vehicle"].astype(bool)].copy()
    cells.var_names = cells.var["gene_short_name"].astype(str)
    cells = anndata.AnnData(
        cells.X, cells.obs[["cell_type", "vehicle"]], pd.DataFrame(index=cells.var_names)
    )
    cells.obs_names = made.observations.obs.index[made.observations.obs["control"]]
    return cells


def call(folder, made, *words, model=None, output="out.h5ad", cells="cells.h5ad"):
    given = [] if cells is None else ["--cells", folder / cells]
    line = [] if {"--line", "--line-column"} & set(words) else ["--line-column", "cell_type"]
    model = made.model if model is None else model
    words = ["predict-cells", "--model", model, *given, *line, *words, "-o", folder / output]
    return main(list(map(str, words)))


def rewritten(folder, change, name="cells.h5ad"):
    cells = anndata.read_h5ad(folder / name)
    cells = change(cells)
    cells.write_h5ad(folder / name)


def saved(folder, model):
    save_predictor(folder / "model.h5", model)
    return folder / "model.h5"


def morgan(smiles):
    return encode_structures("morgan", smiles)
