"""A small screen whose structures tell what drugs do, or tell nothing; and a finished run of it."""

import atexit
import shutil
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
import pandas as pd
import yaml
from toy import GENES, axes_of, grid, replicated

from lacuna.completion.interface import Completion, SideInformation
from lacuna.completion.model import CompletionModel
from lacuna.completion.run import predict_in_blocks, prepare_method, run_method
from lacuna.completion.writer import write_completed
from lacuna.evaluation.expected_r import ExpectedR, describe_held_out
from lacuna.evaluation.held_out import HeldOut
from lacuna.evaluation.profile_scores import score_profiles
from lacuna.evaluation.splits import fold_table
from lacuna.io.tsv import write_table
from lacuna.tensor.profiles import ProfileSet

SCAFFOLDS = (*("c1ccccc1", "C1CCNCC1", "c1ccc2ccccc2c1"), *("c1ccoc1", "c1cncnc1", "C1CCSCC1"))
TAILS = (
    *("C", "CC", "CCC", "CCCC", "C(C)C", "CO", "CCO", "CN", "CCN", "ClC", "ClCC", "FC"),
    *("FC(F)(F)", "N#C", "C(=O)N"),
)
FOLDS = 3


def structures(drugs: int) -> tuple[np.ndarray, np.ndarray]:
    """Return so many SMILES, no two alike, and the scaffold of each."""
    scaffold = np.arange(drugs) % len(SCAFFOLDS)
    tail = np.arange(drugs) // len(SCAFFOLDS)
    pairs = zip(tail, scaffold, strict=True)
    return np.array([TAILS[a] + SCAFFOLDS[b] for a, b in pairs], object), scaffold


def screen(
    drugs: int = 72, cells: int = 4, unrelated: bool = False, seed: int = 0
) -> tuple[ProfileSet, SideInformation, np.ndarray]:
    """Drugs of one scaffold act alike; with `unrelated`, which drugs act alike is dealt anew.

    Returns
    -------
    tensor, side, and the effects without noise, shape (drugs, cells, genes)
    """
    rng = np.random.default_rng(seed)
    smiles, scaffold = structures(drugs)
    kind = rng.permutation(scaffold) if unrelated else scaffold
    of_cell = 0.3 * rng.normal(size=(1, cells, GENES))
    effect = rng.normal(size=(len(SCAFFOLDS), cells, GENES))[kind] + of_cell
    dense = effect + 0.6 * rng.normal(size=effect.shape)
    tensor = replicated(grid(dense, rng.random((drugs, cells)) < 0.75))
    return tensor, SideInformation(smiles), effect


def learn(tensor, side, name="kernel", seed=0, **options):
    """Prepare a method for a tensor's gaps, and keep its model."""
    rng = np.random.default_rng(seed)
    prepared = prepare_method(name, tensor, tensor.missing_pairs, side, rng, options)
    own = np.random.default_rng(seed + 1)
    return prepared, CompletionModel.learn(name, name, options, tensor, side, prepared, own)


def hold_out_drugs(tensor, side, method="kernel"):
    """Predict whole drugs from others: the fold of each profile, scores and predictions."""
    fold = tensor.drug // len(SCAFFOLDS) % FOLDS  # of each scaffold, some drugs
    parts = [
        run_method(
            method,
            tensor.take(fold != number),
            tensor.take(fold == number).pairs,
            side,
            np.random.default_rng(number),
            {},
        )
        for number in range(FOLDS)
    ]
    return fold, score_profiles(HeldOut.gather(tensor, fold, parts), tensor), parts


def finished_run(results: Path, name="demo", **what) -> Path:
    """Write the files of a finished run that predictions by structure are made from."""
    shutil.copytree(_made(**what), results / name)
    return results / name


@cache
def _made(method="kernel", held_out=True, **world) -> Path:
    folder = Path(mkdtemp())
    atexit.register(shutil.rmtree, folder)
    tensor, side, _ = screen(**world)
    (folder / "tensor").mkdir()
    tensor.save(folder / "tensor/large.h5")
    axes = axes_of(tensor)
    drugs = axes["drugs"].assign(
        name=[f"drug {number}" for number in range(len(tensor.drugs))],
        inchi_key="",
        smiles=side.smiles,
    )
    write_table(drugs, folder / "tensor/drugs.tsv")
    write_table(axes["cells"], folder / "tensor/cells.tsv")
    symbols = [f"GENE{number}" for number in range(len(tensor.genes))]
    write_table(axes["genes"].assign(symbol=symbols), folder / "tensor/genes.tsv")
    write_table(pd.DataFrame(columns=["cell"]), folder / "tensor/baseline.tsv")
    prepared, model = learn(tensor, side, method)
    (folder / "completed").mkdir()
    model.save(folder / f"completed/{method}.model.h5")
    gaps = tensor.missing_pairs
    completions = predict_in_blocks(method, prepared, tensor, gaps)
    write_completed(folder / f"completed/{method}.gctx", tensor, completions, **axes)
    if held_out:
        fold, scores, parts = hold_out_drugs(tensor, side, method)
        split = folder / "evaluation/large/drugs"
        (split / method).mkdir(parents=True)
        write_table(fold_table(tensor, fold), split / "folds.tsv")
        write_table(scores, split / f"{method}/metrics_per_profile.tsv")
        calibrator = folder / f"evaluation/expected_r/{method}/calibrator.h5"
        calibrator.parent.mkdir(parents=True)
        ExpectedR.fit({"drugs": describe_held_out(tensor, fold, parts)}).save(calibrator)
    config = {"seed": 1, "completion": {"completed": [method]}}
    config["acquire"] = {"source": "simulator"}
    (folder / "config.yaml").write_text(yaml.safe_dump(config))
    return folder


def joined(blocks) -> Completion:
    """Return blocks of predictions as one."""
    return Completion.join(list(blocks))
