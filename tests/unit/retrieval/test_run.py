"""The cut of a whole screen: what is written, and what of a user's mistakes is said."""

import anndata
import h5py
import numpy as np
import pandas as pd
import pytest
from retrieval_world import LINES, cut, screen_of
from wells import inst_info, write_text

from lacuna.errors import LacunaError
from lacuna.io import hdf5
from lacuna.io.gctx import write_gctx
from lacuna.io.tsv import read_table, write_table
from lacuna.retrieval.data import REFERENCE, read_fold
from lacuna.retrieval.run import read_tables
from lacuna.retrieval.split import ROLES, TEST
from lacuna.simulation.parameters import RETRIEVAL_FILES


@pytest.fixture(scope="module")
def truth(world):
    return hdf5.load(world / RETRIEVAL_FILES["truth"])


def test_wells_and_their_controls_stand_side_by_side(stage, world):
    treated, control = (anndata.read_h5ad(stage.files[name]) for name in ("treated", "control"))
    assert treated.obs_names.equals(control.obs_names)
    assert treated.n_vars == 978
    info = pd.read_csv(world / RETRIEVAL_FILES["inst_info"], sep="\t").set_index("inst_id")
    here = info.loc[treated.obs_names]
    assert (here["pert_time"] == 6).all() and np.isclose(here["pert_dose"], 10).all()
    assert set(here["pert_type"]) == {"trt_cp"}
    plate = info["rna_plate"] == here["rna_plate"].iloc[0]
    vehicles = info.index[plate & (info["pert_type"] == "ctl_vehicle")]
    with h5py.File(world / RETRIEVAL_FILES["level3"]) as file:
        ids = file["0/META/COL/id"].asstr()[:]
        values = file["0/DATA/0/matrix"][:]
    rows = values[np.isin(ids, vehicles)]
    assert np.allclose(control.X[0], rows.mean(axis=0), atol=1e-4)
    centred = anndata.read_h5ad(stage.files["centred"])
    others = info.index[plate & (info["pert_type"] == "trt_cp")]  # of any dose and time
    expected = treated.X[0] - values[np.isin(ids, others)].mean(axis=0)
    assert np.allclose(centred.X[0], expected, atol=1e-4)


def test_molecules_are_the_structures_that_were_planted(stage, truth):
    molecules = read_table(stage.files["molecules"])
    assert set(molecules["drug"]) <= set(truth["drugs"]["inchi_key"])
    assert molecules["drug"].is_unique
    several = molecules["pert_ids"].str.contains("|", regex=False)
    assert several.sum() == 1  # the drug that goes by two ids
    left_out = read_table(stage.files["left_out"])
    assert set(left_out["said"]) and left_out["drug"].is_unique


def test_the_account_falls_and_ends_with_the_roles(stage):
    account = read_table(stage.files["account"])
    steps = account[~account["step"].str.startswith("fold")]
    assert steps["wells"].is_monotonic_decreasing
    assert account["step"].tolist()[-3:] == [f"fold 0, {role}" for role in ROLES]
    roles = read_table(stage.files["roles"]).set_index("drug")["fold_0"]
    blocks = read_table(stage.files["molecules"]).set_index("drug")["block"]
    assert roles.groupby(blocks).nunique().max() == 1  # no stereo twin across the split


def test_a_fold_holds_what_its_roles_say_and_scales_by_training_wells_alone(stage):
    fold = read_fold(stage.cut, 0, LINES, ["treated", "difference"])
    roles = read_table(stage.files["roles"]).set_index("drug")["fold_0"]
    for role in ROLES:
        side = fold.sides[role]
        assert set(side.wells["cell"]) == set(LINES[role])
        assert set(roles[side.wells["drug"]]) == {role}
        assert (side.molecules.index[side.molecule] == side.wells["drug"]).all()
    reference = fold.sides[REFERENCE]
    assert set(reference.wells["cell"]) == set(LINES["training"])
    assert set(roles[reference.wells["drug"]]) == {TEST}
    training = fold.sides["training"]
    both = np.concatenate([training.treated, training.control]).astype(float)
    assert np.allclose(fold.features.centre[0], both.mean(axis=0), atol=1e-4)
    assert abs(fold.profiles("training")[:, :978].mean()) < 0.5
    scale = fold.features.scale[0]
    assert np.allclose(scale, both.std(axis=0), rtol=1e-3)


def test_controls_that_are_drawn_are_wells_and_the_same_each_time(world, tmp_path):
    made = [cut(tmp_path / name, [screen_of(world)], controls="drawn")["control"] for name in "ab"]
    one, two = (anndata.read_h5ad(path).X for path in made)
    assert np.array_equal(one, two)
    with h5py.File(world / RETRIEVAL_FILES["level3"]) as file:
        values = {row.tobytes() for row in file["0/DATA/0/matrix"][:].astype("f4")}
    assert all(row.tobytes() in values for row in one[:20])


def altered(world, tmp_path, kind, change):
    """The screen with one table changed."""
    screen = screen_of(world)
    table = pd.read_csv(screen[kind], sep="\t", dtype=str, keep_default_na=False)
    write_table(change(table), tmp_path / "altered.txt.gz")
    return screen | {kind: str(tmp_path / "altered.txt.gz")}


@pytest.mark.fault("a line that the screen lacks", "named, with those that it has")
def test_a_line_that_is_not_there_is_named(world, tmp_path):
    lines = LINES | {"test": ["NOWHERE"]}
    with pytest.raises(LacunaError, match=r"no well is of 'NOWHERE'; the screen has 'SIMBRE1'"):
        cut(tmp_path / "cut", [screen_of(world)], lines=lines)


@pytest.mark.fault("structures of which none can be read", "the filter that leaves nothing is said")
def test_structures_that_cannot_be_read_are_counted(world, tmp_path):
    screen = altered(world, tmp_path, "pert_info", lambda t: t.assign(canonical_smiles="C1CC"))
    with pytest.raises(LacunaError, match="of a structure that can be read"):
        cut(tmp_path / "cut", [screen])


@pytest.mark.fault("plates without control wells", "named as what is missing")
def test_plates_without_controls_are_refused(world, tmp_path):
    screen = altered(
        world,
        tmp_path,
        "wells",
        lambda t: t.assign(pert_type=t["pert_type"].replace("ctl_vehicle", "trt_poscon")),
    )
    with pytest.raises(LacunaError, match="on plates with controls"):
        cut(tmp_path / "cut", [screen])


@pytest.mark.fault("one well in two series", "named")
def test_a_well_of_two_series_is_refused(world, tmp_path):
    with pytest.raises(LacunaError, match="stands in more than one series"):
        cut(tmp_path / "cut", [screen_of(world), screen_of(world) | {"series": "again"}])


def test_a_drug_by_another_id_is_on_one_side_of_the_split(stage):
    molecules = read_table(stage.files["molecules"]).set_index("drug")
    double = molecules.index[molecules["pert_ids"].str.contains("|", regex=False)][0]
    wells = anndata.read_h5ad(stage.files["treated"]).obs
    assert wells.loc[wells["drug"] == double, "pert_id"].nunique() == 2
    assert (read_table(stage.files["roles"])["drug"] == double).sum() == 1


def test_the_time_of_the_papers_text_is_cut_as_well(world, tmp_path):
    info = pd.read_csv(world / RETRIEVAL_FILES["inst_info"], sep="\t")
    late = info.loc[info["pert_time"] == 24, "cell_id"].unique()[0]
    lines = {role: [late] for role in LINES}
    made = cut(tmp_path / "cut", [screen_of(world)], lines=lines, time=24)
    chosen = info.set_index("inst_id").loc[anndata.read_h5ad(made["treated"]).obs_names]
    assert (chosen["pert_time"] == 24).all() and len(chosen) > 50


def test_lines_on_one_plate_have_controls_of_their_own(world, tmp_path):
    info = pd.read_csv(screen_of(world)["wells"], sep="\t")
    plates = [info.loc[info["cell_id"] == line[0], "rna_plate"].iloc[0] for line in LINES.values()]
    screen = altered(
        world,
        tmp_path,
        "wells",
        lambda t: t.assign(rna_plate=t["rna_plate"].replace(plates, "one")),
    )
    made = cut(tmp_path / "cut", [screen])
    control = anndata.read_h5ad(made["control"])
    on_it = control.obs["plate"].str.startswith("one").to_numpy()
    by_line = pd.DataFrame(control.X[on_it]).groupby(control.obs["cell"][on_it].to_numpy())
    assert by_line.nunique().to_numpy().max() == 1 and by_line.ngroups > 1
    assert by_line.mean().std().max() > 0.5


def test_wells_without_a_column_are_left_out(world, tmp_path):
    def fail(table):
        others = table[table["pert_type"] == "trt_cp"].iloc[:3]
        return pd.concat([table, others.assign(inst_id=["x", "y", "z"])])

    screen = altered(world, tmp_path, "wells", fail)
    wells, _ = read_tables([screen])
    assert list(wells["well"]) == list(read_tables([screen_of(world)])[0]["well"])


def test_the_first_series_with_a_structure_says_it(tmp_path):
    screens = []
    for name, smiles in (("a", "restricted"), ("b", "CCO"), ("c", "CCN")):
        drugs = {"pert_id": ["d"], "canonical_smiles": [smiles], "inchi_key": ["X"]}
        write_table(pd.DataFrame(drugs), tmp_path / f"{name}_pert.txt")
        changes = {"inst_id": f"{name}:1", "pert_id": "d"}
        write_text(inst_info(changes), tmp_path / f"{name}_inst.txt")
        index = pd.DataFrame(index=[f"{name}:1"])
        write_gctx(tmp_path / f"{name}.gctx", np.ones((1, 1)), pd.DataFrame(index=["1"]), index)
        files = {"wells": tmp_path / f"{name}_inst.txt", "pert_info": tmp_path / f"{name}_pert.txt"}
        files["matrix"] = tmp_path / f"{name}.gctx"
        screens.append({"series": name, "level": "level3", **files})
    assert read_tables(screens)[1].loc["d", "smiles"] == "CCO"
