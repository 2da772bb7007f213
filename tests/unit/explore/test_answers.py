"""Answers about profiles and genes, against the arrays that they come from."""

import numpy as np
import pytest
from asked import CELLS, small_index

from lacuna.errors import LacunaError
from lacuna.explore.answers_gene import Wanted, choose, gene_answer, smallest
from lacuna.explore.answers_show import nearest_drugs, show_drug, show_profile
from lacuna.explore.remarks import EXPECTED_R, NOT_KNOWN, remarks


@pytest.fixture(scope="module")
def index():
    return small_index()


def test_a_profile_is_shown_with_how_sure_it_is(index):
    answer = show_profile(index, "aspirin", "mcf-7", top=3, scale="unit")
    row = 1 * len(CELLS) + 1
    facts = answer.facts
    assert answer.title == "aspirin (BRD-2) in MCF7"
    assert (facts["cell"], facts["lineage"], facts["source"]) == ("MCF7", "breast", "measured")
    assert facts["expected_r"] == pytest.approx(0.9 + 0.001 * row)
    assert (facts["tier"], facts["norm"]) == ("excellent", 1)
    assert (facts["replicates"], facts["acd"]) == (3, 0.5)
    assert facts["of_this_drug"] == "r 0.50, mean of 2 held-out profiles"
    assert facts["of_this_cell"] == "r 0.60, mean of its held-out profiles"
    assert (facts["ids"], facts["moa"]) == ("BRD-2; BRD-20; XYZ-7", "COX")
    assert "inchi_key" not in facts and "atc" not in facts  # nothing is known of these
    values = index.units[:, row]
    order = np.argsort(-values)
    for name, genes in (("up", order[:3]), ("down", order[::-1][:3])):
        rows = answer.tables[name].rows
        assert rows["symbol"].tolist() == index.genes["symbol"].iloc[genes].tolist()
        assert rows["value"].to_numpy() == pytest.approx(values[genes])
        assert rows["direction"].unique().tolist() == [name]
        error = np.sqrt((1 - facts["expected_r"] ** 2) / 40)
        assert rows["error"].to_numpy() == pytest.approx(error)
    assert answer.notes == [
        "Measured experiments of this drug in this cell that fell out: 2 at the step 'ACD p-value "
        "at most 0.1', for example: p 0.4."
    ]


def test_a_mean_in_place_of_a_prediction_is_said_and_what_is_unknown_is_left_out(index):
    answer = show_profile(index, "BRD-2", "VCAP", top=1)
    assert answer.facts["source"] == "predicted"
    assert answer.notes[0].startswith("A plain mean stands in place of a prediction here")
    assert not {"of_this_cell", "lineage", "replicates", "acd"} & set(answer.facts)
    assert "of_this_drug" not in show_profile(index, "BRD-3", "A375", top=1).facts


def test_scales_change_values_and_need_an_expected_r(index):
    def tops(of, scale):
        answer = show_profile(of, "BRD-1", "MCF7", 2, scale)
        return answer.tables["up"].rows["value"].to_numpy(), answer.notes

    unit, _ = tops(index, "unit")
    expected, notes = tops(index, "expected")
    assert expected == pytest.approx(unit * (0.45 + 0.001)) and not notes
    assert tops(index, None)[0] == pytest.approx(expected)
    assert tops(small_index(known=False), None)[0] == pytest.approx(unit)
    unknown, notes = tops(small_index(known=False), "z")
    assert unknown == pytest.approx(unit)
    assert notes == ["Without an expected r there is no scale 'z': changes are at length 1."]


def test_a_drug_is_shown_in_all_cells_the_surest_first_and_beside_its_like(index):
    answer = show_drug(index, "vorinostat")
    cells = answer.tables["cells"].rows
    assert cells["cell"].tolist() == ["VCAP", "A375", "MCF7"]
    assert cells["source"].tolist() == ["measured", "measured", "predicted"]
    first = np.argsort(-index.units[:, 2])[:2]
    assert cells["up"][0] == " ".join(index.genes["symbol"].iloc[first])
    assert answer.facts["measured"] == 2
    nearest = answer.tables["nearest"].rows
    assert nearest["drug"][0] == "BRD-2" and nearest["drug"].iloc[-1] == "BRD-3"
    assert "BRD-1" not in set(nearest["drug"])


def test_nearness_is_the_mean_cosine_within_cells(index):
    profiles = index.units.T.reshape(6, 3, 40).astype(float)
    cosine = np.einsum("dcg,cg->dc", profiles, profiles[4]).mean(axis=1)
    expected = sorted(np.delete(cosine, 4), reverse=True)
    found = nearest_drugs(index, 4)
    assert found["cosine"].to_numpy() == pytest.approx(expected, abs=1e-6)
    assert len(nearest_drugs(index, 4, top=2)) == 2


def test_a_gene_names_who_moves_it_most(index):
    answer = gene_answer(index, "ABL1", Wanted(), 4, "unit")
    values = index.units[2]
    order = np.argsort(-values)[:4]
    rows = answer.tables["up"].rows
    assert rows["value"].to_numpy() == pytest.approx(values[order])
    places = [f"BRD-{row // 3 + 1} {CELLS[row % 3]}" for row in order]
    assert (rows["drug"] + " " + rows["cell"]).tolist() == places
    assert rows["place"].tolist() == [1, 2, 3, 4]
    assert answer.tables["down"].rows["value"].iloc[0] == pytest.approx(values.min())
    assert (answer.facts["profiles"], answer.facts["of_them_predicted"]) == (18, "50%")


def test_who_is_surest_of_a_change_comes_first_unless_another_scale_is_asked_for(index):
    r = index.profiles["expected_r"].to_numpy()
    z = r * index.units[2] / np.sqrt((1 - r**2) / 40)
    found = gene_answer(index, "ABL1", Wanted(), top=18)
    assert found.tables["up"].rows["value"].to_numpy() == pytest.approx(
        np.sort(z)[::-1][: (z > 0).sum()]
    )
    assert found.facts["scale"].startswith("z: ")
    titles = {name: table.title for name, table in found.tables.items()}
    assert titles == {"up": "raised most", "down": "lowered most"}
    assert all(table.columns["value"] == ("z", "+.1f") for table in found.tables.values())
    assert all("error" in table.hidden for table in found.tables.values())
    unknown = gene_answer(small_index(known=False), "ABL1", Wanted(), top=18)
    assert unknown.facts["scale"].startswith("unit: ") and unknown.facts["profiles"] == 18


def test_what_is_lowered_is_not_listed_as_raised(index):
    answer = gene_answer(index, "ABL1", Wanted(), top=99)
    up, down = (answer.tables[name].rows for name in ("up", "down"))
    assert (up["value"] > 0).all() and (down["value"] < 0).all()
    assert len(up) + len(down) == 18


def test_filters_keep_what_is_asked_for(index):
    wanted = Wanted(("mcf7", "VCAP"), "predicted", 0.46)
    rows = np.flatnonzero(choose(index, wanted))
    table = index.profiles.iloc[rows]
    assert len(rows) == 3
    assert set(table["cell"]) == {1, 2} and set(table["source"]) == {"predicted"}
    assert (table["expected_r"] >= 0.46).all()
    answer = gene_answer(index, "ABL1", wanted, top=99)
    found = [answer.tables[name].rows for name in ("up", "down")]
    assert sum(map(len, found)) == 3
    assert all((rows["expected_r"] >= 0.46).all() for rows in found)


@pytest.mark.parametrize(
    ("wanted", "known", "said"),
    [
        (Wanted(min_r=0.99), True, r"no profile of the 18 is left .* the largest is 0.92\)"),
        (Wanted(min_r=0.1), False, r"no profile of the 18 is left .* none is known\)"),
        (Wanted(source="guessed"), True, r"--source is 'guessed'; expected measured or predicted"),
        (Wanted(cells=("HEPG2",)), True, r"no cell 'HEPG2'"),
    ],
)
def test_filters_that_leave_nothing_are_told(wanted, known, said):
    with pytest.raises(LacunaError, match=said):
        gene_answer(small_index(known=known), "ABL1", wanted, top=1)


def test_a_scale_without_any_expected_r_is_refused():
    with pytest.raises(LacunaError, match="--scale z needs an expected r, and none of these"):
        gene_answer(small_index(known=False), "ABL1", Wanted(), 1, "z")


def test_profiles_of_unknown_r_are_left_out_where_the_scale_needs_it():
    index = small_index()
    index.profiles.loc[[0, 4], "expected_r"] = np.nan
    answer = gene_answer(index, "ABL1", Wanted(), 99, "expected")
    assert answer.facts["profiles"] == 16
    assert answer.notes == ["2 profiles without an expected r are left out."]
    assert gene_answer(index, "ABL1", Wanted(), 99, "unit").facts["profiles"] == 18


def test_the_smallest_are_found_in_order_with_ties_as_they_stand():
    rng = np.random.default_rng(0)
    for size, top in [(6, 0), (6, 8), *rng.integers(1, 60, (100, 2))]:
        keys = rng.integers(0, 40, size).astype(float)
        expected = np.argsort(keys, kind="stable")[:top]
        assert smallest(keys, top).tolist() == expected.tolist()


def test_the_footer_says_what_holds_of_the_run(index, tmp_path):
    assert remarks(index, tmp_path) == [
        EXPECTED_R,
        "The data are SIMULATED: drugs, cells and genes are made up.",
    ]
    real = small_index(known=False)
    real.facts["simulated"] = False
    for file in ("retrieval/model.h5", "explore/index.html"):
        (tmp_path / file).parent.mkdir()
        (tmp_path / file).touch()
    assert remarks(real, tmp_path) == [
        NOT_KNOWN,
        "This run can also be asked for structures for a profile: lacuna retrieve --model "
        f"{tmp_path}/retrieval/model.h5; the same as a page: {tmp_path}/explore/index.html.",
    ]
