"""Which wells are compared, by hand-made plates and by planted effects."""

import numpy as np
import pandas as pd
import pytest

from lacuna.errors import LacunaError
from lacuna.io.geo import batch_of
from lacuna.translation.batches import (
    contrast,
    find_drug,
    find_treatments,
    same_drugs,
    score_treatments,
)

DEXAMETHASONE = "UREBDLICKHMUKA-CXSFZGCWSA-N"
FLAT_DEXAMETHASONE = "UREBDLICKHMUKA-UHFFFAOYSA-N"
BETAMETHASONE = "UREBDLICKHMUKA-DVTGEIKXSA-N"


def well(plate, drug, kind="trt_cp", dose=10.0, cell="HT115", time=6.0):
    row = {"plate": plate, "drug": drug, "type": kind, "dose": dose, "cell": cell, "time": time}
    return row | {"dose": np.nan if kind.startswith("ctl") else dose}


def table(*rows):
    wells = pd.DataFrame(rows)
    return wells.assign(well=[f"w{number}" for number in range(len(wells))], name=wells["drug"])


def two_plates():
    """Two replicate plates of a batch: 3 vehicles, drug D at two doses, E twice; one lone plate."""
    rows = []
    for plate in ("CPC_HT115_6H_X1_B3_DUO52", "CPC_HT115_6H_X2"):
        rows += [well(plate, "DMSO", "ctl_vehicle") for _ in range(3)]
        rows += [well(plate, "D"), well(plate, "D", dose=1.0), well(plate, "E"), well(plate, "E")]
    rows += [well("OTHER_HT115_6H_X1", "D"), well("OTHER_HT115_6H_X1", "DMSO", "ctl_vehicle")]
    return table(*rows)


def of(treatments, **facts):
    [found] = [
        each
        for each in treatments
        if all(each.facts[fact] == value for fact, value in facts.items())
    ]
    return found


def test_a_batch_is_called_as_its_plates_without_the_replicate():
    plates = ["CPC006_A375_6H_X1_B3_DUO52HI53LO", "CPC006_A375_6H_X2", "LJP005_A375_24H_X10.A2"]
    found = batch_of(pd.Series([*plates, "NOREPLICATE"]))
    assert found.tolist() == ["CPC006_A375_6H", "CPC006_A375_6H", "LJP005_A375_24H", "NOREPLICATE"]


def test_treated_wells_stand_against_the_vehicles_of_their_plates():
    wells = two_plates()
    treatments, left_out = find_treatments(wells, {}, "vehicle")
    assert [(each.facts["drug"], each.facts["dose"]) for each in treatments] == [
        ("D", 1.0),
        ("D", 10.0),
        ("E", 10.0),
    ]
    drug = of(treatments, drug="D", dose=10.0)
    assert drug.treated.tolist() == [3, 10]
    assert drug.control.tolist() == [0, 1, 2, 7, 8, 9]
    expected = {"batch": "CPC_HT115_6H", "type": "trt_cp", "cell": "HT115", "time": 6.0}
    expected |= {"control": "ctl_vehicle", "plates": 2, "wells": 2, "name": "D"}
    assert {fact: drug.facts[fact] for fact in expected} == expected
    assert left_out["well"].tolist() == ["w14"]
    assert "fewer than 2 wells of ctl_vehicle" in left_out["left_out"].iloc[0]


def test_the_papers_way_takes_all_other_drugs_and_pools_doses():
    wells = two_plates()
    treatments, left_out = find_treatments(wells, {}, "others")
    drug = of(treatments, drug="D", batch="CPC_HT115_6H")
    assert drug.treated.tolist() == [3, 4, 10, 11]
    assert drug.control.tolist() == [0, 1, 2, 5, 6, 7, 8, 9, 12, 13]
    assert np.isnan(drug.facts["dose"])
    assert left_out["well"].tolist() == ["w14"]


def test_a_plates_vehicle_mean_is_taken_off_before_replicates_are_pooled():
    wells = two_plates()
    rng = np.random.default_rng(0)
    plates = wells["plate"].to_numpy()
    shift = {plate: rng.normal(0, 20, 6) for plate in np.unique(plates)}
    profiles = rng.normal(size=(len(wells), 6)) + np.stack([shift[plate] for plate in plates])
    treatments, _ = find_treatments(wells, {}, "vehicle")
    treatment = of(treatments, drug="D", dose=10.0)
    treated, control, means = contrast(treatment, plates, profiles.__getitem__)
    assert means == 2
    expected = np.stack([profiles[3] - profiles[:3].mean(0), profiles[10] - profiles[7:10].mean(0)])
    np.testing.assert_allclose(treated, expected)
    np.testing.assert_allclose(control[:3].mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(control[3:].mean(axis=0), 0, atol=1e-12)
    treatment = find_treatments(wells, {}, "others")[0][0]
    treated, _, means = contrast(treatment, plates, profiles.__getitem__)
    np.testing.assert_array_equal(treated, profiles[treatment.treated])
    assert means == 1


def test_a_planted_effect_is_found_in_its_own_treatment_with_its_sign():
    wells = two_plates()
    profiles = np.random.default_rng(1).normal(8, 0.1, (len(wells), 50))
    own = wells["drug"] == "D"
    profiles[np.ix_(own, [7])] += 2
    profiles[np.ix_(own, [9])] -= 2
    for way in ("vehicle", "others"):
        treatments, _ = find_treatments(wells, {}, way)
        for facts, scores in score_treatments(treatments, wells, profiles.__getitem__, 0.5):
            for score in scores.by_method().values():
                found = (int(np.argmax(score)), int(np.argmin(score))) == (7, 9)
                assert found == (facts["drug"] == "D")


def test_one_well_has_no_moderated_t():
    wells = two_plates().drop(index=[10]).reset_index(drop=True)
    treatments, _ = find_treatments(wells, {}, "vehicle")
    profiles = np.random.default_rng(1).normal(8, 1, (len(wells), 50))
    scored = list(score_treatments(treatments, wells, profiles.__getitem__, 0.5))
    assert [scores.limma is None for _, scores in scored] == [False, True, False]


def test_a_knock_down_is_compared_with_vectors_where_there_are_any():
    plates = [("A_X1", "ctl_vector"), ("B_X1", "ctl_vehicle")]
    rows = []
    for plate, kind in plates:
        rows += [well(plate, "DMSO", "ctl_vehicle") for _ in range(2)]
        rows += [well(plate, "EMPTY", kind) for _ in range(2)]
        rows += [well(plate, "TRCN1", "trt_sh"), well(plate, "trcn1", "trt_cp")]
    treatments, _ = find_treatments(table(*rows), {}, "vehicle", ["trt_sh"])
    assert [each.facts["control"] for each in treatments] == ["ctl_vector", "ctl_vehicle"]
    assert [each.control.tolist() for each in treatments] == [[2, 3], [6, 7, 8, 9]]
    assert [each.treated.tolist() for each in treatments] == [[4], [10]]


def test_ids_of_one_drug_are_merged_but_epimers_are_not():
    drugs = pd.DataFrame(
        [
            ("BRD-2", "Dexamethasone", FLAT_DEXAMETHASONE),
            ("BRD-1", "dexamethasone", DEXAMETHASONE),
            ("BRD-3", "betamethasone", BETAMETHASONE),
            ("brd-3", None, None),
            ("BRD-4", "decadron", "InChIKey=" + DEXAMETHASONE),
            ("BRD-5", "DEXAMETHASONE", None),
            ("BRD-6", "compound 12", "AAAAAAAAAAAAAA-UHFFFAOYSA-N"),
            ("BRD-7", "Compound 12", "BBBBBBBBBBBBBB-UHFFFAOYSA-N"),
            ("BRD-8", "compound 12", None),
            ("BRD-9", None, None),
        ],
        columns=["drug", "name", "inchi_key"],
    )
    same = same_drugs(drugs)
    assert {same[f"BRD-{number}"] for number in (1, 2, 4, 5)} == {"BRD-1"}
    assert same["BRD-3"] == same["brd-3"] == "BRD-3"
    assert [same[f"BRD-{number}"] for number in (6, 7, 8, 9)] == [
        "BRD-6",
        "BRD-7",
        "BRD-8",
        "BRD-9",
    ]
    assert find_drug("dexaMETHASONE", drugs, same) == "BRD-1"
    assert find_drug("brd-4", drugs, same) == "BRD-1"
    with pytest.raises(LacunaError, match="several drugs: 'BRD-6', 'BRD-7', 'BRD-8'"):
        find_drug("compound 12", drugs, same)
    with pytest.raises(LacunaError, match="did you mean"):
        find_drug("dexamethason", drugs, same)


def test_merged_ids_are_replicates_of_one_treatment_and_no_controls_of_each_other():
    rows = []
    for plate in ("P_X1", "P_X2"):
        rows += [well(plate, "DMSO", "ctl_vehicle") for _ in range(2)]
        rows += [well(plate, "BRD-1"), well(plate, "BRD-2"), well(plate, "X")]
    same = {"BRD-1": "BRD-1", "BRD-2": "BRD-1", "X": "X"}
    for way in ("vehicle", "others"):
        treatments, _ = find_treatments(table(*rows), same, way)
        drug = of(treatments, drug="BRD-1")
        assert drug.treated.tolist() == [2, 3, 7, 8]
        assert not {2, 3, 7, 8} & set(drug.control)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda wells: wells.drop(columns="plate"), "no column 'plate'"),
        (lambda wells: wells.assign(well="w"), "the wells 'w' stand twice"),
        (lambda wells: wells.assign(type="trt_sh"), "no well is a perturbation of type 'trt_cp'"),
    ],
)
def test_a_faulty_table_of_wells_is_named(change, named):
    with pytest.raises(LacunaError, match=named):
        find_treatments(change(two_plates()), {}, "vehicle")


def test_real_wells_of_dexamethasone_are_found(real_wells):
    wells, drugs = real_wells
    same = same_drugs(drugs)
    drug = find_drug("Dexamethasone", drugs, same)
    treatments, _ = find_treatments(wells, same, "vehicle")
    found = [each for each in treatments if each.facts["drug"] == drug]
    assert [(each.facts["cell"], len(each.treated)) for each in found] == [
        ("A375", 1),
        ("HT115", 4),
    ]
    assert [len(each.control) for each in found] == [16, 20]


@pytest.fixture
def real_wells(shared_data):
    from lacuna.io.geo import read_drugs, read_wells

    folder = shared_data / "lincs-mini"
    [info] = folder.glob("*inst_info*")
    [pert] = folder.glob("*pert_info*")
    wells = read_wells(info).rename(columns={"kind": "type"})
    drugs = wells[["drug", "name"]].drop_duplicates()
    return wells, drugs.merge(read_drugs(pert)[["drug", "inchi_key"]], on="drug", how="left")
