"""The world of single cells: files as they are published, and a truth that says what is planted."""

import anndata
import numpy as np
import pandas as pd
import pytest
from rdkit import Chem
from rdkit.rdBase import BlockLogs
from single_cell_world import TINY, write_tiny
from wells import all_match

from lacuna.errors import LacunaError
from lacuna.io import geo, hdf5
from lacuna.io.blocks import SYMBOLS
from lacuna.io.gctx import Gctx
from lacuna.simulation.parameters import (
    GENES,
    SINGLE_CELL_FILES,
    SINGLE_CELL_SERIES,
    SINGLE_CELL_TARGET,
)
from lacuna.simulation.single_cell import DOSES, simulate_single_cell
from lacuna.simulation.write_single_cell import write_single_cell_world
from lacuna.structures.identity import identify

pytestmark = pytest.mark.filterwarnings("ignore:Observation names are not unique")
OBS = ["product_name", "dose", "cell_type", "vehicle", "SMILES", "pathway"]
OBS += ["replicate", "culture_plate"]


def read(files):
    """Read the truth, the cells and their descriptions, each text as it was written."""
    cells = anndata.read_h5ad(files["cells"])
    obs = cells.obs.astype({name: object for name in OBS if name not in ("dose", "vehicle")})
    return hdf5.load(files["truth"]), cells, obs


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return write_tiny(tmp_path_factory)


@pytest.fixture(scope="module")
def null_files(tmp_path_factory):
    return write_tiny(tmp_path_factory, null=True)


@pytest.fixture(scope="module")
def tiny(files):
    return read(files)


def test_the_bulk_screen_is_read_by_the_librarys_readers(files, tiny):
    assert SINGLE_CELL_SERIES == "simulated_single_cell"
    assert all(name.startswith("SIMULATED_single_cell") for name in SINGLE_CELL_FILES.values())
    assert {path.name for path in files["cells"].parent.iterdir()} == {*SINGLE_CELL_FILES.values()}
    wells, genes = geo.read_wells(files["inst_info"]), geo.read_genes(files["gene_info"])
    assert genes["landmark"].sum() == len(genes) == GENES
    with Gctx(files["level3"]) as matrix:
        all_match(matrix, wells, genes)
        values = matrix.read(matrix.rows, matrix.columns)
    assert 2 < values.min() < values.max() <= 15
    drugs = geo.read_drugs(files["pert_info"])
    assert set(wells["drug"]) == set(drugs["drug"])
    cells = geo.read_cells(files["cell_info"])
    assert set(wells["cell"]) == set(cells["cell"]) == set(tiny[1].obs["cell_type"])
    bulk = tiny[0]["drugs"][tiny[0]["drugs"]["in_bulk"]]
    assert len(bulk) == TINY["drugs"]
    assert set(drugs["drug"]) == {*bulk["pert_id"], *bulk["second_id"], "DMSO"} - {""}


def test_every_line_has_every_drug_at_both_doses_in_replicate_plates(files, tiny):
    wells, drugs = geo.read_wells(files["inst_info"]), tiny[0]["drugs"]
    late = wells[(wells["time"] == 24) & (wells["kind"] == "trt_cp")]
    second = dict(zip(drugs["second_id"], drugs["pert_id"], strict=True))
    drug = late["drug"].replace({name: first for name, first in second.items() if name})
    assert (late.groupby([drug, "cell", "dose"]).size() == 2).all()
    assert late.groupby([drug, "cell", "dose"]).ngroups == TINY["drugs"] * 2 * 2
    assert len(set(wells.loc[wells["time"] == 6, "cell"])) == 1
    assert (wells[wells["kind"] == "ctl_vehicle"].groupby("plate").size() == 24).all()


def test_cells_are_laid_out_as_in_sciplex(tiny):
    _, cells, obs = tiny
    assert list(obs) == OBS == [*cells.obs]
    assert set(SINGLE_CELL_TARGET["columns"].values()) <= {*OBS}
    assert cells.X.format == "csr"
    counts = cells.X.data
    assert (counts > 0).all()
    assert (counts == counts.round()).all()
    assert set(obs["dose"]) == {0.0, 100.0, 10000.0}
    vehicle = obs["vehicle"]
    assert vehicle.equals(obs["dose"].eq(0))
    assert vehicle.equals(obs["product_name"].eq(SINGLE_CELL_TARGET["control"]))
    assert (obs.loc[vehicle, "SMILES"] == "").all()
    assert set(obs["replicate"]) == {"rep1", "rep2"}
    assert obs["culture_plate"].nunique() == 4


def test_doses_of_the_published_screen_are_the_default():
    assert [round(1000 * dose) for dose in DOSES] == [10, 100, 1000, 10000]


def test_conditions_have_as_many_cells_as_asked_but_one_of_too_few(tiny):
    obs = tiny[2]
    size = obs.groupby(["vehicle", "cell_type", "product_name", "dose"]).size()
    treated = size.loc[False]
    assert len(treated) == 2 * 17 * 2
    assert sorted(treated) == [3] + [8] * (len(treated) - 1)
    assert treated.idxmin()[2] == 100.0  # the lowest dose
    assert size.loc[True].tolist() == [160, 160]


def test_some_names_of_cells_stand_twice_and_cells_are_in_no_order(tiny):
    obs = tiny[2]
    assert obs.index.duplicated().sum() == 3
    assert obs["product_name"].ne(obs["product_name"].shift()).mean() > 0.8


def test_genes_are_versioned_ids_with_symbols_and_lack_one_landmark(tiny):
    truth, cells, _ = tiny
    assert cells.var_names.str.fullmatch(r"ENSG\d{11}\.\d+").all()
    assert cells.var_names.is_unique
    assert [*cells.var] == ["gene_short_name"]
    assert "gene_short_name" in SYMBOLS
    genes = truth["genes"]
    assert cells.var["gene_short_name"].tolist() == genes["symbol"].tolist()
    landmarks = {f"SIMG{gene:04d}" for gene in range(1, GENES + 1)}
    shared = landmarks & {*genes["symbol"]}
    assert len(shared) == 977 == genes["landmark"].sum()
    assert len(genes) == 977 + TINY["other_genes"]
    assert not genes["landmark"][:977].all()  # by position, they are not the landmarks


def test_cells_get_drugs_of_all_mechanisms_and_a_few_that_bulk_has_not(tiny):
    drugs, products = tiny[0]["drugs"], tiny[0]["products"]
    both = drugs[drugs["in_bulk"] & drugs["in_cells"]]
    assert len(both) == TINY["drugs_in_cells"]
    acting = drugs[drugs["in_bulk"] & drugs["active"]]
    assert set(both.loc[both["active"], "mechanism"]) == set(acting["mechanism"])
    assert both["active"].mean() == pytest.approx(len(acting) / TINY["drugs"], abs=0.04)
    assert (drugs["in_cells"] & ~drugs["in_bulk"]).sum() == TINY["only_in_cells"]
    assert set(products["drug"]) == set(np.flatnonzero(drugs["in_cells"]))
    assert len(products) == drugs["in_cells"].sum() + 1


def test_pathways_name_mechanisms_of_active_drugs(tiny):
    truth, _, obs = tiny
    products = truth["products"]
    drugs = truth["drugs"].iloc[products["drug"]].reset_index(drop=True)
    expected = [
        f"simulated mechanism {mechanism + 1:02d}" if active else "none"
        for mechanism, active in zip(drugs["mechanism"], drugs["active"], strict=True)
    ]
    assert products["pathway"].tolist() == expected
    shown = obs.groupby("product_name")["pathway"].agg(set)
    for name, pathway in zip(products["product_name"], expected, strict=True):
        assert shown[name] == {pathway}
    assert shown["Vehicle"] == {"Vehicle"}


def test_names_are_as_odd_as_those_of_vendors():
    world = simulate_single_cell(**TINY | {"drugs_in_cells": 30, "cells_per_condition": 1})
    names = world.products["product_name"]
    assert names.is_unique
    for oddity in ("/", "_", "(+)-", ", ", "HCl", " Mesylate"):
        assert names.str.contains(oddity, regex=False).any()
    assert names.str.endswith(" ").any()


def test_structures_are_written_in_all_forms_and_say_the_drug(tiny):
    truth, _, obs = tiny
    products, drugs = truth["products"], truth["drugs"]
    shown = obs.groupby("product_name")["SMILES"].agg(set)
    assert [shown[name] for name in products["product_name"]] == [{s} for s in products["smiles"]]
    form = products["form"]
    assert form.value_counts().to_dict() == {"tail": 8, "parent": 4, "salt": 4, "unreadable": 1}
    tail = products["smiles"].str.contains(r" \|(?:r,)?c:\d[\d,]*(?:,t:\d[\d,]*)?\|$")
    assert tail.equals(form.eq("tail"))
    with BlockLogs():
        readable = products["smiles"].map(Chem.MolFromSmiles).notna()
    assert readable.equals(form.ne("unreadable"))
    assert not drugs["in_bulk"].iloc[products.loc[~readable, "drug"]].any()
    assert products.loc[form == "salt", "smiles"].str.contains(".", regex=False).all()
    keys = identify(products["smiles"][readable], progress=False)["inchi_key"]
    assert (keys == drugs["inchi_key"].to_numpy()[products.loc[readable, "drug"]]).all()
    plain = identify(products["smiles"][readable].str.split(" ").str[0], progress=False)
    assert (plain["inchi_key"] == keys).all()  # whether a reader knows of tails or cuts them off


def test_two_products_are_one_drug(tiny):
    products = tiny[0]["products"]
    twice = products[products["drug"].duplicated(keep=False)]
    assert len(twice) == 2
    assert twice["product_name"].nunique() == twice["smiles"].nunique() == 2
    assert len(set(identify(twice["smiles"], progress=False)["block"])) == 1
    change = tiny[0]["log2_fold_change"][:, twice.index]
    assert np.array_equal(change[:, 0], change[:, 1])
    assert np.abs(change).max() > 0


def test_structures_that_cannot_be_read_are_of_drugs_that_only_bulk_has(files, tiny):
    drugs, shown = tiny[0]["drugs"], geo.read_drugs(files["pert_info"]).set_index("drug")
    odd = drugs[drugs["form"].eq("unreadable") | drugs["second_id"].ne("")]
    assert len(odd) == 4
    assert (odd["in_bulk"] & ~odd["in_cells"]).all()
    bulk = drugs[drugs["in_bulk"] & drugs["form"].ne("unreadable")]
    keys = identify(shown.loc[bulk["pert_id"], "smiles"], progress=False)["inchi_key"]
    assert keys.tolist() == bulk["inchi_key"].tolist()


def test_in_the_null_world_structures_are_exchanged_and_nothing_else(files, null_files, tiny):
    for kind in SINGLE_CELL_FILES:
        same = files[kind].read_bytes() == null_files[kind].read_bytes()
        assert same == (kind not in ("pert_info", "cells", "truth"))
    truth, cells, obs = tiny
    null, null_cells, null_obs = read(null_files)
    assert (cells.X != null_cells.X).nnz == 0
    assert cells.var.equals(null_cells.var)
    assert obs.drop(columns="SMILES").equals(null_obs.drop(columns="SMILES"))
    exchanged = {"smiles", "inchi_key", "first_fragment", "second_fragment"}
    exchanged |= {"cliff_of", "twin_of", "structure_of", "written"}
    for name in truth:
        kept = [column for column in getattr(truth[name], "columns", []) if column not in exchanged]
        if kept:
            assert truth[name][kept].equals(null[name][kept])
        else:
            np.testing.assert_array_equal(truth[name], null[name])
    drugs, products = null["drugs"], null["products"]
    giver = drugs["structure_of"].to_numpy()
    assert sorted(giver) == list(range(len(drugs)))
    assert (giver == np.arange(len(drugs))).mean() < 0.15
    assert (drugs["inchi_key"] == truth["drugs"]["inchi_key"].to_numpy()[giver]).all()
    # Bulk and cells agree on the structure of a drug there, too.
    readable = products[products["form"] != "unreadable"]
    keys = identify(readable["smiles"], progress=False)["inchi_key"]
    assert (keys == drugs["inchi_key"].to_numpy()[readable["drug"]]).all()


def test_same_seed_same_bytes_and_another_seed_others(files, tmp_path):
    write_single_cell_world(tmp_path / "again", **TINY)
    write_single_cell_world(tmp_path / "other", **{**TINY, "seed": 4})
    for kind, name in SINGLE_CELL_FILES.items():
        first = files[kind].read_bytes()
        assert (tmp_path / "again" / name).read_bytes() == first
        if kind not in ("gene_info", "cell_info"):
            assert (tmp_path / "other" / name).read_bytes() != first


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"drugs_in_cells": 37}, "37 drugs in cells of 40 in bulk; expected at most 36"),
        (
            {"drugs_in_cells": 6},
            "6 drugs in cells, of which 3 are active",
        ),
        ({"drugs": 10, "drugs_in_cells": 5}, "12 drugs; expected at least 20"),
    ],
)
def test_a_world_that_is_too_small_is_refused(changes, said):
    with pytest.raises(LacunaError, match=said):
        simulate_single_cell(**TINY | changes)


def test_a_world_without_drugs_that_only_cells_have():
    world = simulate_single_cell(**TINY | {"only_in_cells": 0, "cells": 1})
    assert (world.products["form"] != "unreadable").all()
    assert pd.unique(world.cells["line"]).tolist() == [0]
