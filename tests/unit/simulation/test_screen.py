"""Plates, wells and ids are those of a screen."""

from lacuna.simulation import parameters


def test_plates_are_laid_out_as_in_a_screen(wells):
    plates = wells.groupby("plate")
    assert plates.size().max() <= 384
    assert (plates["kind"].agg(lambda kind: kind.eq("ctl_vehicle").sum()) == 24).all()
    replicates = wells.groupby("batch")["plate"].nunique()
    assert replicates.between(2, 4).all()
    assert set(wells["dose"].dropna()) == {10.0, 0.37}
    assert set(wells["time"]) == {6, 24}


def test_few_cells_have_most_drugs(wells):
    treated = wells[wells["kind"] == "trt_cp"]
    drugs = treated.groupby("cell")["name"].nunique().sort_values(ascending=False)
    assert drugs.iloc[0] > 2 * drugs.iloc[-1]


def test_one_drug_goes_by_two_ids(wells):
    ids = wells[wells["kind"] == "trt_cp"].groupby("name")["drug"].nunique()
    assert (ids == 2).sum() == parameters.DRUGS_UNDER_TWO_IDS
