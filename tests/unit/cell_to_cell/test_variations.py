"""What the prediction from cell to cell depends on: designs, scores and their summary."""

from functools import partial

import numpy as np
import pandas as pd
import pytest
from made_up import made_up
from toy import at, clustered, grid

from lacuna.cell_to_cell.analyses import (
    ALL_CELLS,
    LATENT_SIZES,
    MOST_FAMILIES,
    STUDY_CELLS,
    SWITCHED_OFF,
)
from lacuna.cell_to_cell.study import OTHER_CELL, TEST, TRAINING, Study, divide
from lacuna.cell_to_cell.variations import SUMMARY, design, score, summarise
from lacuna.completion.interface import SideInformation
from lacuna.completion.variants import read_methods
from lacuna.evaluation.bootstrap import LEAST_DRUGS

CELLS = np.array([0, 1, 3])
STREAM = partial(np.random.default_rng, 1)
NONE_KNOWN = pd.Series(dtype=str)


@pytest.fixture(scope="module")
def study():
    tensor = clustered(drugs=60)
    return Study(tensor, divide(tensor, CELLS, 30, np.random.default_rng(0)))


def vary(analysis, study, methods=None, mechanisms=NONE_KNOWN):
    rng = np.random.default_rng(2)
    options = methods or {"mean_2d": {"cell_weight": 0.3}}
    return design(analysis, study, read_methods(options, options), mechanisms, rng)


def places(profiles):
    return set(map(tuple, profiles.pairs.tolist()))


def test_every_method_is_trained_and_tested_on_the_division(study):
    methods = {"mean_1d": {}, "mean_2d": {"cell_weight": 0.3}}
    found = vary("methods", study, methods)
    assert {each.setting: each.options for each in found} == methods
    for each in found:
        assert each.method == each.setting
        assert places(each.training) == places(study.take(TRAINING))
        assert places(each.test) == places(each.given) == places(study.take(TEST))


def test_a_variant_is_its_method_with_options_of_its_own(study):
    entries = ["mean_2d", {"all_cell": {"method": "mean_2d", "cell_weight": 1.0}}]
    methods = read_methods(entries, {})
    found = design("methods", study, methods, NONE_KNOWN, np.random.default_rng(0))
    assert [(each.setting, each.method) for each in found] == [
        ("mean_2d", "mean_2d"),
        ("all_cell", "mean_2d"),
    ]
    assert found[1].options == {"cell_weight": 1.0}


def test_training_drugs_are_whole_and_each_share_lies_in_the_next(study):
    found = vary("training_drugs", study)
    assert [each.setting for each in found] == ["10 %", "25 %", "50 %", "75 %", "100 %"]
    every = study.take(TRAINING)
    drugs = len(np.unique(every.drug))
    before = set()
    for each, share in zip(found, (0.1, 0.25, 0.5, 0.75, 1), strict=True):
        kept = set(each.training.drug)
        assert len(kept) == round(share * drugs)
        assert before <= kept
        assert places(each.training) == {place for place in places(every) if place[0] in kept}
        assert places(each.test) == places(study.take(TEST))
        before = kept
    assert before == set(every.drug)


def test_options_are_varied_one_by_one(study):
    options = {"latent": 5, "skip": False, "batch": 7}
    sizes = vary("latent_size", study, {"deepcellstate": options})
    assert [each.options for each in sizes] == [{**options, "latent": n} for n in LATENT_SIZES]
    assert [each.setting for each in sizes] == ["8", "16", "32", "64", "128"]
    found = vary("regularisation", study, {"deepcellstate": options})
    for each in found:
        off = SWITCHED_OFF[each.setting]
        switches = {name: name not in off for name in ("dropout", "latent_l1", "skip")}
        assert each.options == {"latent": 5, "batch": 7, **switches}
    assert [len(SWITCHED_OFF[each.setting]) for each in found] == [0, 1, 1, 1, 3]


def test_an_unseen_cell_alone_gives_the_inputs(study):
    found = vary("unseen_cell", study)
    assert [each.setting for each in found] == [STUDY_CELLS, "c2", "c4"]
    test, tensor = study.take(TEST), study.tensor
    assert places(found[0].test) == places(found[0].given) == places(test)
    for each, cell in zip(found[1:], (2, 4), strict=True):
        assert places(each.training) == places(study.take(TRAINING))
        assert places(each.given) == {(d, cell) for d in set(test.drug) if tensor.counts[d, cell]}
        assert places(each.test) == {p for p in places(test) if tensor.counts[p[0], cell]}


def test_without_other_cells_there_is_no_unseen_one():
    tensor = clustered(drugs=60, cells=2)
    study = Study(tensor, divide(tensor, np.array([0, 1]), 30, np.random.default_rng(0)))
    assert vary("unseen_cell", study) == []


def test_families_are_never_in_training(study):
    inside = study.inside
    families = [f"family {number % 4}" for number in range(40)] + ["rare"] * 4 + [None] * 16
    mechanisms = pd.Series(families, index=study.tensor.drugs)
    mechanisms.iloc[0] = "family 0|family 3"  # a drug of two
    # In another order, and with drugs that are not in the tensor.
    shuffled = pd.concat([mechanisms[::-1], pd.Series({"elsewhere": "family 0"})])
    found = vary("families", study, mechanisms=shuffled)
    members, sizes = {}, {}
    for number in range(4):
        name = f"family {number}"
        members[name] = {d for d in range(60) if name in str(mechanisms.iloc[d]).split("|")}
        sizes[name] = sum(inside.measured[d].sum() > 1 for d in members[name])
    assert [each.setting for each in found] == sorted(sizes, key=lambda name: (-sizes[name], name))
    for each in found:
        of_family = members[each.setting]
        assert places(each.training) == {p for p in places(inside) if p[0] not in of_family}
        assert places(each.given) == {p for p in places(inside) if p[0] in of_family}
        paired = {p for p in places(each.given) if inside.measured[p[0]].sum() > 1}
        assert places(each.test) == paired
        assert len({drug for drug, _ in paired}) == sizes[each.setting]


def test_only_the_largest_families_are_held_out():
    tensor = grid(np.random.default_rng(0).normal(size=(90, 2, 10)), np.ones((90, 2), bool))
    study = Study(tensor, divide(tensor, np.array([0, 1]), 30, np.random.default_rng(0)))
    sizes = [4, 5, 5, 5, 5, 5, 5, 6, 7, 8, 9, 10, 11]
    names = np.repeat([f"f{number:02}" for number in range(len(sizes))], sizes)
    found = vary("families", study, mechanisms=pd.Series(names, tensor.drugs[: len(names)]))
    largest = ["f12", "f11", "f10", "f09", "f08", "f07", "f01", "f02", "f03", "f04"]
    assert [each.setting for each in found] == largest
    assert len(found) == MOST_FAMILIES


def test_without_known_mechanisms_there_are_no_families(study):
    unknown = pd.Series(np.nan, study.tensor.drugs)
    assert vary("families", study) == vary("families", study, mechanisms=unknown) == []


def test_seventy_percent_of_the_training_profiles_are_removed(study):
    found = vary("thinned", study)
    assert [each.setting for each in found] == ["none", "c0", "c1", "c3", ALL_CELLS]
    every = places(study.take(TRAINING))
    removed = {each.setting: every - places(each.training) for each in found}
    assert removed["none"] == set()
    assert removed[ALL_CELLS] == removed["c0"] | removed["c1"] | removed["c3"]
    for cell in CELLS:
        of_cell = {place for place in every if place[1] == cell}
        assert removed[f"c{cell}"] < of_cell
        assert len(removed[f"c{cell}"]) == round(0.7 * len(of_cell))
    assert all(places(each.test) == places(study.take(TEST)) for each in found)


def test_an_unknown_analysis_is_an_error(study):
    with pytest.raises(ValueError, match="no analysis 'sizes' varies"):
        vary("sizes", study)
    with pytest.raises(ValueError, match="no analysis 'transfer' varies"):
        vary("transfer", study)


def test_the_same_seed_designs_the_same(study):
    for analysis in ("training_drugs", "thinned"):
        first, second = vary(analysis, study), vary(analysis, study)
        for one, other in zip(first, second, strict=True):
            assert places(one.training) == places(other.training)


def correlation(one, other):
    return np.corrcoef(one, other)[0, 1]


def test_the_copy_is_the_mean_of_the_drugs_other_profiles(study, tmp_path):
    variations = vary("methods", study, {"mean_1d": {}, "additive": {}})
    scores = score(variations, SideInformation(), STREAM, tmp_path)
    of_mean = scores[scores["setting"] == "mean_1d"]
    assert np.array_equal(of_mean["pearson"], of_mean["copy"])
    test = study.take(TEST)
    assert len(scores) == 2 * len(test)
    for row, (drug, cell) in zip(of_mean.itertuples(), test.pairs, strict=True):
        others = [at(test, drug, other) for other in CELLS if other != cell]
        others = [profile for profile in others if profile is not None]
        assert row.inputs == len(others)
        expected = correlation(np.mean(others, axis=0), at(test, drug, cell))
        assert row.copy == pytest.approx(expected, abs=1e-5)


def test_from_an_unseen_cell_the_copy_is_its_profile(study, tmp_path):
    variations = vary("unseen_cell", study, {"mean_1d": {}})
    scores = score(variations, SideInformation(), STREAM, tmp_path).query("setting == 'c4'")
    assert (scores["inputs"] == 1).all()
    for row in scores.itertuples():
        drug, cell = int(row.drug[1:]), int(row.cell[1:])
        given, truth = at(study.tensor, drug, 4), at(study.tensor, drug, cell)
        assert row.copy == pytest.approx(correlation(given, truth), abs=1e-5)


def test_no_answer_reaches_the_method(study, tmp_path, monkeypatch):
    """Every prediction is made without any test drug's profile in the cell that is predicted."""
    from lacuna.completion.methods import mean_2d

    asked = []

    def prepare(observed, wanted, side, rng, **options):
        cell = wanted[0, 1]
        assert (wanted[:, 1] == cell).all()
        seen = set(observed.drug[observed.cell == cell])
        assert not seen & set(wanted[:, 0])
        asked.append(len(wanted))
        return original(observed, wanted, side, rng, **options)

    original = mean_2d.prepare
    monkeypatch.setattr(mean_2d, "prepare", prepare)
    mechanisms = pd.Series(["a", "b"] * 30, study.tensor.drugs)
    for analysis in ("training_drugs", "unseen_cell", "families", "thinned"):
        variations = vary(analysis, study, {"mean_2d": {}}, mechanisms)
        asked.clear()
        scores = score(variations, SideInformation(), STREAM, tmp_path)
        assert sum(asked) == len(scores) == sum(len(each.test) for each in variations)


def test_without_settings_the_tables_are_empty(tmp_path):
    scores = score([], SideInformation(), STREAM, tmp_path)
    assert list(scores) == ["setting", "drug", "cell", "inputs", "pearson", "copy"]
    table = summarise("families", scores, np.random.default_rng(0))
    assert list(table) == SUMMARY
    assert table.empty


def test_settings_are_compared_on_the_profiles_that_both_predict():
    scores = made_up({STUDY_CELLS: 0, "c7": -0.3, "c9": 0})
    number, setting = scores["drug"].str[1:].astype(int), scores["setting"]
    too_few = setting.eq("c9") & (number >= LEAST_DRUGS - 1)
    scores = scores[~too_few & ~(setting.eq("c7") & (number < 3))]
    table = summarise("unseen_cell", scores, np.random.default_rng(0)).set_index("setting")
    assert list(table.index) == [STUDY_CELLS, "c7", "c9"]
    assert (table["reference"] == STUDY_CELLS).all()
    reference = scores[scores["setting"] == STUDY_CELLS].set_index(["drug", "cell"])["pearson"]
    for setting, rows in scores.groupby("setting"):
        row, own = table.loc[setting], rows.set_index(["drug", "cell"])
        same = reference[own.index]
        assert row["profiles"] == len(own)
        assert row["drugs"] == rows["drug"].nunique()
        assert row["value"] == pytest.approx(own["pearson"].mean())
        assert row["copy"] == pytest.approx(own["copy"].mean())
        assert row["gain"] == pytest.approx(row["value"] - row["copy"])
        assert row["reference_value"] == pytest.approx(same.mean())
        assert row["difference"] == pytest.approx(row["value"] - same.mean())
    assert table.loc[STUDY_CELLS, ["difference", "difference_low", "difference_high"]].eq(0).all()
    assert table.loc["c7", "difference_high"] < 0 < table.loc[STUDY_CELLS, "gain_low"]
    ends = [name for name in table if name.endswith(("low", "high"))]
    assert table.loc["c9", ends].isna().all()
    assert table.drop("c9")[ends].notna().all(axis=None)


def test_the_same_training_has_the_same_interval_in_every_analysis():
    scores = made_up({"none": 0, "c0": -0.2, "c1": -0.3})
    thinned = summarise("thinned", scores, np.random.default_rng(0)).iloc[0]
    sizes = made_up({"8": -0.1}, seed=1)
    same = scores[scores["setting"] == "none"].assign(setting="128", copy=scores["pearson"])
    latent = summarise("latent_size", pd.concat([sizes, same]), np.random.default_rng(0)).iloc[1]
    assert thinned[["value", "low", "high"]].equals(latent[["value", "low", "high"]])
    assert (latent[["copy_low", "copy_high"]].to_numpy() == latent[["low", "high"]]).all()


def test_intervals_are_of_whole_drugs():
    """Two profiles of a drug that are one and the same must not make the interval narrower."""
    scores = made_up({"none": 0}, drugs=40)
    twice = scores.groupby("drug")[["pearson", "copy"]].transform("first")
    scores = scores.assign(**twice)
    once = scores[scores["cell"] == "c0"]
    widths = []
    for rows in (scores, once):
        row = summarise("thinned", rows, np.random.default_rng(0)).iloc[0]
        widths.append(row["high"] - row["low"])
        assert row["low"] < row["value"] < row["high"]
    assert widths[0] == pytest.approx(widths[1])


@pytest.mark.parametrize(
    ("analysis", "settings", "reference"),
    [
        ("methods", {"mean_1d": -0.3, "additive": 0.2, "mean_2d": 0}, "additive"),
        ("training_drugs", {"10 %": 0, "100 %": 0}, "100 %"),
        ("latent_size", {"8": 0, "128": -0.2}, "128"),
        ("regularisation", {"full": 0, "without skip": 0.2}, "full"),
        ("thinned", {"none": 0, "c0": 0}, "none"),
    ],
)
def test_each_analysis_has_its_reference(analysis, settings, reference):
    table = summarise(analysis, made_up(settings), np.random.default_rng(0))
    assert (table["reference"] == reference).all()
    assert table.set_index("setting").loc[reference, "difference"] == 0
    assert (table["analysis"] == analysis).all()


def test_families_are_compared_with_the_copy_only():
    table = summarise("families", made_up({"a": 0, "b": 0.1}), np.random.default_rng(0))
    assert (
        table[["reference", "reference_value", "difference", "difference_low"]]
        .isna()
        .all(axis=None)
    )
    assert (table["gain_low"] > 0).all()


def test_profiles_of_other_cells_are_never_for_training(study):
    outside = places(study.take(OTHER_CELL))
    mechanisms = pd.Series("a", study.tensor.drugs[::2])
    for analysis in ("training_drugs", "unseen_cell", "families", "thinned"):
        for each in vary(analysis, study, mechanisms=mechanisms):
            assert not places(each.training) & outside
            assert not places(each.training) & places(each.test)
