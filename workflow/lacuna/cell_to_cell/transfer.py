"""DeepCellState on profiles of another platform, before and after fine-tuning.

After Umarov et al. 2021 (doi:10.1371/journal.pcbi.1009465), section on external data. The network
predicts as it was trained on the tensor, and after fine-tuning on other drugs of that platform.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd
import torch
from tqdm import tqdm

from lacuna.completion.methods.deepcellstate import PRESETS, DeepCellState
from lacuna.completion.shared.other_cells import find_pairs
from lacuna.errors import LacunaError, listed
from lacuna.evaluation.bootstrap import LEAST_DRUGS, bootstrap_weights, intervals
from lacuna.evaluation.correlation import profile_pearson
from lacuna.io.external import External
from lacuna.networks.training import batches, descend, random_stream
from lacuna.tensor.profiles import ProfileSet

EPOCHS, BATCH, LEARNING_RATE = 50, 1, 1e-5
# Parts that the drugs are dealt to; up to 20 drugs are left out one by one, as by the authors.
PARTS = 20
# The ways to predict a profile, each with more training than the one before.
WAYS = ["copy", "trained", "fine_tuned"]


def place_external(external: External, genes: np.ndarray) -> ProfileSet:
    """Put profiles on a grid of their own: drugs and cells by name.

    Parameters
    ----------
    external
        One profile per drug and cell.
    genes
        Names of its genes.
    """
    order = np.lexsort((external.cell, external.drug))
    drugs, drug = np.unique(external.drug[order].astype(str), return_inverse=True)
    cells, cell = np.unique(external.cell[order].astype(str), return_inverse=True)
    return ProfileSet(external.profiles[order], drug, cell, drugs, cells, genes)


def match_decoders(
    model: DeepCellState, trained_cells: np.ndarray, cells: np.ndarray
) -> DeepCellState:
    """Return the model for other cells: those of the same name keep their decoders.

    Parameters
    ----------
    model
        A trained one.
    trained_cells
        Names of its cells.
    cells
        Names of the other cells.
    """
    decoder = dict(zip(trained_cells, model.cells, strict=True))
    return replace(model, cells=np.array([decoder.get(cell, -1) for cell in cells]))


def fine_tune(
    model: DeepCellState,
    training: ProfileSet,
    measured: np.ndarray,
    cell: int,
    rng: np.random.Generator,
) -> DeepCellState:
    """Return a copy whose encoder and one decoder were trained a little more; `model` stays.

    The authors' settings: Adam at `LEARNING_RATE`, `EPOCHS` epochs, `BATCH` profile a step, the
    regularisation "transfer". An epoch goes once through the cell's profiles, each predicted from
    one of the drug's other profiles, at random. Genes that are not measured teach nothing.

    Parameters
    ----------
    model
        A trained one, for the cells of `training`.
    training
        The profiles to learn from.
    measured : bool array of shape (genes,)
    cell
        One with a decoder.
    rng
        Draws inputs, their order, and what dropout drops.
    """
    preset = PRESETS["transfer"]
    network = model.network.with_dropout(preset.input_dropout, preset.decoder_dropout)
    tuned = replace(model, network=network)
    decoder = tuned.decoder(cell)
    source, target = find_pairs(training)
    into = training.cell[target] == cell
    source, target = source[into], target[into]
    targets, first, inputs = np.unique(target, return_index=True, return_counts=True)
    profiles = tuned.scaled(training.profiles)
    genes = torch.as_tensor(np.flatnonzero(measured), device=profiles.device)
    weights = [*network.encoder.parameters(), *decoder.parameters()]
    optimiser = torch.optim.Adam(weights, lr=LEARNING_RATE, fused=True)

    def losses() -> Iterator[tuple[torch.Tensor, int]]:
        drawn = first + (torch.rand(len(targets)).numpy() * inputs).astype(int)
        chosen = torch.as_tensor(source[drawn])
        for rows in batches(len(targets), BATCH):
            given, truth = profiles[chosen[rows]], profiles[targets[rows]]
            errors = (decoder(network.encoder(given), given) - truth) ** 2
            yield errors[:, genes].mean(), len(rows)

    with random_stream(rng):
        network.train()
        for _ in range(EPOCHS if len(targets) else 0):
            descend(losses(), optimiser)
    return tuned


def transfer(
    model: DeepCellState, external: ProfileSet, measured: np.ndarray, rng: np.random.Generator
) -> pd.DataFrame:
    """Predict each profile that can be predicted in three ways, and score the predictions.

    Parameters
    ----------
    model
        A trained one, for the cells of `external`.
    external
        Profiles of another platform, as `place_external` returns them.
    measured : bool array of shape (genes,)
        The genes on which predictions are scored.
    rng
        See `fine_tune`; and deals the drugs to `PARTS` parts, where there are more.

    Returns
    -------
    DataFrame with columns drug, cell, inputs, copy, trained, fine_tuned
        One row per profile in a cell with a decoder, of a drug with profiles in other cells, the
        inputs. Then Pearson's r of the measured profile with the mean of the inputs (copy); with
        the mean of what the network predicts from each, as it was trained (trained); and after
        fine-tuning on the drugs of all other parts (fine_tuned).

    Raises
    ------
    LacunaError
        If there is no such profile.
    """
    cells_of_drug = external.measured.sum(axis=1)[external.drug]
    rows = np.flatnonzero((model.cells[external.cell] >= 0) & (cells_of_drug > 1))
    if not len(rows):
        raise LacunaError(
            "files: external: no drug has profiles in two cells of which one is a cell of the "
            f"study; its cells are {listed(external.cells)}. Name cells of the study as the tensor "
            "does, or take transfer out of cell_to_cell: analyses."
        )
    wanted, truth = external.pairs[rows], external.profiles[rows]
    drugs = np.unique(wanted[:, 0])
    part = np.full(len(external.drugs), -1)
    part[drugs] = rng.permutation(len(drugs)) % PARTS
    predicted = {
        "copy": _copy(external, wanted),
        "trained": model.predict(external, wanted, rng).profiles,
        "fine_tuned": _predict_fine_tuned(model, external, measured, wanted, part, rng),
    }
    table = {
        "drug": external.drugs[wanted[:, 0]],
        "cell": external.cells[wanted[:, 1]],
        "inputs": cells_of_drug[rows] - 1,
    }
    for way in WAYS:
        table[way] = profile_pearson(truth[:, measured], predicted[way][:, measured])
    return pd.DataFrame(table)


def _predict_fine_tuned(
    model: DeepCellState,
    external: ProfileSet,
    measured: np.ndarray,
    wanted: np.ndarray,
    part: np.ndarray,
    rng: np.random.Generator,
) -> np.ndarray:
    """Predict each part of the drugs, cell by cell, after fine-tuning on the drugs of the others.

    Parameters
    ----------
    model, external, measured, rng
        See `transfer`.
    wanted : int array of shape (m, 2)
        The (drug, cell) pairs to predict.
    part : int array of shape (drugs,)
        The part of each drug; -1 of drugs that are not predicted.

    Returns
    -------
    float32 array of shape (m, genes)
    """
    predicted = np.empty((len(wanted), len(external.genes)), external.profiles.dtype)
    part_and_cell = np.column_stack([part[wanted[:, 0]], wanted[:, 1]])
    trainings = np.unique(part_and_cell, axis=0)
    for (number, cell), stream in zip(
        tqdm(trainings, desc="parts", mininterval=5), rng.spawn(len(trainings)), strict=True
    ):
        others = external.take(part[external.drug] != number)
        tuned = fine_tune(model, others, measured, cell, stream)
        rows = (part_and_cell == (number, cell)).all(axis=1)
        predicted[rows] = tuned.predict(external, wanted[rows], stream).profiles
    return predicted


def seen_in_training(drug: pd.Series, drugs: pd.DataFrame, training: np.ndarray) -> np.ndarray:
    """Say which drugs the network was trained on; names and ids match whatever their case.

    Parameters
    ----------
    drug
        Names of the other platform.
    drugs
        drug, name: of the tensor's drugs, in their order.
    training : int array
        The drugs of the training set, as positions of the tensor's drugs.

    Returns
    -------
    bool array of the shape of `drug`
    """
    names = drugs.iloc[training][["drug", "name"]].melt()["value"].str.casefold()
    return drug.str.casefold().isin(names).to_numpy()


def compare_ways(scores: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Return the mean of each way and of their differences, with bootstrap intervals over drugs.

    Parameters
    ----------
    scores
        As `transfer` returns it.
    rng
        Draws the drugs; the same for all ways.

    Returns
    -------
    DataFrame with columns what, value, low, high
        The mean correlation over profiles of copy, trained, fine_tuned, and how far each lies
        above the one before; 95 % intervals, NaN with fewer than `LEAST_DRUGS` drugs.
    """
    values = scores[WAYS].assign(
        **{
            "trained - copy": scores["trained"] - scores["copy"],
            "fine_tuned - trained": scores["fine_tuned"] - scores["trained"],
            "fine_tuned - copy": scores["fine_tuned"] - scores["copy"],
        }
    )
    by_drug = values.groupby(scores["drug"])
    weights = bootstrap_weights(by_drug.ngroups, rng)
    means = (weights @ by_drug.sum()) / (weights @ by_drug.size())[:, None]
    draws = pd.DataFrame(means.to_numpy(), columns=values.columns)
    if by_drug.ngroups < LEAST_DRUGS:
        draws.iloc[1:] = np.nan
    return intervals(draws).rename(columns={"metric": "what"})


def _copy(external: ProfileSet, wanted: np.ndarray) -> np.ndarray:
    """Return the mean of the drug's profiles in other cells than each wanted one."""
    mean, count = external.mean_by_drug()
    size = count[wanted[:, 0]][:, None]
    own = external.profiles[external.find(wanted)]
    return (mean[wanted[:, 0]] * size - own) / (size - 1)
