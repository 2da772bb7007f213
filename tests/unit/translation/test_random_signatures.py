"""Random wells in the place of a treatment's own: which, how many, and what they allow for."""

import numpy as np
import pandas as pd
import pytest

from lacuna.errors import LacunaError
from lacuna.translation.batches import contrast, find_treatments
from lacuna.translation.differential import compare
from lacuna.translation.enrichment import Ranked, measure_bridge
from lacuna.translation.random_signatures import (
    combinations_of,
    combine,
    draws_of_each,
    random_treatments,
    score_with_random,
)

PLATES = ("B_A375_6H_X1", "B_A375_6H_X2")


def screen(drugs=6, wells_of_each=1, vehicles=3):
    """Two replicate plates: vehicle wells, then each drug."""
    rows = []
    for plate in PLATES:
        for drug in ["DMSO"] * vehicles + [f"D{n}" for n in range(drugs)] * wells_of_each:
            kind = "ctl_vehicle" if drug == "DMSO" else "trt_cp"
            rows.append({"plate": plate, "drug": drug, "type": kind})
    facts = {"cell": "A375", "time": 6.0, "dose": 10.0}
    table = pd.DataFrame(rows).assign(**facts)
    return table.assign(well=[f"w{n}" for n in range(len(table))], name=table["drug"])


def first_drug(wells, way="vehicle", same=None):
    treatments, _ = find_treatments(wells, same or {}, way)
    return next(each for each in treatments if each.facts["drug"] == "D0")


def test_as_many_wells_of_each_plate_are_drawn_from_other_drugs_alone():
    wells = screen(wells_of_each=2)
    same = {"D5": "D0"}  # another id of the same drug
    treatment = first_drug(wells, same=same)
    for each in random_treatments(treatment, wells, same, 50, np.random.default_rng(0)):
        assert wells.loc[each.treated, "plate"].value_counts().to_dict() == {
            PLATES[0]: 4,
            PLATES[1]: 4,
        }
        assert set(wells.loc[each.treated, "drug"]) <= {"D1", "D2", "D3", "D4"}
        assert each.control.tolist() == treatment.control.tolist()
    treatment = first_drug(wells, way="others")
    for each in random_treatments(treatment, wells, {}, 5, np.random.default_rng(0)):
        assert not set(each.treated) & set(each.control)
        # The drug's own wells are control wells then, as all others are.
        assert len(each.treated) + len(each.control) == len(wells)


def test_no_two_draws_are_alike_and_of_few_ways_all_are_taken():
    wells = screen()
    treatment = first_drug(wells)
    every = random_treatments(treatment, wells, {}, 1000, np.random.default_rng(0))
    assert len(every) == len({tuple(each.treated) for each in every}) == 5 * 5
    some = random_treatments(treatment, wells, {}, 24, np.random.default_rng(0))
    assert len(some) == len({tuple(each.treated) for each in some}) == 24
    assert {tuple(each.treated) for each in some} < {tuple(each.treated) for each in every}


def test_random_scores_are_those_of_their_wells(capsys):
    wells = screen()
    profiles = np.random.default_rng(0).normal(size=(len(wells), 40))
    treatment = first_drug(wells)
    asked = []

    def read(at):
        asked.append(at)
        return profiles[at]

    made = score_with_random(treatment, wells, {}, read, 0.5, 10, np.random.default_rng(1))
    assert len(asked) == 1
    plates = wells["plate"].to_numpy()
    drawn = random_treatments(treatment, wells, {}, 10, np.random.default_rng(1))
    for number, each in enumerate([treatment, *drawn]):
        treated, control, means = contrast(each, plates, profiles.__getitem__)
        expected = compare(treated, control, 0.5, means).by_method()
        for method, score in expected.items():
            own = made.scores.by_method()[method]
            found = own if number == 0 else made.random[method][number - 1]
            np.testing.assert_allclose(found, score, rtol=1e-5, atol=1e-6)
    alone = screen(drugs=1)
    made = score_with_random(first_drug(alone), alone, {}, read, 0.5, 10, np.random.default_rng(1))
    assert made.random["cd"].shape == (0, 40)
    assert "0 treated wells of other drugs" in capsys.readouterr().out
    with pytest.raises(LacunaError, match="expected at least 1 to draw random treatments of D0"):
        random_treatments(first_drug(alone), alone, {}, 3, np.random.default_rng(0))


def test_draws_of_several_batches_are_combined_at_random_and_averaged():
    assert draws_of_each(1) == 1000
    assert draws_of_each(3) == 334
    assert draws_of_each(468) == 20
    rng = np.random.default_rng(0)
    assert combinations_of([7], rng)[:, 0].tolist() == list(range(7))
    few = combinations_of([2, 3], rng)
    assert sorted(map(tuple, few)) == [(a, b) for a in range(2) for b in range(3)]
    assert len(combinations_of([2, 0], rng)) == 0
    many = combinations_of([40, 50], rng)
    assert many.shape == (1000, 2)
    assert many.max(axis=0).tolist() == [39, 49]
    assert abs(np.corrcoef(many.T)[0, 1]) < 0.1  # chosen apart
    values = [rng.normal(size=(40, 2)), rng.normal(size=(50, 2))]
    expected = [(values[0][a] + values[1][b]) / 2 for a, b in many]
    np.testing.assert_allclose(combine(values, many), expected)


def test_genes_that_go_together_mislead_shuffled_genes_but_not_random_wells():
    """No drug does anything; the targets share a factor, as those of a pathway do."""
    is_target = np.arange(150) < 15
    p = {"shuffled": [], "wells": []}
    for seed in range(40):
        rng = np.random.default_rng(seed)
        wells = screen(drugs=15)
        profiles = rng.normal(size=(len(wells), 150))
        profiles[:, is_target] += 1.5 * rng.normal(size=(len(wells), 1))
        read = profiles.__getitem__
        one = score_with_random(first_drug(wells), wells, {}, read, 0.5, 99, rng)
        score, random = one.scores.fold_change, Ranked.of(one.random["fold_change"])
        for name, control in (("shuffled", rng), ("wells", random)):
            numbers = measure_bridge(score, is_target, control, draws=99).numbers
            p[name].append(numbers["p"].iloc[0])
    shares = {name: np.mean(np.array(values) <= 0.05) for name, values in p.items()}
    assert shares["shuffled"] > 0.2
    assert shares["wells"] < 0.15
