"""Files of a small judged world, as the jobs of the stage hand them to each other."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
from judged_folds import planted_fold

from lacuna.io import hdf5
from lacuna.io.tsv import read_table, write_table
from lacuna.single_cell.interface import CONDITION, Predicted
from lacuna.single_cell.judge_jobs import judge_unseen
from lacuna.single_cell.score_jobs import score_cells
from lacuna.single_cell.seen import judged_rows

METHODS = ("control", "line_mean", "ridge_fingerprint", "other_half", "random_drug")
TARGET, FOLDS, SEEDS = "toy", 2, (0, 1)
# How far networks are off the truth.
RUNS = {("rdkit", "scratch"): 1.0, ("rdkit", "overlap"): 0.3}


def made_up_drugs(names):
    """Return a table of drugs; the first two are stereo twins."""
    return pd.DataFrame(
        {
            "drug": names,
            "smiles": ["C" * (number + 1) for number in range(len(names))],
            "inchi_key": [f"KEY{number}" for number in range(len(names))],
            "block": [f"B{max(number, 1)}" for number in range(len(names))],
            "scaffold": "",
            "pathway": "",
        }
    )


def run_file(folder, kind, fold, run, ending):
    return str(folder / ("_".join([kind, fold, *map(str, run)]) + ending))


def entangled(rows):
    """Return what classifiers find, of rows of: of, way, accuracy, most_frequent, threshold."""
    columns = ["of", "way", "accuracy", "most_frequent", "threshold"]
    table = pd.DataFrame(rows, columns=columns)
    return table.assign(passes=table["accuracy"] <= table["threshold"])


def predict(fold, folder, run, noise):
    """Write what a network predicts, its distances and what its basal states tell."""
    _, start, seed = run
    rng = np.random.default_rng(seed)
    kept = judged_rows(fold)
    wanted = fold.conditions[kept][CONDITION].reset_index(drop=True)
    mean = fold.mean[kept] + noise * rng.normal(size=fold.mean[kept].shape)
    files = {
        kind: run_file(folder, kind, fold.name, run, ending)
        for kind, ending in (
            ("predicted", ".h5"),
            ("distances", ".tsv"),
            ("disentangled", ".tsv"),
            ("losses", ".tsv"),
        )
    }
    Predicted(wanted, mean.astype(np.float32), fold.variance[kept]).save(files["predicted"])
    distances = {"e_distance": 1.0 + seed, "mmd": 0.1}
    of_control = {f"{name}_of_control": 2 * value for name, value in distances.items()}
    write_table(wanted.assign(**distances, **of_control), files["distances"])
    fails = 0.3 if start == "scratch" else 0.0
    told = [
        ("drug", "published", 0.06 + fails, 0.05, 0.09),
        ("line", "published", 0.6 + 0.01 * seed, 0.5, 0.7),
        ("drug", "held_out", 0.06 + fails, 0.05, 0.09),
        ("line", "held_out", 0.55 + 0.01 * seed, 0.5, 0.7),
    ]
    write_table(entangled(told), files["disentangled"])
    losses = pd.DataFrame({"epoch": [0, 1], "training": [1.0, 0.5], "validation": [1.1, 0.7]})
    write_table(losses, files["losses"])
    return files


_made = []


def the_judged_world(tmp_path_factory):
    """Return a world that is made once for all tests that only look at it."""
    if not _made:
        _made.append(judged_world(tmp_path_factory.mktemp("judged")))
    return _made[0]


def judged_world(folder: Path, seed=1):
    """Judge and score two folds, and return where all lies."""
    found = SimpleNamespace(folder=folder, folds=[], scores=[], examples=[])
    found.disentangled, found.losses = {}, {}
    names = [f"drug_{number}" for number in range(24)]
    table = made_up_drugs(names)
    found.drugs = str(folder / "drugs.tsv")
    write_table(table, found.drugs)
    found.encoded = {"morgan": str(folder / "morgan.h5")}
    found.made = {}
    for number in range(FOLDS):
        fold, vectors = planted_fold(
            np.random.default_rng(number), name=f"drugs_{number}", held_out=8, noise=0.3
        )
        path = str(folder / f"{fold.name}.h5")
        fold.save(path)
        found.folds.append(path)
        order = np.random.default_rng(0).permutation(len(table))  # files have an order of their own
        hdf5.save(
            found.encoded["morgan"],
            {
                "smiles": table["smiles"].to_numpy(object)[order],
                "vectors": vectors["morgan"].loc[names].to_numpy()[order],
            },
        )
        runs = {}
        for (model, start), noise in RUNS.items():
            for one in SEEDS:
                run = (model, start, one)
                runs[run] = predict(fold, folder, run, noise)
                found.disentangled[TARGET, fold.name, *run] = runs[run]["disentangled"]
                found.losses[TARGET, fold.name, *run] = runs[run]["losses"]
        found.made[fold.name] = runs
        output = {
            "scores": str(folder / f"{fold.name}.tsv.gz"),
            "examples": str(folder / f"{fold.name}_examples.tsv"),
        }
        judge_unseen(
            {"fold": path, "drugs": found.drugs, "encoded": found.encoded},
            {run: files["predicted"] for run, files in runs.items()},
            {run: files["distances"] for run, files in runs.items()},
            output,
            target=TARGET,
            methods=METHODS,
            options={"ridge_fingerprint": {"penalty": 0.1}},
            seed=seed,
        )
        found.scores.append(output["scores"])
        found.examples.append(output["examples"])
    found.output = {
        name: str(folder / f"{name}.tsv")
        for name in ("metrics", "differences", "disentanglement", "losses", "moved")
    }
    score(found, seed)
    found.tables = {name: read_table(path) for name, path in found.output.items()}
    return found


def score(found, seed=1):
    """Write the tables over all folds."""
    score_cells(
        found.scores,
        {TARGET: found.drugs},
        {TARGET: found.folds},
        found.disentangled,
        found.losses,
        found.output,
        encoders={"rdkit": "descriptors"},
        seed=seed,
    )
