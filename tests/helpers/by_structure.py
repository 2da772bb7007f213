"""Plain baselines of retrieval on a simulated world: which structure made this profile?

Drugs are held out in five folds, by the first block of the InChIKey; the last cell line is held
out, too, and the last but one is left for validation. A query is a well of a held-out drug in the
held-out line, and the library all readable drugs of the fold.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from rdkit import Chem
from rdkit.Chem.rdFingerprintGenerator import GetMorganGenerator
from rdkit.Chem.Scaffolds.MurckoScaffold import MurckoScaffoldSmiles
from scipy.stats import rankdata

from lacuna.simulation.retrieval import DOSE, TIME, RetrievalWorld
from lacuna.vectors import mean_by, unit_rows

FOLDS = 5


@dataclass(frozen=True)
class Wells:
    """Treated wells of the main dose and time whose drug's structure can be read."""

    difference: np.ndarray  # from the mean of the plate's vehicle wells
    control: np.ndarray  # that mean
    drug: np.ndarray
    cell: np.ndarray
    plate: np.ndarray


@dataclass(frozen=True)
class Fold:
    """What a baseline may see of one fold: mean profiles of training drugs, and the library."""

    training: np.ndarray  # numbers of drugs
    means: np.ndarray
    library: np.ndarray


def number_drugs(world: RetrievalWorld) -> np.ndarray:
    """Return the drug in each well, by either of its ids, -1 for vehicle."""
    number = {
        name: drug
        for column in ("pert_id", "second_id")
        for drug, name in enumerate(world.drugs[column])
        if name
    }
    return world.wells["pert_id"].map(number).fillna(-1).astype(int).to_numpy()


def read_wells(world: RetrievalWorld) -> Wells:
    drug = number_drugs(world)
    plate = pd.factorize(world.wells["rna_plate"])[0]
    vehicle = drug < 0
    control = mean_by(plate[vehicle], plate.max() + 1, world.level3[vehicle])[0][plate]
    main = world.wells["pert_time"].eq(TIME) & world.wells["pert_dose"].eq(DOSE)
    readable = world.drugs["form"].ne("unreadable").to_numpy()
    kept = main.to_numpy() & ~vehicle & readable[drug]
    cells = world.biology.cells["cell_id"].tolist()
    cell = world.wells["cell_id"].map(cells.index).to_numpy()
    difference = world.level3[kept] - control[kept]
    return Wells(difference, control[kept], drug[kept], cell[kept], plate[kept])


def fingerprints(world: RetrievalWorld) -> np.ndarray:
    generator = GetMorganGenerator(radius=2, fpSize=2048)
    molecules = map(Chem.MolFromSmiles, world.drugs["smiles"])
    return np.array([generator.GetFingerprintAsNumPy(molecule) for molecule in molecules], float)


def ridge(x: np.ndarray, y: np.ndarray, penalty: float = 100.0) -> Callable:
    """Return the prediction of y from x by ridge regression in its dual form."""
    x_mean, y_mean = x.mean(axis=0), y.mean(axis=0)
    x = x - x_mean
    weights = x.T @ np.linalg.solve(x @ x.T + penalty * np.eye(len(x)), y - y_mean)
    return lambda new: (new - x_mean) @ weights + y_mean


def noise_whitening(rows: np.ndarray, group: np.ndarray) -> np.ndarray:
    """Return the matrix after which replicates scatter about alike in all directions."""
    group = pd.factorize(group)[0]
    means, size = mean_by(group, group.max() + 1, rows)
    scatter = (rows - means[group])[size[group] > 1]
    covariance = 2 * scatter.T @ scatter / len(scatter)
    covariance += np.trace(covariance) / len(covariance) * np.eye(len(covariance))
    return np.linalg.inv(np.linalg.cholesky(covariance)).T


class Study:
    """One world, cut for retrieval."""

    def __init__(self, world: RetrievalWorld):
        self.world = world
        self.wells = read_wells(world)
        self.bits = fingerprints(world)
        self.drugs = len(world.drugs)
        block = pd.factorize(world.drugs["inchi_key"].str[:14])[0]
        self.fold = np.random.default_rng(0).permutation(block.max() + 1)[block] % FOLDS
        self.last = len(world.biology.cells) - 1
        self.seen = self.wells.cell < self.last - 1
        self._rows: dict[tuple[str, int], np.ndarray] = {}

    def rows(self, features: str, fold: int) -> np.ndarray:
        """Return the features of all wells, standardised on the training wells of a fold."""
        if (features, fold) in self._rows:
            return self._rows[features, fold]
        values = getattr(self.wells, features)
        training = self.seen & (self.fold[self.wells.drug] != fold)
        rows = (values - values[training].mean(axis=0)) / values[training].std(axis=0)
        if features != "control":  # which is the same for all wells of a plate
            replicates = self.wells.drug * (self.last + 1) + self.wells.cell
            rows = rows @ noise_whitening(rows[training], replicates[training])
        self._rows[features, fold] = rows
        return rows

    def rank(
        self, predict: Callable, *, features: str = "difference", within_plate: bool = False
    ) -> pd.DataFrame:
        """Rank the library for every query by correlation with what `predict` returns.

        Returns
        -------
        DataFrame, a row per query
            drug, rank (ties averaged), size (of the library; the drugs on the query's plate only,
            if `within_plate`).
        """
        tables = []
        for number in range(FOLDS):
            rows = self.rows(features, number)
            held_out = self.fold[self.wells.drug] == number
            training, query = self.seen & ~held_out, held_out & (self.wells.cell == self.last)
            means, wells = mean_by(self.wells.drug[training], self.drugs, rows[training])
            seen_drugs, library = np.flatnonzero(wells), np.flatnonzero(self.fold == number)
            library = library[self.world.drugs["form"].iloc[library].ne("unreadable")]
            profiles = predict(self, Fold(seen_drugs, means[seen_drugs], library), rows)
            distance = 1 - _centred(rows[query]) @ _centred(profiles).T
            if within_plate:
                distance = self._only_on_plate(distance, library, query)
            rank = rankdata(distance.round(9), axis=1, nan_policy="omit")
            own = np.searchsorted(library, self.wells.drug[query])
            tables.append(
                pd.DataFrame(
                    {
                        "drug": self.wells.drug[query],
                        "rank": rank[np.arange(len(rank)), own],
                        "size": np.isfinite(distance).sum(axis=1),
                    }
                )
            )
        return pd.concat(tables, ignore_index=True)

    def _only_on_plate(
        self, distance: np.ndarray, library: np.ndarray, query: np.ndarray
    ) -> np.ndarray:
        plates, drugs = self.wells.plate, self.drugs
        there = np.zeros((plates.max() + 1, drugs), dtype=bool)
        there[plates, self.wells.drug] = True
        return np.where(there[plates[query]][:, library], distance, np.nan)


def _centred(rows: np.ndarray) -> np.ndarray:
    return unit_rows(rows - rows.mean(axis=1, keepdims=True))


def by_ridge(study: Study, fold: Fold, rows: np.ndarray) -> np.ndarray:
    return ridge(study.bits[fold.training], fold.means)(study.bits[fold.library])


def by_nearest(study: Study, fold: Fold, rows: np.ndarray) -> np.ndarray:
    """Take the profile of the training drug whose fingerprint has the highest Tanimoto."""
    ours, theirs = study.bits[fold.library], study.bits[fold.training]
    both = ours @ theirs.T
    either = ours.sum(axis=1)[:, None] + theirs.sum(axis=1) - both
    return fold.means[(both / either).argmax(axis=1)]


def by_group(study: Study, fold: Fold, group: np.ndarray) -> np.ndarray:
    """Take the mean profile of the training drugs of the same group, or of all."""
    same = group[fold.library][:, None] == group[fold.training]
    same[~same.any(axis=1)] = True
    return (same @ fold.means) / same.sum(axis=1, keepdims=True)


def by_scaffold(study: Study, fold: Fold, rows: np.ndarray) -> np.ndarray:
    scaffolds = [MurckoScaffoldSmiles(smiles) for smiles in study.world.drugs["smiles"]]
    return by_group(study, fold, pd.factorize(np.array(scaffolds))[0])


def by_conjunction(study: Study, fold: Fold, rows: np.ndarray) -> np.ndarray:
    """Know which two fragments act together: the mean of the drugs with both, else of the others.

    Equal predictions are told apart at random, since ties would be averaged.
    """
    mechanisms, drugs = study.world.mechanisms, study.world.drugs
    pairs = zip(mechanisms["first_fragment"], mechanisms["second_fragment"], strict=True)
    number = {pair: mechanism for mechanism, pair in enumerate(pairs)}
    carried = zip(drugs["first_fragment"], drugs["second_fragment"], strict=True)
    group = np.array([number.get(pair, -1) for pair in carried])
    means = by_group(study, fold, group)
    return means + 1e-4 * np.random.default_rng(0).normal(size=means.shape)


def by_expression(study: Study, fold: Fold, rows: np.ndarray) -> np.ndarray:
    """Know what the drugs do in the training lines."""
    seen = study.seen
    return mean_by(study.wells.drug[seen], study.drugs, rows[seen])[0][fold.library]


def chance(size: pd.Series) -> float:
    """Return the mean reciprocal rank of random orders."""
    return float(np.mean([np.mean(1 / np.arange(1, number + 1)) for number in size]))
