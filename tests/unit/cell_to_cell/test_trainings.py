"""Which profiles each training has, and what is trained once for several analyses."""

import numpy as np
import pandas as pd
import pytest
from studied import asked_of, chosen_of, design_of, inchi_key, scores_of, settings_of, studied
from toy import clustered, grid

from lacuna.cell_to_cell.analyses import ANALYSES, LATENT_SIZES, SWITCHED_OFF
from lacuna.cell_to_cell.study import OTHER_CELL, TEST, TRAINING
from lacuna.cell_to_cell.trainings import MOST_FAMILIES, Training, chances
from lacuna.completion.variants import Variant
from lacuna.errors import LacunaError

CELLS = (0, 1, 3)


@pytest.fixture(scope="module")
def study():
    return studied(clustered(drugs=60))


def places(profiles):
    return set(map(tuple, profiles.pairs.tolist()))


def test_what_analyses_train_alike_is_one_training():
    design = design_of(Variant("deepcellstate", "deepcellstate", {"latent": 64}))
    full = design.full.content
    same = {
        analysis: [
            setting.name for setting in settings_of(analysis, design)
            if setting.training.content == full
        ]
        for analysis in ("training_drugs", "latent_size", "regularisation", "unseen_cell",
                         "added_cells", "thinned", "families", "folds")
    }  # fmt: skip
    assert same == {
        "training_drugs": ["100 %"],
        "latent_size": ["64"],  # of the configuration
        "regularisation": ["full"],
        "unseen_cell": ["cells of the study", "{label}"],
        "added_cells": ["cells of the study"],
        "thinned": ["none"],
        "families": [],
        "folds": [],
    }
    assert (
        Training("a", "deepcellstate", {"skip": True}).content
        == design_of(Variant("deepcellstate", "deepcellstate")).full.content
    )


def test_options_are_varied_one_by_one():
    options = {"latent": 5, "skip": False, "batch": 7}
    design = design_of(Variant("deepcellstate", "deepcellstate", options))
    sizes = settings_of("latent_size", design)
    assert [each.training.options for each in sizes] == [
        {**options, "latent": n} for n in LATENT_SIZES
    ]
    assert [each.name for each in sizes] == ["8", "16", "32", "64", "128"]
    found = settings_of("regularisation", design)
    for each in found:
        off = SWITCHED_OFF[each.name]
        switches = {name: name not in off for name in ("dropout", "latent_l1", "skip")}
        assert each.training.options == {"latent": 5, "batch": 7, **switches}
    assert [len(SWITCHED_OFF[each.name]) for each in found] == [0, 1, 1, 1, 3]


def test_training_drugs_are_whole_and_each_share_lies_in_the_next(study):
    found = settings_of("training_drugs")
    assert [each.name for each in found] == ["10 %", "25 %", "50 %", "75 %", "100 %"]
    every = study.take(TRAINING)
    drugs, before = len(np.unique(every.drug)), set()
    for each, share in zip(found, (0.1, 0.25, 0.5, 0.75, 1), strict=True):
        chosen = chosen_of(each, study)
        kept = set(chosen.training.drug)
        assert len(kept) == round(share * drugs)
        assert before <= kept
        assert places(chosen.training) == {place for place in places(every) if place[0] in kept}
        assert places(chosen.test) == places(study.take(TEST))
        before = kept
    assert before == set(every.drug)


def test_seventy_percent_of_the_training_profiles_are_removed(study):
    every = places(study.take(TRAINING))
    chosen = [chosen_of(each, study) for each in settings_of("thinned")]
    assert [each.label for each in chosen] == ["", "c0", "c1", "c3", ""]
    none, *of_cells, both = (every - places(each.training) for each in chosen)
    assert none == set()
    assert both == set.union(*of_cells)
    for cell, removed in zip(CELLS, of_cells, strict=True):
        of_cell = {place for place in every if place[1] == cell}
        assert removed < of_cell
        assert len(removed) == round(0.7 * len(of_cell))
    assert all(places(each.test) == places(study.take(TEST)) for each in chosen)


def test_another_repeat_removes_others_and_the_first_is_drawn_as_ever(study):
    setting = settings_of("thinned")[1]
    first, again, other = (
        places(chosen_of(setting, study, repeat=repeat).training) for repeat in (1, 1, 2)
    )
    assert first == again != other
    assert chances(3, 1)("a").random() != chances(3, 2)("a").random()
    assert chances(3, 2)("a").random() == chances(3, 2)("a").random()


def test_folds_hold_out_each_drug_once_and_never_its_twins():
    tensor = clustered(drugs=60)
    twins = [inchi_key(n // 2) for n in range(60)]
    study = studied(tensor, drugs=pd.DataFrame({"drug": tensor.drugs, "inchi_key": twins}))
    held_out = []
    for setting in settings_of("folds"):
        chosen = chosen_of(setting, study)
        tested, trained = set(chosen.given.drug), set(chosen.training.drug)
        assert not {drug // 2 for drug in tested} & {drug // 2 for drug in trained}
        assert not places(chosen.training) & places(chosen.given)
        held_out += sorted(tested)
    paired = np.flatnonzero(study.inside.measured.sum(axis=1) > 1)
    assert sorted(held_out) == paired.tolist()


def test_families_are_never_in_training(study):
    inside = study.inside
    families = [f"family {number % 4}" for number in range(40)] + ["rare"] * 4 + [None] * 16
    mechanisms = pd.Series(families, index=study.tensor.drugs)
    mechanisms.iloc[0] = "family 0|family 3"  # a drug of two
    # In another order, and with drugs that are not in the tensor.
    shuffled = pd.concat([mechanisms[::-1], pd.Series({"elsewhere": "family 0"})])
    chosen = [chosen_of(each, study, shuffled) for each in settings_of("families")]
    members, sizes = {}, {}
    for number in range(4):
        name = f"family {number}"
        members[name] = {d for d in range(60) if name in str(mechanisms.iloc[d]).split("|")}
        sizes[name] = sum(inside.measured[d].sum() > 1 for d in members[name])
    found = [each for each in chosen if len(each.training)]
    assert [each.label for each in found] == sorted(sizes, key=lambda name: (-sizes[name], name))
    for each in found:
        of_family = members[each.label]
        assert places(each.training) == {p for p in places(inside) if p[0] not in of_family}
        assert places(each.given) == {p for p in places(inside) if p[0] in of_family}
        paired = {p for p in places(each.given) if inside.measured[p[0]].sum() > 1}
        assert places(each.test) == paired


def test_only_the_largest_families_are_held_out():
    tensor = grid(np.random.default_rng(0).normal(size=(90, 2, 10)), np.ones((90, 2), bool))
    study = studied(tensor, (0, 1))
    sizes = [4, 5, 5, 5, 5, 5, 5, 6, 7, 8, 9, 10, 11]
    names = np.repeat([f"f{number:02}" for number in range(len(sizes))], sizes)
    known = pd.Series(names, tensor.drugs[: len(names)])
    largest = ["f12", "f11", "f10", "f09", "f08", "f07", "f01", "f02", "f03", "f04"]
    found = [chosen_of(each, study, known).label for each in settings_of("families")]
    assert found == largest
    assert len(found) == MOST_FAMILIES


@pytest.mark.parametrize(
    ("analysis", "keys"),
    [("families", {}), ("loss_of_function", {}), ("added_cells", {"added": 3})],
)
def test_a_training_that_the_data_do_not_allow_is_empty_and_says_so(
    analysis, keys, tmp_path, capsys
):
    study = studied(clustered(drugs=60, cells=2), (0, 1))
    design = design_of(cells=2, **keys)
    assert scores_of(analysis, study, tmp_path, design, **keys).empty
    said = capsys.readouterr().out
    assert "these data allow no such training" in said
    assert said.count("trained on") <= 1  # the network that is kept


def test_cells_are_added_one_by_one_without_test_drugs(study):
    tensor, tests = study.tensor, set(study.take(TEST).drug)
    outside = places(study.take(OTHER_CELL))
    found = settings_of("added_cells")
    assert [each.name for each in found] == [
        "cells of the study", "4 cells, with {label}", "5 cells, with {label}",
    ]  # fmt: skip
    for setting, added in zip(found[1:], ([2], [2, 4]), strict=True):
        chosen = chosen_of(setting, study)
        further = places(chosen.training) - places(study.take(TRAINING))
        assert further == {p for p in outside if p[1] in added and p[0] not in tests}
        shown = places(chosen.given) - places(study.take(TEST))
        assert shown == {p for p in outside if p[1] in added and p[0] in tests}
        assert places(chosen.test) == places(study.take(TEST))
        assert chosen.label == tensor.cells[added[-1]]
    last = chosen_of(found[-1], study, added=["c4", "c2"])
    assert last.label == "c2"
    with pytest.raises(LacunaError, match="added_cells: the tensor has no cell 'c9'"):
        chosen_of(found[-1], study, added=["c9"])
    with pytest.raises(LacunaError, match="'c3' is a cell of the study already"):
        chosen_of(found[-1], study, added=["c3"])


def test_twins_of_test_drugs_are_not_trained_on_in_added_cells():
    tensor = clustered(drugs=60)
    # Drug 0 is the twin of every test drug in turn: where it is none itself, it never trains.
    study = studied(tensor)
    test = study.take(TEST).drug[0]
    twin = next(d for d in study.take(OTHER_CELL).drug if d not in study.take(TEST).drug)
    keys = [""] * 60
    keys[test] = keys[twin] = inchi_key(0)
    known = type(study).of(tensor, study.part, pd.DataFrame({"inchi_key": keys}))
    setting = settings_of("added_cells")[-1]
    with_twin, without = (chosen_of(setting, each).training for each in (study, known))
    assert places(with_twin) - places(without) == {
        p for p in places(study.take(OTHER_CELL)) if p[0] == twin
    }


def test_types_are_trained_alone_and_together():
    tensor = clustered(drugs=80)
    types = np.where(np.arange(80) % 4 == 0, "trt_sh", "trt_cp")
    study = studied(tensor, drugs=pd.DataFrame({"drug": tensor.drugs, "pert_type": types}))
    alone, both, _, full, _ = settings_of("loss_of_function")
    of = {name: chosen_of(each, study).training for name, each in
          (("sh", alone), ("both", both), ("cp", full))}  # fmt: skip
    assert set(types[of["sh"].drug]) == {"trt_sh"}
    assert set(types[of["cp"].drug]) == {"trt_cp"}
    assert places(of["both"]) == places(of["sh"]) | places(of["cp"])
    # All other analyses are of compounds.
    for analysis in ("folds", "thinned", "training_drugs", "added_cells"):
        for setting in settings_of(analysis):
            chosen = chosen_of(setting, study)
            for profiles in (chosen.training, chosen.test, chosen.given):
                assert set(types[profiles.drug]) == {"trt_cp"}, analysis


def test_no_training_has_what_it_is_tested_on_nor_other_cells(study):
    outside = places(study.take(OTHER_CELL))
    mechanisms = pd.Series("a", study.tensor.drugs[::2])
    for analysis, card in ANALYSES.items():
        for setting in settings_of(analysis) if card.settings else []:
            chosen = chosen_of(setting, study, mechanisms)
            assert not set(chosen.training.drug) & set(chosen.test.drug), setting.training.name
            if setting.training.profiles != "more_cells":
                assert not places(chosen.training) & outside


def test_what_a_job_gets_makes_the_same_training():
    setting = settings_of("thinned")[2]
    assert Training.of(asked_of(setting)) == setting.training
