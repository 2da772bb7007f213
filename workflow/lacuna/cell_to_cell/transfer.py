"""DeepCellState on profiles of another platform, before and after fine-tuning.

After Umarov et al. 2021 (doi:10.1371/journal.pcbi.1009465), section on external data. The network
predicts as it was trained on the tensor, and after fine-tuning on other drugs of that platform. It
is one of its own, with the authors' regularisation for external data, and without the drugs that
both have; see `lacuna.cell_to_cell.external_sets`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import torch
from tqdm import tqdm

from lacuna.cell_to_cell.external_sets import ALL_CELLS, SEEN, SEVERAL, UNSEEN
from lacuna.completion.methods.deepcellstate import PRESETS, DeepCellState
from lacuna.completion.shared.other_cells import find_pairs
from lacuna.errors import LacunaError, listed
from lacuna.evaluation.bootstrap import BOOTSTRAP_DRAWS, bootstrap_weights, intervals
from lacuna.evaluation.correlation import profile_pearson
from lacuna.io.names import plain_key
from lacuna.networks.training import batches, descend, random_stream
from lacuna.tensor.profiles import ProfileSet

# Parts that the drugs are dealt to; up to 20 drugs are left out one by one, as by the authors.
PARTS = 20
# The ways to predict a profile: the copy of the inputs, a network without dropout, L1 and skip
# connection, one with them, and that one after fine-tuning.
WAYS = ["copy", "unregularised", "trained", "fine_tuned"]
COMPARED = [
    ("trained", "copy"),
    ("trained", "unregularised"),
    ("fine_tuned", "trained"),
    ("fine_tuned", "copy"),
]


@dataclass(frozen=True)
class Tuning:
    """How a network is trained a little more; the authors' are 50 epochs of 1 profile at 1e-5.

    Attributes
    ----------
    epochs : int
    batch : int
        Number of profiles of a step.
    learning_rate : float
        Of Adam.
    """

    epochs: int
    batch: int
    learning_rate: float


def match_decoders(
    model: DeepCellState, trained_cells: np.ndarray, cells: np.ndarray
) -> DeepCellState:
    """Return the model for other cells: those of the same name keep their decoders (MCF-7, MCF7).

    Parameters
    ----------
    model
        A trained one.
    trained_cells
        Names of its cells.
    cells
        Names of the other cells.
    """
    decoder = dict(zip(map(plain_key, trained_cells), model.cells, strict=True))
    return replace(model, cells=np.array([decoder.get(plain_key(cell), -1) for cell in cells]))


def fine_tune(
    model: DeepCellState,
    training: ProfileSet,
    measured: np.ndarray,
    cell: int,
    tuning: Tuning,
    rng: np.random.Generator,
) -> DeepCellState:
    """Return a copy whose encoder and one decoder were trained a little more; `model` stays.

    By Adam, with the authors' regularisation "transfer". An epoch goes once through the cell's
    profiles, each predicted from one of the drug's other profiles, at random. Genes that are not
    measured teach nothing.

    Parameters
    ----------
    model
        A trained one, for the cells of `training`.
    training
        The profiles to learn from.
    measured : bool array of shape (genes,)
    cell
        One with a decoder.
    tuning
        How long and how fast.
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
    optimiser = torch.optim.Adam(weights, lr=tuning.learning_rate, fused=True)

    def losses() -> Iterator[tuple[torch.Tensor, int]]:
        drawn = first + (torch.rand(len(targets)).numpy() * inputs).astype(int)
        chosen = torch.as_tensor(source[drawn])
        for rows in batches(len(targets), tuning.batch):
            given, truth = profiles[chosen[rows]], profiles[targets[rows]]
            errors = (decoder(network.encoder(given), given) - truth) ** 2
            yield errors[:, genes].mean(), len(rows)

    with random_stream(rng):
        network.train()
        for _ in range(tuning.epochs if len(targets) else 0):
            descend(losses(), optimiser)
    return tuned


def transfer(
    model: DeepCellState,
    unregularised: DeepCellState,
    external: ProfileSet,
    measured: np.ndarray,
    tuning: Tuning,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Predict each profile that can be predicted in four ways, and score the predictions.

    Parameters
    ----------
    model, unregularised
        Trained ones, for the cells of `external`: with and without dropout, L1 and skip connection.
    external
        Profiles of another platform, as `place_external` returns them.
    measured : bool array of shape (genes,)
        The genes on which predictions are scored.
    tuning, rng
        See `fine_tune`; and deals the drugs to `PARTS` parts, where there are more.

    Returns
    -------
    DataFrame with columns drug, cell, given, inputs, copy, unregularised, trained, fine_tuned
        One row per profile in a cell with a decoder, of a drug with profiles in other cells, the
        inputs; given is the cell of a single one. Then Pearson's r of the measured profile with the
        mean of the inputs (copy); with the mean of what each network predicts from each input, as
        it was trained; and after fine-tuning on the drugs of all other parts (fine_tuned).

    Raises
    ------
    LacunaError
        If there is no such profile.
    """
    cells_of_drug = external.measured.sum(axis=1)[external.drug]
    rows = np.flatnonzero((model.cells[external.cell] >= 0) & (cells_of_drug > 1))
    if not len(rows):
        raise LacunaError(
            "acquire: external: no drug has profiles in two cells of which one is a cell of the "
            f"study; its cells are {listed(external.cells)}. Name cells of the study as the tensor "
            "does, or take transfer out of cell_to_cell: analyses."
        )
    wanted, truth = external.pairs[rows], external.profiles[rows]
    drugs = np.unique(wanted[:, 0])
    part = np.full(len(external.drugs), -1)
    part[drugs] = rng.permutation(len(drugs)) % PARTS
    predicted = {
        "copy": _copy(external, wanted),
        "unregularised": unregularised.predict(external, wanted, rng).profiles,
        "trained": model.predict(external, wanted, rng).profiles,
        "fine_tuned": _predict_fine_tuned(model, external, measured, wanted, part, tuning, rng),
    }
    table = {
        "drug": external.drugs[wanted[:, 0]],
        "cell": external.cells[wanted[:, 1]],
        "given": _given(external, wanted),
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
    tuning: Tuning,
    rng: np.random.Generator,
) -> np.ndarray:
    """Predict each part of the drugs, cell by cell, after fine-tuning on the drugs of the others.

    Parameters
    ----------
    model, external, measured, tuning, rng
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
        tuned = fine_tune(model, others, measured, cell, tuning, stream)
        rows = (part_and_cell == (number, cell)).all(axis=1)
        predicted[rows] = tuned.predict(external, wanted[rows], stream).profiles
    return predicted


def summarise(scores: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Return the mean of each way and of their differences, with 95 % bootstrap intervals.

    Drugs that the network was trained on say nothing of new drugs: they are listed apart.

    Parameters
    ----------
    scores
        As `transfer` returns it, of one training or several, with columns repeat (which training)
        and in_training.
    rng
        Draws drugs, and trainings where there are several; the same for all ways.

    Returns
    -------
    DataFrame with columns cell, given, drugs, number, profiles, what, value, low, high
        For all cells, then for each where there are several; cell is the one predicted, given the
        one predicted from, or several. drugs: `UNSEEN`, then `SEEN`, and number how many of them.
        what: the ways, then differences of two. Intervals are NaN with fewer than five drugs.
    """
    cells = list(scores["cell"].unique())
    tables = []
    for seen, drugs in ((False, UNSEEN), (True, SEEN)):
        of_group = scores[scores["in_training"] == seen]
        for cell in [ALL_CELLS, *cells] if len(cells) > 1 else cells:
            rows = of_group if cell == ALL_CELLS else of_group[of_group["cell"] == cell]
            if rows.empty:
                continue
            given = rows["given"].unique()
            about = {
                "cell": cell,
                "given": given[0] if len(given) == 1 and cell != ALL_CELLS else SEVERAL,
                "drugs": drugs,
                "number": rows["drug"].nunique(),
                "profiles": len(rows[["drug", "cell"]].drop_duplicates()),
            }
            table = intervals(_means(rows, rng)).rename(columns={"metric": "what"})
            tables.append(pd.DataFrame(about, index=table.index).join(table))
    return pd.concat(tables, ignore_index=True)


def _means(rows: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Return means of ways and differences, of the data and of draws of drugs and trainings."""
    values = rows[WAYS].assign(
        **{f"{one} - {other}": rows[one] - rows[other] for one, other in COMPARED}
    )
    drug, drugs = pd.factorize(rows["drug"])
    repeat, repeats = pd.factorize(rows["repeat"])
    sums = np.zeros((len(repeats), len(drugs), values.shape[1]))
    counts = np.zeros(sums.shape[:2])
    np.add.at(sums, (repeat, drug), values.to_numpy())
    np.add.at(counts, (repeat, drug), 1)
    of_drugs = bootstrap_weights(len(drugs), rng)
    share = np.full(len(repeats), 1 / len(repeats))
    drawn = rng.multinomial(len(repeats), share, size=BOOTSTRAP_DRAWS)
    of_repeats = np.vstack([np.ones(len(repeats)), drawn])
    total = np.einsum("br,bd,rdw->bw", of_repeats, of_drugs, sums, optimize=True)
    size = np.einsum("br,bd,rd->b", of_repeats, of_drugs, counts, optimize=True)
    return pd.DataFrame(total / size[:, None], columns=values.columns)


def _given(external: ProfileSet, wanted: np.ndarray) -> np.ndarray:
    """Return the one other cell of each wanted drug, or that there are several."""
    others = external.measured[wanted[:, 0]]
    others[np.arange(len(wanted)), wanted[:, 1]] = False
    names = external.cells[others.argmax(axis=1)].astype(object)
    return np.where(others.sum(axis=1) == 1, names, SEVERAL)


def _copy(external: ProfileSet, wanted: np.ndarray) -> np.ndarray:
    """Return the mean of the drug's profiles in other cells than each wanted one."""
    mean, count = external.mean_by_drug()
    size = count[wanted[:, 0]][:, None]
    own = external.profiles[external.find(wanted)]
    return (mean[wanted[:, 0]] * size - own) / (size - 1)
