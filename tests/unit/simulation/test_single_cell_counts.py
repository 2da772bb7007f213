"""Counts and wells show what the truth says: doses, responders, noise, plates, other genes."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.decomposition import TruncatedSVD
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from lacuna.simulation.dose_response import hill, mean_change
from lacuna.simulation.parameters import GENES
from lacuna.simulation.single_cell import simulate_single_cell

SIZE = {
    **{"seed": 2, "drugs": 80, "cells": 2, "mechanisms": 6, "drugs_in_cells": 24},
    **{"cells_per_condition": 40, "other_genes": 120, "vehicle_cells": 1600},
}


class Measured:
    """A world, and the counts of all its cells."""

    def __init__(self, **changes):
        self.world = simulate_single_cell(**SIZE | changes)
        self.counts = sparse.vstack(list(self.world.counts())).toarray()
        self.cells = self.world.cells
        self.product = self.cells["product"].to_numpy()
        self.drugs = self.world.drugs.iloc[self.world.products["drug"]].reset_index(drop=True)

    def vehicle_mean(self):
        """Return the counts that each cell would be expected to have, were it a vehicle cell."""
        model, cells = self.world.model, self.cells
        size, line, plate = (cells[name].to_numpy() for name in ("size", "line", "plate"))
        return size[:, None] * model.rate[line] * np.exp(model.plates[plate])


@pytest.fixture(scope="module")
def measured():
    return Measured()


@pytest.fixture(scope="module")
def usual():
    """A world of the usual drugs, with hardly any cells."""
    return simulate_single_cell(seed=1, cells_per_condition=1)


def test_vehicle_cells_have_the_rates_of_their_line(measured):
    vehicle = measured.product < 0
    expected = measured.vehicle_mean()
    for line in range(2):
        here = vehicle & (measured.cells["line"] == line).to_numpy()
        ratio = measured.counts[here].sum(axis=0) / expected[here].sum(axis=0)
        assert np.median(ratio) == pytest.approx(1, abs=0.02)
        assert ratio.std() < 0.12
        assert measured.counts[here].sum() == pytest.approx(expected[here].sum(), rel=0.02)
    assert measured.world.model.rate.sum(axis=1) == pytest.approx(1, abs=0.15)


def test_mean_counts_follow_the_true_fold_change(measured):
    """Over all conditions, the log ratio of counts to those of vehicle cells has slope 1."""
    truth, expected = measured.world.log2_fold_change(), measured.vehicle_mean()
    cells = measured.cells
    observed, planted, weight = [], [], []
    for line, product, dose in np.ndindex(truth.shape[:3]):
        here = (cells["line"] == line) & (cells["dose"] == dose) & (measured.product == product)
        total = expected[here].sum(axis=0)
        observed.append(measured.counts[here].sum(axis=0) / total)
        planted.append(2 ** truth[line, product, dose])
        weight.append(total)
    observed, planted, weight = map(np.array, (observed, planted, weight))
    assert np.average(observed, weights=weight) == pytest.approx(
        np.average(planted, weights=weight), rel=0.01
    )
    changed = np.abs(np.log2(planted)) > 0.3
    assert changed.sum() > 1000
    x, y, w = planted[changed] - 1, observed[changed] - 1, weight[changed] / planted[changed]
    assert (w * x * y).sum() / (w * x * x).sum() == pytest.approx(1, abs=0.05)


def test_cells_that_do_not_respond_are_as_vehicle_cells_and_the_others_change_fully(measured):
    model, cells = measured.world.model, measured.cells
    strong = np.flatnonzero(measured.drugs["strong"])
    expected = measured.vehicle_mean()
    shift = {}
    for responds in (False, True):
        x, y = [], []
        for line in range(2):
            for product in strong:
                here = (cells["line"] == line) & (cells["dose"] == 3)
                here &= (measured.product == product) & (cells["responds"] == responds)
                full = 2 ** model.change[line, product, 3] - 1
                total = expected[here].sum(axis=0)
                x.append(full * np.sqrt(total))
                y.append((measured.counts[here].sum(axis=0) - total) / np.sqrt(total))
        x, y = np.concatenate(x), np.concatenate(y)
        shift[responds] = (x * y).sum() / (x * x).sum()
    assert shift[False] == pytest.approx(0, abs=0.05)
    assert shift[True] == pytest.approx(1, abs=0.07)


def test_the_share_of_responders_is_that_of_the_drug(measured):
    cells, drugs = measured.cells, measured.drugs
    assert not cells.loc[measured.product < 0, "responds"].any()
    treated = cells[measured.product >= 0]
    share = treated.groupby("product")["responds"].agg(["mean", "size"])
    planted = drugs["responders"].to_numpy()
    error = np.sqrt(planted * (1 - planted) / share["size"])
    assert (np.abs(share["mean"] - planted) < 4 * error).all()
    assert share["mean"].std() > 0.05
    assert share["mean"].max() < 1  # no drug reaches all cells


def test_hill_is_half_at_ec50_and_steeper_with_the_slope():
    assert hill(2.0, 2.0, 1.7) == pytest.approx(0.5)
    assert hill(9.0, 3.0, 2.0) == pytest.approx(9**2 / (9**2 + 3**2))
    assert hill(0.3, 3.0, 2.0) < hill(0.3, 3.0, 1.0)
    assert mean_change(np.array(1.0), 0.5) == pytest.approx(np.log2(1.5))


def test_responses_grow_with_the_dose_by_the_hill_curve(measured):
    change, drugs = measured.world.model.change, measured.drugs
    size = np.abs(change)
    assert (np.diff(size, axis=2) >= 0).all()
    doses = np.array(measured.world.doses)
    for product in np.flatnonzero(drugs["active"]):
        norm = np.linalg.norm(change[0, product], axis=1)
        facts = drugs.iloc[product]
        share = doses ** facts["slope"] / (
            doses ** facts["slope"] + facts["ec50"] ** facts["slope"]
        )
        assert norm / norm[-1] == pytest.approx(share / share[-1], rel=1e-3)
    truth = measured.world.log2_fold_change()
    assert (np.diff(np.abs(truth), axis=2) >= -1e-5).all()


def test_some_drugs_act_only_at_the_highest_dose_and_others_before(usual):
    drugs = usual.drugs.iloc[usual.products["drug"]]
    acting = drugs["active"].to_numpy()
    size = np.linalg.norm(usual.model.change, axis=3).mean(axis=0)[acting]
    share = size[:, 2] / size[:, 3]  # at 1 and at 10 micromolar
    late = drugs["late"].to_numpy()[acting]
    assert 2 <= late.sum() < len(late) / 2
    assert (share[late] < 0.02).all()
    assert np.median(share[~late]) > 0.5


def test_only_active_drugs_change_anything_and_few_of_them_much(usual):
    drugs = usual.drugs.iloc[usual.products["drug"]].reset_index(drop=True)
    size = np.linalg.norm(usual.log2_fold_change()[:, :, -1], axis=2).mean(axis=0)
    assert ((size > 0) == drugs["active"]).all()
    strong, weak = drugs["strong"], drugs["active"] & ~drugs["strong"]
    assert size[strong].mean() > 3 * size[weak].mean()
    assert 0.1 < strong.mean() < 0.2  # as in sci-Plex, where fewer than 20 % move cells
    assert weak.sum() > strong.sum()


def test_counts_are_negative_binomial_with_the_dispersion_of_the_gene(measured):
    vehicle = np.flatnonzero(measured.product < 0)
    mean = measured.world.model.expect(measured.cells.iloc[vehicle])
    excess = (measured.counts[vehicle] - mean) ** 2 - mean
    estimate = excess.sum(axis=0) / (mean**2).sum(axis=0)
    planted = measured.world.model.dispersion
    well = mean.mean(axis=0) > 2  # genes with counts enough to tell
    assert well.sum() > 100
    assert np.median(estimate[well] / planted[well]) == pytest.approx(1, abs=0.1)
    assert np.corrcoef(estimate[well], planted[well])[0, 1] > 0.8


def test_cells_of_a_line_cycle(measured):
    """Cells of opposite phases differ in the cycling genes as the truth says, and in no others."""
    model, cells = measured.world.model, measured.cells
    cycle = model.cycle[0]
    vehicle, phase = measured.product < 0, np.cos(cells["phase"].to_numpy())
    expected = measured.vehicle_mean()
    up, down = (
        (measured.counts[vehicle & side] / 1.0).sum(0) / expected[vehicle & side].sum(0)
        for side in (phase > 0.7, phase < -0.7)
    )
    difference = np.log(up / down)
    cycling = cycle != 0
    assert 0.05 < cycling.mean() < 0.25
    assert np.corrcoef(difference[cycling], cycle[cycling])[0, 1] > 0.9
    assert difference[~cycling].std() < 0.25 * difference[cycling].std()


def test_library_sizes_are_lognormal(measured):
    total = np.log(measured.counts[measured.product < 0].sum(axis=1))
    assert 0.3 < total.std() < 0.55
    assert abs(((total - total.mean()) ** 3).mean()) < 0.3 * total.std() ** 3


def test_lines_differ_and_other_genes_have_programmes_of_their_own(measured):
    world = measured.world
    rate = np.log2(world.model.rate)
    assert (rate[0] - rate[1]).std() > 0.5
    programmes = world.biology.programmes
    own = (programmes[:, :GENES] == 0).all(axis=1)
    assert own.sum() == 6
    assert (np.count_nonzero(programmes[own], axis=1) > 20).all()
    others = ~world.genes["landmark"].to_numpy()
    by_own = programmes[own][:, world.genes["number"]]
    change = world.model.change[0, :, -1]
    moved = np.linalg.norm(change[:, others], axis=1)[measured.drugs["active"]]
    along = np.linalg.norm(change @ by_own.T, axis=1)[measured.drugs["active"]]
    assert np.median(along / moved) > 0.3


def test_wells_of_bulk_measure_the_same_truth(measured):
    """Averaged over plates, what a well differs by from its plate's vehicle is the truth."""
    world = measured.world
    wells, bulk = world.wells, world.drugs[world.drugs["in_bulk"]]
    ids = {name: number for number, name in enumerate(bulk["pert_id"])}
    ids |= {name: number for number, name in enumerate(bulk["second_id"]) if name}
    drug = wells["pert_id"].map(ids).fillna(-1).astype(int).to_numpy()
    line = wells["cell_id"].map(world.biology.cells["cell_id"].tolist().index).to_numpy()
    plate = wells["rna_plate"].factorize()[0]
    vehicle = drug < 0
    control = np.stack(
        [world.level3[vehicle & (plate == p)].mean(axis=0) for p in range(plate.max() + 1)]
    )
    difference = world.level3 - control[plate]
    for dose in (10.0, 1.11):
        planted = world.bulk_log2_change(dose)
        here = (wells["pert_dose"] == dose) & (wells["pert_time"] == 24)
        x, y = planted[drug[here], line[here]], difference[here]
        assert (x * y).sum() / (x * x).sum() == pytest.approx(1, abs=0.1)
    assert (np.abs(planted).max(axis=(1, 2)) > 0).tolist() == bulk["active"].tolist()
    # The lines differ as they should, in vehicle wells and in what drugs do to them.
    of_line = np.stack([world.level3[vehicle & (line == number)].mean(axis=0) for number in (0, 1)])
    baseline = world.biology.of_landmarks().baseline
    assert np.corrcoef(of_line[0] - of_line[1], baseline[0] - baseline[1])[0, 1] > 0.7
    full = world.bulk_log2_change()
    here = (wells["pert_dose"] == 10) & (wells["pert_time"] == 24) & (line == 1)
    x, y = (full[:, 1] - full[:, 0])[drug[here]], difference[here] - full[drug[here], 0]
    assert (x * y).sum() / (x * x).sum() > 0.5  # the lines are of one lineage, and differ little


def test_what_bulk_shows_is_the_mean_over_cells_at_the_dose_and_time(measured):
    world = measured.world
    biology, drugs = world.biology, world.drugs
    programmes = biology.programmes[:, :GENES]
    at = {
        (dose, time): world.bulk_log2_change(dose, time)
        for dose, time in ((10.0, 24), (1.11, 24), (10.0, 6))
    }
    assert 0 < biology.late.sum() < len(biology.late)
    for drug in np.flatnonzero(drugs["active"] & drugs["in_bulk"])[:10]:
        facts = drugs.iloc[drug]
        for (dose, time), change in at.items():
            late = np.where(biology.late & (time == 6), 0.6, 1.0)
            share = late / (1 + (facts["ec50"] / dose) ** facts["slope"])
            full = (share * biology.response[drug, 1]) @ programmes
            mean = np.log2(1 - facts["responders"] + facts["responders"] * 2**full)
            np.testing.assert_allclose(change[drug, 1], mean, atol=1e-5)


def test_bulk_and_cells_respond_alike(measured):
    world = measured.world
    shared = world.genes["landmark"].to_numpy()
    bulk = world.bulk_log2_change()[:, :, world.genes["number"].to_numpy()[shared]]
    cells = world.log2_fold_change()[:, :, -1, shared].transpose(1, 0, 2)
    for product, drug in enumerate(world.products["drug"]):
        if world.drugs["in_bulk"].iloc[drug] and world.drugs["active"].iloc[drug]:
            r = np.corrcoef(bulk[drug].ravel(), cells[product].ravel())[0, 1]
            assert 0.85 < r < 1  # not the same: genes have a gain of their own in cells


def tell_idle_drugs(measured):
    """Return how well a plain classifier tells drugs that do nothing, and the most frequent one."""
    x = measured.counts / measured.counts.sum(axis=1, keepdims=True)
    x = TruncatedSVD(24, random_state=0).fit_transform(np.log1p(1e4 * x))
    idle = ~np.append(measured.drugs["active"], True)[measured.product]
    x, y = x[idle], measured.product[idle]
    training = np.arange(len(x)) % 2 == 0
    model = LinearDiscriminantAnalysis().fit(x[training], y[training])
    frequent = np.bincount(y).max() / len(y)
    return model.score(x[~training], y[~training]), frequent


def test_plates_tell_the_drug_where_they_are_confounded_with_it(measured):
    score, frequent = tell_idle_drugs(measured)
    assert score > 1.7 * frequent
    of_product = measured.cells[measured.product >= 0].groupby("product")["plate"]
    assert of_product.agg(lambda plate: plate.mode()[0]).tolist() == (
        measured.world.products["plate"].tolist()
    )
    assert of_product.agg(lambda plate: plate.value_counts(normalize=True).max()).min() > 0.75
    vehicle = measured.cells.loc[measured.product < 0, "plate"].value_counts(normalize=True)
    assert vehicle.between(0.2, 0.3).all()


def test_plates_tell_nothing_where_drugs_are_on_any():
    score, frequent = tell_idle_drugs(Measured(confounded=0.0))
    assert score < 1.3 * frequent
