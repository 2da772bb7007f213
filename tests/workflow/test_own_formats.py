"""Plates in other layouts than GCTX reach the tensor, and what a matrix says needs no table."""

import numpy as np
import pandas as pd
import pytest
from project import NO_SPLITS, TINY, Project, overlay

from lacuna.io.convert import convert
from lacuna.io.gctx import Gctx, write_gctx
from lacuna.io.geo import read_genes, read_text_table, read_wells
from lacuna.io.match import match
from lacuna.signatures.series import write_series
from lacuna.signatures.signature_set import SignatureSet
from lacuna.simulation import parameters
from lacuna.simulation.write import simulate
from lacuna.tensor.build import build_tensor
from lacuna.tensor.profiles import ProfileSet

FILTERS = {"max_p_value": 1.0, "unreplicated": "keep"}
FILTERS |= {"min_cells_per_drug": 1, "min_drugs_per_cell": 1, "merge": "best_id"}
SETTINGS = {"gamma": 0.5, "reference": "vehicle", "null_draws": 100, "seed": 2018}


def in_process(folder):
    """The tensor of the whole screen, straight from its GCTX and tables."""
    files = {kind: folder / name for kind, name in parameters.FILES.items()}
    wells, genes = read_wells(files["inst_info"]), read_genes(files["gene_info"])
    made = {
        kind: str(folder / f"{kind}.out")
        for kind in ("signatures", "wells", "left_out", "plates", "baseline")
    }
    with Gctx(files["level3"]) as matrix:
        write_series(matrix, match(matrix, wells, genes, files), "s", made, **SETTINGS)
    return build_tensor(SignatureSet.load(made["signatures"]), **FILTERS)[0]


def split(folder, mirror):
    """Half of the cells as GCT that says all itself; the others as a table, wells in lines."""
    mirror.mkdir()
    files = {kind: folder / name for kind, name in parameters.FILES.items()}
    wells = read_text_table(files["inst_info"], dtype=str).set_index("inst_id")
    about = read_text_table(files["gene_info"], dtype=str).set_index("pr_gene_id")
    first = wells["cell_id"].isin(sorted(set(wells["cell_id"]))[:2])
    with Gctx(files["level3"]) as matrix:
        values = pd.DataFrame(matrix.read(about.index, wells.index), wells.index, about.index)
    own = wells[first].assign(
        pert_idose=wells["pert_dose"] + " " + wells["pert_dose_unit"].replace("um", "µM"),
        pert_itime=wells["pert_time"] + " h",
    )
    own = own.drop(columns=["pert_dose", "pert_dose_unit", "pert_time", "pert_time_unit"]).fillna(
        "-666"
    )
    write_gctx(folder / "half.gctx", values[first].to_numpy(), about, own)
    convert(folder / "half.gctx", mirror / "all in one.gct.gz")
    values[~first].to_csv(mirror / "table.csv")
    for kind, table in {"inst_info": wells[~first], "gene_info": about}.items():
        table.fillna("-666").to_csv(mirror / f"{kind}.txt", sep="\t")


def test_gct_alone_and_a_table_without_pert_info_give_the_same_tensor(tmp_path):
    simulate(tmp_path, generator="clustered", drugs=20, cells=4, mechanisms=4, seed=5)
    expected = in_process(tmp_path)
    split(tmp_path, tmp_path / "mirror")
    series = {
        "gct": {"level3": "all in one.gct.gz"},
        "csv": {
            "level3": "table.csv",
            "inst_info": "inst_info.txt",
            "gene_info": "gene_info.txt",
        },
    }
    own = {
        "dataset": "own",
        "seed": SETTINGS["seed"],
        "acquire": {"source": "files", "mirror": str(tmp_path / "mirror"), "series": series},
        "signatures": {"null_draws": SETTINGS["null_draws"]},
        "tensor": FILTERS,
        "completion": {"methods": ["mean_1d"], "completed": []},
        "evaluation": {"splits": NO_SPLITS, "density": {"percents": []}},
        "classification": {"completed": []},
    }
    project = Project(tmp_path / "project")
    target = "results/own/tensor/large.h5"
    project.run("--cores", "1", target, *project.configure(overlay(TINY, own)))
    found = ProfileSet.load(project.folder / target)
    assert found.drugs.tolist() == expected.drugs.tolist()
    assert found.cells.tolist() == expected.cells.tolist()
    assert found.genes.tolist() == expected.genes.tolist()
    assert found.pairs.tolist() == expected.pairs.tolist()
    np.testing.assert_allclose(found.profiles[:], expected.profiles[:], atol=1e-6)
    results = project.folder / "results/own"
    drugs = pd.read_csv(results / "tensor/drugs.tsv", sep="\t")
    assert drugs["name"].notna().all()  # without any pert_info
    genes = pd.read_csv(results / "tensor/genes.tsv", sep="\t")
    assert genes["symbol"].str.startswith("SIMG").all()
    assert not list((results / "signatures").glob("*/level3.gctx"))


@pytest.mark.parametrize(
    ("fact", "said"),
    [
        ("rna_plate", "mine.gct (series own): no column rna_plate or det_plate"),
        ("", "mine.gct (series own): says nothing of its columns"),
    ],
)
def test_what_a_matrix_does_not_say_is_missed_by_its_own_name(tmp_path, fact, said):
    wells = pd.DataFrame({"pert_id": "a", "rna_plate": "P_X1"}, index=["w1", "w2"])
    about = wells.drop(columns=fact or list(wells))
    write_gctx(tmp_path / "a.gctx", np.ones((2, 3)), pd.DataFrame(index=["1", "2", "3"]), about)
    convert(tmp_path / "a.gctx", tmp_path / "mirror/mine.gct")
    series = {"own": {"level3": "mine.gct"}}
    acquire = {"source": "files", "mirror": str(tmp_path / "mirror"), "series": series}
    project = Project(tmp_path / "project")
    target = "results/own/signatures/own/signatures.h5"
    config = overlay(TINY, {"dataset": "own", "acquire": acquire})
    printed = project.run("--cores", "1", target, *project.configure(config), fails=True)
    assert said in printed
    assert "Traceback" not in printed


def test_series_with_other_genes_are_joined_over_the_common_ones(tmp_path):
    simulate(tmp_path, generator="clustered", drugs=20, cells=4, mechanisms=4, seed=5)
    split(tmp_path, tmp_path / "mirror")
    table = read_text_table(tmp_path / "mirror/gene_info.txt", dtype=str)
    table.loc[:1, "pr_is_lm"] = "0"
    table[::-1].to_csv(tmp_path / "mirror/gene_info.txt", sep="\t", index=False)
    files = {kind: f"{kind}.txt" for kind in ("inst_info", "gene_info")}
    series = {"a": {"level3": "all in one.gct.gz"}, "b": {"level3": "table.csv", **files}}
    own = {
        "dataset": "own",
        "acquire": {"source": "files", "mirror": str(tmp_path / "mirror"), "series": series},
        "tensor": FILTERS,
        "evaluation": {"splits": NO_SPLITS, "density": {"percents": []}},
    }
    project = Project(tmp_path / "project")
    results = project.folder / "results/own"
    target = "results/own/report/pages/filters.html"
    project.run("--cores", "1", target, *project.configure(overlay(TINY, own)))
    genes = pd.read_csv(results / "tensor/genes.tsv", sep="\t", dtype=str)["gene"].tolist()
    assert genes == table["pr_gene_id"].tolist()[2:]  # in the order of the first series
    left_out = pd.read_csv(results / "tensor/genes_left_out.tsv", sep="\t", dtype=str)
    assert left_out["gene"].tolist() == table["pr_gene_id"].tolist()[:2]
    assert set(left_out["series"]) == {"b"}
    tensor = ProfileSet.load(results / "tensor/large.h5")
    np.testing.assert_allclose(np.linalg.norm(tensor.profiles[:], axis=1), 1, atol=1e-6)
    baseline = pd.read_csv(results / "tensor/baseline.tsv", sep="\t")
    assert list(baseline) == ["cell", *genes] and baseline.notna().all(axis=None)
    page = (results / "report/pages/filters.html").read_text()
    assert "Genes that some series lack" in page and "landmark gene" in page
    assert "nan" not in page.split("<script>")[0].casefold()
