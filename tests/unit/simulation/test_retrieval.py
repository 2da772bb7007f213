"""The world of retrieval: plates in the layout of GEO, and a truth that says what is planted."""

import numpy as np
import pandas as pd
import pytest
from rdkit import Chem
from rdkit.rdBase import BlockLogs
from wells import all_match

from lacuna.errors import LacunaError
from lacuna.io import geo, hdf5
from lacuna.io.gctx import Gctx
from lacuna.simulation.parameters import GENES, RETRIEVAL_FILES, RETRIEVAL_SERIES
from lacuna.simulation.retrieval import simulate_retrieval
from lacuna.simulation.write_retrieval import write_retrieval_world

SIZE = {"seed": 5, "drugs": 120, "cells": 4, "mechanisms": 6}


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    folder = tmp_path_factory.mktemp("retrieval")
    write_retrieval_world(folder / "real", **SIZE)
    write_retrieval_world(folder / "null", **SIZE, null=True)
    return folder


def at(folder, kind):
    return folder / RETRIEVAL_FILES[kind]


@pytest.fixture(scope="module")
def truth(folders):
    return hdf5.load(at(folders / "real", "truth"))


@pytest.fixture(scope="module")
def wells(folders):
    return geo.read_wells(at(folders / "real", "inst_info"))


@pytest.fixture(scope="module")
def pert_info(folders):
    return geo.read_drugs(at(folders / "real", "pert_info")).set_index("drug")


def test_files_are_read_by_the_librarys_readers(folders, wells, pert_info):
    assert {path.name for path in (folders / "real").iterdir()} == set(RETRIEVAL_FILES.values())
    assert all(name.startswith("SIMULATED_retrieval") for name in RETRIEVAL_FILES.values())
    assert RETRIEVAL_SERIES == "simulated_retrieval"
    genes = geo.read_genes(at(folders / "real", "gene_info"))
    assert genes["landmark"].sum() == len(genes) == GENES
    with Gctx(at(folders / "real", "level3")) as matrix:
        all_match(matrix, wells, genes)
        values = matrix.read(matrix.rows, matrix.columns)
    assert 2 < values.min() < values.max() <= 15
    assert set(wells["drug"]) == set(pert_info.index)
    cells = geo.read_cells(at(folders / "real", "cell_info"))
    assert set(wells["cell"]) == set(cells["cell"])
    assert cells["cell"].str.startswith("SIM").all()
    assert cells["lineage"].notna().all()


def test_plates_replicate_each_other_and_have_vehicle_wells(wells):
    assert wells["plate"].str.fullmatch(r"SIMR\d{3}_SIM\w+_(6|24)H_X[12]").all()
    assert not wells["well"].duplicated().any()
    per_plate = wells.groupby("plate")
    assert (per_plate["kind"].agg(lambda kind: kind.eq("ctl_vehicle").sum()) == 24).all()
    assert per_plate.size().max() <= 384
    early = wells[wells["time"] == 6]
    assert (early.groupby("batch")["plate"].nunique() == 2).all()
    for _, batch in early.groupby("batch"):
        first, second = (plate["drug"].tolist() for _, plate in batch.groupby("plate"))
        assert first == second


def test_some_wells_have_another_dose_or_time(wells):
    treated = wells[wells["kind"] == "trt_cp"]
    share = treated.groupby(["dose", "time"]).size() / len(treated)
    assert set(share.index) == {(10, 6), (0.37, 6), (10, 24), (0.37, 24)}
    assert 0.5 < share[10, 6] < 0.9
    assert share[0.37].sum() > 0.1
    assert len(set(treated.loc[treated["time"] == 24, "cell"])) == 1


def test_lines_have_all_drugs_at_the_main_condition_but_those_said_to_lack(wells, truth):
    drugs, cells = truth["drugs"], truth["cells"]["cell_id"]
    main = wells[(wells["dose"] == 10) & (wells["time"] == 6)]
    lacking = drugs[drugs["absent_from"] >= 0]
    assert 2 <= len(lacking) <= 0.05 * len(drugs)
    for line, cell in enumerate(cells):
        present = main.loc[main["cell"] == cell, "drug"]
        assert (present.value_counts() == 2).all()
        ids = drugs["pert_id"].where(
            drugs["second_id"].eq("") | (line % 2 == 0), drugs["second_id"]
        )
        assert set(ids) - set(present) == set(
            lacking.loc[lacking["absent_from"] == line, "pert_id"]
        )
        assert set(present) <= set(ids)


def test_structures_in_the_table_are_written_as_the_truth_says(truth, pert_info):
    drugs = truth["drugs"]
    form = drugs.set_index("pert_id")["form"]
    assert form.value_counts().to_dict() == {"parent": 112, "salt": 5, "unreadable": 3}
    written = pert_info["smiles"].fillna("-666").reindex(form.index)
    assert written.tolist() == drugs["written"].tolist()
    with BlockLogs():
        readable = written.map(lambda smiles: Chem.MolFromSmiles(smiles) is not None)
    assert (readable == form.ne("unreadable")).all()
    assert sorted(written[~readable].str[:4]) == ["-666", "O=C1", "rest"]
    assert written[form == "salt"].str.contains(".", regex=False).all()
    own = written[form == "parent"].to_numpy()
    assert (own == drugs.loc[drugs["form"] == "parent", "smiles"]).all()
    keys = pert_info["inchi_key"].reindex(form.index)
    assert keys.isna().equals(form.eq("unreadable"))
    parents = drugs.set_index("pert_id")["inchi_key"]
    assert (keys == parents).equals(form.eq("parent"))  # as LINCS, whose keys are of salts, too


def test_one_drug_goes_by_the_id_of_its_salt_in_every_other_line(truth, pert_info, wells):
    drugs, cells = truth["drugs"], truth["cells"]["cell_id"].tolist()
    twice = drugs[drugs["second_id"] != ""]
    assert len(twice) == 1
    assert twice["form"].item() == "parent"
    assert twice["active"].item()
    first, second = twice["pert_id"].item(), twice["second_id"].item()
    salt = Chem.MolFromSmiles(pert_info.loc[second, "smiles"])
    parts = Chem.GetMolFrags(salt, asMols=True)
    assert len(parts) == 2
    assert pert_info.loc[first, "inchi_key"] == twice["inchi_key"].item()
    assert set(wells.loc[wells["drug"] == first, "cell"]) == set(cells[::2])
    assert set(wells.loc[wells["drug"] == second, "cell"]) == set(cells[1::2])


def test_only_active_drugs_change_anything_and_all_of_them_do(truth):
    drugs, change = truth["drugs"], truth["log2_change"]
    assert change.shape == (120, 4, GENES)
    moved = np.abs(change).max(axis=(1, 2)) > 0
    assert (moved == drugs["active"]).all()
    assert (drugs["kind"].eq("active") == drugs["active"]).all()


def test_drugs_of_a_mechanism_act_alike_and_in_part_by_line(truth):
    drugs, change = truth["drugs"], truth["log2_change"]
    active = drugs["active"].to_numpy()
    alike = np.corrcoef(change[active, 0])
    mechanism = drugs.loc[active, "mechanism"].to_numpy()
    same = mechanism[:, None] == mechanism
    own = np.eye(len(same), dtype=bool)
    assert np.mean(alike[same & ~own]) > 0.5
    assert np.mean(alike[same & ~own]) < 0.97  # each drug has an effect of its own
    assert abs(np.mean(alike[~same])) < 0.15
    between = np.corrcoef(change[active, 0], change[active, 1])[: active.sum(), active.sum() :]
    assert 0.3 < np.median(np.diag(between)) < 0.95


def test_the_truth_is_what_the_wells_measure(truth, wells, folders):
    """Averaged over plates, what a well differs by from its plate's vehicle is the planted change.

    At 24 hours it is larger; at the low dose, smaller.
    """
    with Gctx(at(folders / "real", "level3")) as matrix:
        values = matrix.read(truth["genes"], wells["well"])
    vehicle = (wells["kind"] == "ctl_vehicle").to_numpy()
    plate = pd.factorize(wells["plate"])[0]
    control = np.stack(
        [values[vehicle & (plate == p)].mean(axis=0) for p in range(plate.max() + 1)]
    )
    difference = values - control[plate]
    number = {name: drug for drug, name in enumerate(truth["drugs"]["pert_id"])}
    drug = wells["drug"].map(number).fillna(-1).astype(int).to_numpy()
    cell = wells["cell"].map(truth["cells"]["cell_id"].tolist().index).to_numpy()

    def slope(dose, hours):
        here = (wells["dose"] == dose) & (wells["time"] == hours) & (drug >= 0)
        planted = truth["log2_change"][drug[here], cell[here]]
        return (planted * difference[here]).sum() / (planted**2).sum()

    assert slope(10, 6) == pytest.approx(1, abs=0.1)
    assert slope(10, 24) > 1.1
    assert slope(0.37, 6) == pytest.approx(0.45, abs=0.1)


def test_vehicle_and_treated_wells_share_the_effects_of_their_plate(truth, wells, folders):
    with Gctx(at(folders / "real", "level3")) as matrix:
        values = matrix.read(truth["genes"], wells["well"])
    silent = wells["drug"].isin(truth["drugs"].loc[~truth["drugs"]["active"], "pert_id"])
    at_six = wells["time"] == 6
    for _, of_line in wells[at_six].groupby("cell"):
        shift = []
        for which in (silent, wells["kind"] == "ctl_vehicle"):
            means = [
                np.median(values[of_plate.index[which[of_plate.index]]], axis=0)
                for _, of_plate in of_line.groupby("plate")
            ]
            shift.append(np.subtract(means[0], means[1]))
        assert np.corrcoef(*shift)[0, 1] > 0.9


def test_annotation_names_mechanisms_of_active_drugs_alone(folders, truth):
    annotation = pd.read_csv(at(folders / "real", "annotation"), sep="\t", keep_default_na=False)
    drugs = truth["drugs"].merge(annotation, on="pert_id")
    known = drugs[drugs["mechanisms"] != ""]
    assert known["active"].all()
    assert 0.5 < len(known) / drugs["active"].sum() < 0.9
    named = known["mechanism"].map(lambda number: f"simulated mechanism {number + 1:02d}")
    assert (known["mechanisms"] == named).all()
    assert (drugs.loc[~drugs["active"], ["atc_codes", "targets"]] == "").all(axis=None)


def test_in_the_null_world_structures_are_exchanged_and_nothing_else(folders, truth, pert_info):
    for kind in RETRIEVAL_FILES:
        one, other = (at(folders / name, kind).read_bytes() for name in ("real", "null"))
        assert (one == other) == (kind not in ("pert_info", "truth"))
    null = hdf5.load(at(folders / "null", "truth"))
    for name in truth.keys() - {"drugs"}:
        assert (
            null[name].equals(truth[name])
            if name in ("cells", "mechanisms")
            else (np.array_equal(null[name], truth[name]))
        )
    drugs, exchanged = truth["drugs"], null["drugs"]
    effects = ["pert_id", "name", "kind", "mechanism", "active", "potency", "absent_from", "form"]
    assert exchanged[effects].equals(drugs[effects])
    giver = exchanged["structure_of"].to_numpy()
    assert sorted(giver) == list(range(len(drugs)))
    assert (giver == np.arange(len(drugs))).mean() < 0.05
    assert (drugs["structure_of"] == np.arange(len(drugs))).all()
    for column in ("smiles", "inchi_key", "first_fragment", "second_fragment"):
        assert (exchanged[column] == drugs[column].to_numpy()[giver]).all()
    for column in ("cliff_of", "twin_of"):
        for holder, of in exchanged.loc[exchanged[column] >= 0, column].items():
            assert giver[of] == drugs.loc[giver[holder], column]
    shown = geo.read_drugs(at(folders / "null", "pert_info")).set_index("drug")
    parents = exchanged[exchanged["form"] == "parent"].set_index("pert_id")
    assert (shown.loc[parents.index, "smiles"] == parents["smiles"]).all()


def test_same_seed_same_bytes_and_another_seed_others(folders, tmp_path):
    write_retrieval_world(tmp_path / "again", **SIZE)
    write_retrieval_world(tmp_path / "other", **{**SIZE, "seed": 6})
    for kind in RETRIEVAL_FILES:
        first = at(folders / "real", kind).read_bytes()
        assert at(tmp_path / "again", kind).read_bytes() == first
        if kind not in ("gene_info", "cell_info"):
            assert at(tmp_path / "other", kind).read_bytes() != first


def test_the_smallest_world_has_two_lines_and_one_is_refused():
    world = simulate_retrieval(seed=0, drugs=20, cells=2, mechanisms=2)
    assert np.isfinite(world.level3).all()
    assert world.wells["cell_id"].nunique() == 2
    with pytest.raises(LacunaError, match="1 cells; expected at least 2"):
        simulate_retrieval(seed=0, cells=1)
