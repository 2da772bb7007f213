"""What plain baselines say of drugs they have not seen: from many drugs something, from few little.

A third of the drugs in cells is held out, three times. Ridge regression from fingerprints, and the
most similar drug, predict their change at the highest dose: from the wells of the other drugs of
the bulk screen, or from the cells of the other drugs in cells. The score is the mean correlation
with the true change of strong drugs, over landmarks and lines.
"""

import numpy as np
import pytest
from by_structure import ridge
from rdkit import Chem
from rdkit.Chem.rdFingerprintGenerator import GetMorganGenerator
from scipy import sparse

from lacuna.simulation.single_cell import simulate_single_cell
from lacuna.vectors import mean_by

FOLDS = 3


class Study:
    """A world, and what its wells and cells measure at the highest dose."""

    def __init__(self, **options):
        self.world = world = simulate_single_cell(**options)
        drugs, products = world.drugs, world.products
        generator = GetMorganGenerator(radius=2, fpSize=2048)
        molecules = map(Chem.MolFromSmiles, drugs["smiles"])
        self.bits = np.array([generator.GetFingerprintAsNumPy(m) for m in molecules], float)
        self.number = world.genes["number"][world.genes["landmark"]].to_numpy()
        self.lines = len(world.model.rate)
        self.wells, self.cells = self.read_wells(), self.read_cells()
        both = drugs["in_bulk"].to_numpy()[products["drug"]]
        both[-1] = False  # the other product of a drug
        self.products = np.flatnonzero(both)
        self.drug = products["drug"].to_numpy()[self.products]
        self.block = drugs["inchi_key"].str[:14].to_numpy()
        self.fold = np.random.default_rng(0).permutation(len(self.drug)) % FOLDS
        landmarks = np.flatnonzero(world.genes["landmark"])
        truth = world.log2_fold_change()[:, self.products, -1][:, :, landmarks]
        self.truth = truth.transpose(1, 0, 2).reshape(len(self.drug), -1)
        self.strong = drugs["strong"].to_numpy()[self.drug]

    def read_wells(self):
        """Return differences from the plate's vehicle wells, (drugs, lines x landmarks)."""
        world, wells = self.world, self.world.wells
        bulk = world.drugs[world.drugs["in_bulk"]]
        ids = {name: number for number, name in enumerate(bulk["pert_id"])}
        ids |= {name: number for number, name in enumerate(bulk["second_id"]) if name}
        drug = wells["pert_id"].map(ids).fillna(-1).astype(int).to_numpy()
        plate = wells["rna_plate"].factorize()[0]
        vehicle = drug < 0
        control = mean_by(plate[vehicle], plate.max() + 1, world.level3[vehicle])[0]
        here = wells["pert_dose"].eq(10).to_numpy() & wells["pert_time"].eq(24).to_numpy()
        line = wells["cell_id"].map(world.biology.cells["cell_id"].tolist().index).to_numpy()
        place = (drug * self.lines + line)[here]
        difference = (world.level3 - control[plate])[here][:, self.number]
        means = mean_by(place, len(bulk) * self.lines, difference)[0]
        return means.reshape(len(bulk), -1)

    def read_cells(self):
        """Return differences of log(1 + counts) from vehicle, (products, lines x landmarks)."""
        world, cells = self.world, self.world.cells
        counts = sparse.vstack(list(world.counts())).toarray()
        total = counts.sum(axis=1, keepdims=True)
        rows = np.log1p(counts / total * np.median(total))[:, world.genes["landmark"]]
        product, line = cells["product"].to_numpy(), cells["line"].to_numpy()
        vehicle = product < 0
        control = mean_by(line[vehicle], self.lines, rows[vehicle])[0]
        here = cells["dose"].to_numpy() == len(world.doses) - 1
        place = (product * self.lines + line)[here]
        means = mean_by(place, len(world.products) * self.lines, (rows - control[line])[here])[0]
        return means.reshape(len(world.products), -1)

    def score(self, predict, source):
        """Return the mean correlation with the truth over strong drugs that are held out."""
        r = np.empty(len(self.drug))
        for number in range(FOLDS):
            test = self.fold == number
            if source == "bulk":  # without the drugs held out, nor their mirror images
                held_out = set(self.block[self.drug[test]])
                seen = [drug for drug in range(len(self.wells)) if self.block[drug] not in held_out]
                x, y = self.bits[seen], self.wells[seen]
            else:
                x, y = self.bits[self.drug[~test]], self.cells[self.products[~test]]
            predicted = predict(x, y, self.bits[self.drug[test]])
            for place, profile in zip(np.flatnonzero(test), predicted, strict=True):
                if self.strong[place]:
                    r[place] = np.corrcoef(profile, self.truth[place])[0, 1]
        return r[self.strong].mean()


def by_ridge(x, y, new):
    return ridge(x, y)(new)


def by_nearest(x, y, new):
    both = new @ x.T
    return y[(both / (new.sum(axis=1)[:, None] + x.sum(axis=1) - both)).argmax(axis=1)]


def by_mean(x, y, new):
    return np.repeat(y.mean(axis=0, keepdims=True), len(new), axis=0)


@pytest.fixture(scope="module")
def real():
    return Study(seed=1)


@pytest.fixture(scope="module")
def null():
    return Study(seed=1, null=True)


def test_ridge_on_the_bulk_screen_tells_more_than_on_the_drugs_in_cells(real):
    from_bulk, from_cells = real.score(by_ridge, "bulk"), real.score(by_ridge, "cells")
    print(f"ridge: bulk {from_bulk:.2f}, cells {from_cells:.2f}")
    assert from_bulk > 0.35
    assert from_cells < 0.3
    assert from_bulk > from_cells + 0.15


def test_structures_tell_more_than_the_mean_drug_but_not_all(real):
    from_mean, from_bulk = real.score(by_mean, "bulk"), real.score(by_ridge, "bulk")
    nearest = real.score(by_nearest, "bulk")
    print(f"bulk: mean {from_mean:.2f}, nearest {nearest:.2f}, ridge {from_bulk:.2f}")
    assert from_bulk > from_mean + 0.15
    wells, truth = real.wells[real.drug[real.strong]], real.truth[real.strong]
    measured = [np.corrcoef(*pair)[0, 1] for pair in zip(wells, truth, strict=True)]
    assert np.mean(measured) > from_bulk + 0.05


@pytest.mark.parametrize("source", ["bulk", "cells"])
def test_in_the_null_world_structures_tell_no_more_than_the_mean_drug(null, source):
    from_mean = null.score(by_mean, source)
    for predict in (by_ridge, by_nearest):
        assert null.score(predict, source) < from_mean + 0.05
