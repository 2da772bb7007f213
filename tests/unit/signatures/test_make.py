"""Signatures from wells: which wells make them, and what is known of each."""

import numpy as np
import pandas as pd
import pytest
from wells import (
    ODD_NAMES,
    all_match,
    all_signatures,
    inst_info,
    join,
    noise,
    plain_direction,
    plate,
    signatures_of,
    write_matrix,
    write_text,
)

from lacuna.errors import LacunaError
from lacuna.io.gctx import Gctx
from lacuna.io.geo import read_genes, read_wells, unpack
from lacuna.signatures.consistency import average_cosine_distance
from lacuna.signatures.make import EXPERIMENT, count_wells, read_batches, sort_wells
from lacuna.signatures.signature_set import (
    HAS_P_VALUE,
    NO_REPLICATES,
    SHARED_LINE,
    SignatureSet,
)
from lacuna.tensor.build import build_tensor
from lacuna.tensor.profiles import ProfileSet

MINI = "lincs-mini/MINI_Broad_LINCS_"
NO_FILTER = {
    "max_p_value": 1,
    "unreplicated": "keep",
    "min_cells_per_drug": 1,
    "min_drugs_per_cell": 1,
}


@pytest.fixture
def wells():
    """Two batches: three plates alike, and one plate with a drug twice."""
    return join(
        *(plate(f"A_X{replicate}", list("abcdefgh")) for replicate in (1, 2, 3)),
        plate("B_X1", ["a", "b", "c", "c"], cell="PC3", vehicles=6),
    )


# What becomes of each well


def test_every_well_is_counted_once():
    wells = join(
        plate("A_X1", ["a", "b", "c"]),
        plate("A_X2", ["a", "b"], vehicles=2),
        plate("B_X1", ["a", "b"], vehicles=1),
        plate("C_X1", ["a"], vehicles=0),
    )
    wells.loc[wells["drug"] == "c", "kind"] = "trt_poscon"
    counts = count_wells(wells)
    assert counts["wells"].sum() == len(wells)
    assert counts.set_index("use").to_dict("index") == {
        "compound": {"wells": 4, "plates": 2},
        "vehicle": {"wells": 6, "plates": 2},
        "left out: neither compound nor vehicle": {"wells": 1, "plates": 1},
        "left out: plate with fewer than 2 vehicle wells": {"wells": 4, "plates": 2},
    }


def test_uses_are_said_well_by_well():
    wells = plate("A_X1", ["a", "b"], vehicles=2).iloc[::-1]
    assert list(sort_wells(wells)) == ["compound", "compound", "vehicle", "vehicle"]


def test_a_dose_in_an_unknown_unit_makes_no_signature_but_is_counted():
    """1 and 10 in a unit that is not understood are no replicates of each other."""
    wells = plate("A_X1", ["a", "b"])
    wells["unknown_dose"] = wells["drug"].map({"b": "10 mg"})
    counted = count_wells(wells).set_index("use")["wells"]
    assert counted["left out: dose in an unknown unit"] == 1
    assert counted["compound"] == 1


def test_plates_without_vehicle_make_no_signature(tmp_path):
    wells = join(plate("A_X1", ["a"]), plate("B_X1", ["b"], vehicles=1), plate("C_X1", ["c"]))
    table = signatures_of(tmp_path, wells).table
    assert list(table["drug"]) == ["a", "c"]


@pytest.mark.parametrize("kind", ["ctl_vehicle", "trt_poscon", "ctl_untrt", "trt_sh", "trt_oe"])
def test_other_wells_make_no_signature(tmp_path, kind):
    wells = plate("A_X1", ["a", "b"])
    wells.loc[wells["drug"] == "b", "kind"] = kind
    assert list(signatures_of(tmp_path, wells).table["drug"]) == ["a"]


@pytest.mark.parametrize(
    "wells",
    [plate("A_X1", []), plate("A_X1", ["a"], vehicles=1), plate("A_X1", ["a"]).iloc[:0]],
    ids=["vehicle only", "too few vehicle wells", "no wells"],
)
def test_without_any_usable_compound_well_nothing_can_be_made(tmp_path, wells):
    write_matrix(tmp_path / "level3.gctx", plate("A_X1", ["a"]), np.ones((5, 3)))
    with (
        Gctx(tmp_path / "level3.gctx") as matrix,
        pytest.raises(LacunaError, match=r"level3\.gctx: no compound well"),
    ):
        all_signatures(
            matrix, wells, matrix.rows, gamma=0.5, reference="vehicle", null_draws=10, seed=1
        )


def test_why_no_well_is_left_is_said_in_numbers(tmp_path):
    wells = plate("A_X1", ["a", "b", "c", "d"], vehicles=2)
    wells["unknown_dose"] = wells["drug"].map({"a": "10 mg/mL", "b": "3,33 um", "c": "10 mg/mL"})
    wells.loc[wells["drug"] == "d", "kind"] = "compound"
    write_matrix(tmp_path / "level3.gctx", wells, np.ones((6, 3)))
    with Gctx(tmp_path / "level3.gctx") as matrix, pytest.raises(LacunaError) as raised:
        list(read_batches(matrix, wells, matrix.rows))
    said = str(raised.value)
    assert "Of 6 wells: 3 left out: dose in an unknown unit, 2 vehicle, 1 left out: neither" in said
    assert "'10 mg/mL' (2), '3,33 um' (1); expected a number in nM, uM, mM or pM." in said
    assert "pert_type is" not in said
    wells["kind"] = wells["kind"].replace({"trt_cp": "compound"})
    with Gctx(tmp_path / "level3.gctx") as matrix, pytest.raises(LacunaError) as raised:
        list(read_batches(matrix, wells, matrix.rows))
    assert "pert_type is 'compound' (4), 'ctl_vehicle' (2)." in str(raised.value)


def test_a_value_that_is_no_number_is_named_with_its_well(tmp_path, wells):
    expression = noise(wells)
    bad = wells.index[wells["well"] == "A_X2:7"].item()
    expression[bad, 5] = np.nan
    with pytest.raises(LacunaError, match=r"level3\.gctx: column 'A_X2:7', row '1005' is nan"):
        signatures_of(tmp_path, wells, expression)


# Experiments


def test_an_experiment_is_a_drug_cell_dose_time_and_batch(tmp_path):
    base = {"cell": "A375", "dose": 10.0, "time": 6.0}
    plates = [plate("A_X1", ["a", "b"], **base), plate("A_X2", ["a", "b"], **base)]
    for number, change in enumerate([{"cell": "PC3"}, {"dose": 1.0}, {"time": 24.0}, {}]):
        plates.append(plate(f"A_X{3 + number}", ["a"], **base | change))
    plates[-1]["batch"] = "another"
    table = signatures_of(tmp_path, join(*plates)).table
    found = table[table["drug"] == "a"].set_index([*EXPERIMENT[1:5]])["replicates"].to_dict()
    assert found == {
        ("A375", 10.0, 6.0, "A"): 2,
        ("PC3", 10.0, 6.0, "A"): 1,
        ("A375", 1.0, 6.0, "A"): 1,
        ("A375", 10.0, 24.0, "A"): 1,
        ("A375", 10.0, 6.0, "another"): 1,
    }
    assert not table.duplicated(EXPERIMENT).any()


def test_missing_doses_and_times_are_a_value_of_their_own(tmp_path):
    wells = join(plate("A_X1", ["a", "b", "c"]), plate("A_X2", ["a", "b", "c"]))
    wells.loc[wells["drug"] == "b", "dose"] = np.nan
    wells.loc[wells["well"] == "A_X2:6", ["dose", "time"]] = np.nan  # the second well of c
    table = signatures_of(tmp_path, wells).table
    assert table["drug"].tolist() == ["a", "b", "c", "c"]
    assert table["replicates"].tolist() == [2, 2, 1, 1]
    assert table["dose"].isna().tolist() == [False, True, False, True]


def test_signatures_are_the_means_of_directions_scaled_to_unit_length(tmp_path, wells):
    expression = noise(wells)
    found = signatures_of(tmp_path, wells, expression, gamma=0.3)
    assert len(found.table) == 8 + 3
    for profile, row in zip(found.profiles, found.table.itertuples(), strict=True):
        directions = []
        for well in wells.itertuples():
            same = (well.drug, well.cell, well.batch) == (row.drug, row.cell, row.batch)
            if same and well.kind == "trt_cp":
                vehicle = (wells["plate"] == well.plate) & (wells["kind"] == "ctl_vehicle")
                treated = expression[well.Index]
                directions.append(plain_direction(treated, expression[vehicle], 0.3))
        assert row.replicates == len(directions)
        mean = np.mean(directions, axis=0)
        np.testing.assert_allclose(profile, mean / np.linalg.norm(mean), atol=1e-5)
        if len(directions) > 1:
            assert row.acd == pytest.approx(average_cosine_distance(np.array(directions)), abs=1e-5)


def test_profiles_have_unit_length_and_the_genes_asked_for(tmp_path, wells):
    write_matrix(tmp_path / "level3.gctx", wells, noise(wells))
    genes = ["1007", "1002", "1011"]
    with Gctx(tmp_path / "level3.gctx") as matrix:
        found = all_signatures(
            matrix, wells, genes, gamma=0.5, reference="vehicle", null_draws=10, seed=1
        )
    assert found.genes.tolist() == genes
    assert found.profiles.shape == (len(found.table), 3)
    assert found.profiles.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(found.profiles, axis=1), 1, atol=1e-6)


def test_what_is_not_replicated_has_no_acd_and_no_p_value(tmp_path, wells):
    table = signatures_of(tmp_path, wells).table
    alone = table["replicates"] == 1
    assert table.loc[alone, "drug"].tolist() == ["a", "b"]
    assert table.loc[alone, ["acd", "p_value"]].isna().all(axis=None)
    assert table.loc[alone, "no_p_value"].eq(NO_REPLICATES).all()
    assert table.loc[~alone, "acd"].between(0, 2).all()
    of_three = table["replicates"] == 3
    assert table.loc[of_three, "p_value"].between(0, 1, inclusive="right").all()
    assert table.loc[of_three, "no_p_value"].eq(HAS_P_VALUE).all()
    [why] = table.loc[~alone & ~of_three, "no_p_value"]  # two of the four wells of a plate
    assert why == SHARED_LINE


# The same again


def assert_same(first, second):
    keys = [pd.MultiIndex.from_frame(each.table[EXPERIMENT]) for each in (first, second)]
    order = keys[1].get_indexer(keys[0])
    again = second.table.iloc[order].reset_index(drop=True)
    pd.testing.assert_frame_equal(first.table, again, rtol=1e-5)
    np.testing.assert_allclose(first.profiles, second.profiles[order], atol=1e-6)


def test_the_same_seed_gives_the_same(tmp_path, wells):
    first, again, other = (signatures_of(tmp_path, wells, seed=seed) for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(first.table, again.table)
    np.testing.assert_array_equal(first.profiles, again.profiles)
    np.testing.assert_array_equal(first.profiles, other.profiles)
    assert (first.table["p_value"] != other.table["p_value"]).sum() > 2  # NaNs are two


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_inst_info_does_not_matter(tmp_path, wells, seed):
    write_matrix(tmp_path / "level3.gctx", wells, noise(wells))
    settings = {"gamma": 0.5, "reference": "vehicle", "null_draws": 500, "seed": 1}
    shuffled = wells.sample(frac=1, random_state=seed)
    with Gctx(tmp_path / "level3.gctx") as matrix:
        first = all_signatures(matrix, wells, matrix.rows, **settings)
        again = all_signatures(matrix, shuffled, matrix.rows, **settings)
    assert_same(first, again)


@pytest.mark.parametrize("batch", ["A", "B"])
def test_a_batch_does_not_depend_on_other_batches(tmp_path, wells, batch):
    both = signatures_of(tmp_path, wells).table
    of_batch = wells["batch"] == batch
    alone = signatures_of(tmp_path, wells[of_batch], noise(wells)[of_batch]).table
    pd.testing.assert_frame_equal(alone, both[both["batch"] == batch].reset_index(drop=True))


def test_progress_sees_every_batch(tmp_path, wells):
    seen = []
    signatures_of(tmp_path, wells, progress=lambda batches: seen.extend(batches) or batches)
    assert [name for name, _ in seen] == ["A", "B"]


# The whole way


def test_odd_names_survive_the_whole_way(tmp_path):
    """From the text files of GEO to the tensor's own file."""
    rows = []
    for cell in ODD_NAMES:
        for replicate in (1, 2):
            of_plate = {
                "rna_plate": f"P 'µ'/{cell}_6H_X{replicate}_B1",
                "cell_id": cell,
                "pert_dose_unit": "µM",
            }
            vehicle = {"pert_type": "ctl_vehicle", "pert_id": "DMSO", "pert_iname": "DMSO"}
            rows += [of_plate | vehicle] * 3
            rows += [of_plate | {"pert_id": drug, "pert_iname": drug} for drug in ODD_NAMES]
    table = inst_info(*rows)
    table["inst_id"] = table["rna_plate"] + ":" + table["inst_id"]
    wells = read_wells(write_text(table, tmp_path / "inst_info.txt"))
    expression = noise(wells)
    genes = write_matrix(tmp_path / "level3.gctx", wells, expression)
    info = pd.DataFrame({"pr_gene_id": genes, "pr_gene_symbol": genes, "pr_is_lm": "1"})
    landmarks = read_genes(write_text(info, tmp_path / "gene_info.txt"))
    with Gctx(tmp_path / "level3.gctx") as matrix:
        all_match(matrix, wells, landmarks)
        made = all_signatures(
            matrix, wells, landmarks["gene"], gamma=0.5, reference="vehicle", null_draws=100, seed=1
        )
    SignatureSet.save(tmp_path / "signatures.h5", [made])
    joined = SignatureSet.concatenate([SignatureSet.load(tmp_path / "signatures.h5")])
    assert joined.table["replicates"].tolist() == [2] * len(ODD_NAMES) ** 2
    assert joined.table["dose"].tolist() == [10.0] * len(ODD_NAMES) ** 2
    build_tensor(joined, **NO_FILTER)[0].save(tmp_path / "tensor.h5")
    tensor = ProfileSet.load(tmp_path / "tensor.h5")
    assert sorted(tensor.drugs) == sorted(tensor.cells) == sorted(ODD_NAMES)
    assert tensor.measured.all()
    row = made.table[(made.table["drug"] == "a/b") & (made.table["cell"] == '"quoted"')].index
    place = [[list(tensor.drugs).index("a/b"), list(tensor.cells).index('"quoted"')]]
    at = tensor.find(np.array(place))
    np.testing.assert_allclose(tensor.profiles[at], made.profiles[row], atol=1e-6)


def test_real_replicates_agree_more_than_chance(shared_data, tmp_path):
    wells = read_wells(shared_data / f"{MINI}inst_info.txt.gz")
    genes = read_genes(shared_data / f"{MINI}gene_info.txt.gz")
    unpack(shared_data / f"{MINI}Level3_INF_mlr12k_n1429x978.gctx.gz", tmp_path / "level3.gctx")
    counts = count_wells(wells).set_index("use")["wells"].to_dict()
    assert counts == {
        "compound": 355 + 329 + 332 + 328,
        "vehicle": 16 + 9 + 11 + 26,
        "left out: neither compound nor vehicle": 23,
    }
    with Gctx(tmp_path / "level3.gctx") as matrix:
        landmarks = genes.loc[genes["landmark"], "gene"]
        made = all_signatures(
            matrix, wells, landmarks, gamma=0.5, reference="vehicle", null_draws=2000, seed=1
        )
    table = made.table
    assert table["replicates"].sum() == counts["compound"]
    assert made.profiles.shape == (len(table), 978)
    of_two_plates = table["batch"] == "CPC006_HT115_6H"
    replicated = of_two_plates & (table["replicates"] > 1)
    assert replicated.sum() > 300
    assert table.loc[replicated, "p_value"].notna().all()
    # By chance a tenth would be as near as this.
    assert (table.loc[replicated, "p_value"] <= 0.1).mean() > 0.4
    # They stop transcription, translation or the proteasome, in any cell.
    strong = ["vorinostat", "emetine", "narciclasine", "ixazomib"]
    found = table[replicated & table["name"].isin(strong)]
    best = found.groupby("name")["p_value"].min()
    assert set(best.index) == set(strong)
    assert (best < 0.01).all()
