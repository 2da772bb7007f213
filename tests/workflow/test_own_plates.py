"""Plates from files: a mirror, odd names, plates without vehicles, and what is wrong with input."""

import gzip
import hashlib
import shutil

import numpy as np
import pandas as pd
import pytest
from project import NO_SPLITS, PARTS, TINY, Project, overlay

from lacuna.io.gctx import Gctx, write_gctx
from lacuna.signatures.signature_set import SignatureSet
from lacuna.simulation import parameters
from lacuna.simulation.write import simulate

ODD_CELL = "../../A/549 'x\" `touch harm`; $(touch harm)"
ODD_DRUG = "=ß-drug $\\foo$ {x} %s </script><script>alert(1)</script>"
ODD_FILE = "_inst_info é (copy 1) @a+b.txt"
KINDS = ("level3", "inst_info", "pert_info", "gene_info", "cell_info")


@pytest.fixture(scope="module")
def plates(tmp_path_factory):
    """A folder with a small screen that has odd names and a plate without vehicle wells."""
    folder = tmp_path_factory.mktemp("plates")
    simulate(folder, generator="clustered", drugs=40, cells=4, mechanisms=5, seed=3)
    wells = read(folder, "inst_info")
    first_cell, first_drug = (
        wells["cell_id"][0],
        wells.loc[wells["pert_type"] == "trt_cp", "pert_iname"].iloc[0],
    )
    wells["cell_id"] = wells["cell_id"].replace(first_cell, ODD_CELL)
    wells["pert_iname"] = wells["pert_iname"].replace(first_drug, ODD_DRUG)
    plate = wells["rna_plate"].iloc[-1]
    lost = (wells["rna_plate"] == plate) & (wells["pert_type"] == "ctl_vehicle")
    wells.loc[lost, "pert_type"] = "ctl_untrt"
    write(folder, "inst_info", wells)
    level3 = folder / parameters.FILES["level3"]
    with level3.open("rb") as plain, gzip.open(f"{level3}.gz", "wb", compresslevel=1) as packed:
        shutil.copyfileobj(plain, packed)
    return folder


@pytest.fixture
def mirror(plates, tmp_path):
    return shutil.copytree(plates, tmp_path / "mirror")


def read(folder, kind):
    return pd.read_csv(
        folder / parameters.FILES[kind], sep="\t", dtype=str, keep_default_na=False, quoting=3
    )


def write(folder, kind, table):
    table.to_csv(folder / parameters.FILES[kind], sep="\t", index=False, quoting=3)


def from_files(mirror, **changes):
    own = {
        "dataset": "own",
        "acquire": {
            "source": "files",
            "mirror": str(mirror),
            "series": {"own": dict(parameters.FILES)},
            "annotations": {"table": parameters.ANNOTATION},
        },
        "completion": {"methods": ["dnpp"], "completed": ["dnpp"]},
        "evaluation": {
            "splits": NO_SPLITS | {"profiles": {"folds": 3, "sizes": ["large"]}},
            "density": {"percents": []},
        },
    }
    return overlay(overlay(TINY, own), changes)


@pytest.mark.fault(
    "drugs and cells named with `../`, `$( )`, backticks, `</script>`, `$\\foo$`, "
    "`{x}`, quotes and `=`; a file with spaces, `+` and `@`",
    "the run goes to its report; nothing is executed or lies outside the results, no markup "
    "on pages, an apostrophe in tables for people",
)
def test_odd_names_and_lost_vehicles_reach_the_report(plates, tmp_path):
    project = Project(tmp_path)
    config = from_files(plates)
    files = config["acquire"]["series"]["own"]
    files["level3"] += ".gz"
    shutil.copy(plates / files["inst_info"], plates / ODD_FILE)
    files["inst_info"] = ODD_FILE
    drugs = read(plates, "inst_info").query("pert_type == 'trt_cp'")["pert_id"]
    config["evaluation"]["heatmaps"] = {"drugs": [drugs.iloc[0]]}
    config["tensor"] = {**TINY["tensor"], "max_p_value": 1.0}
    printed = project.run("--cores", "2", *project.configure(config))
    results = tmp_path / "results/own"
    assert (results / "report.html").exists(), printed
    wells = pd.read_csv(results / "signatures/own/wells.tsv", sep="\t")
    assert wells["wells"].sum() == len(read(plates, "inst_info"))
    assert wells["use"].str.contains("fewer than 2 vehicle wells").any()
    assert ODD_CELL in set(pd.read_csv(results / "tensor/cells.tsv", sep="\t")["cell"])
    with Gctx(results / "completed/dnpp.gctx") as product:
        assert ODD_CELL in set(product.metadata("columns")["cell_id"])
    names = pd.read_csv(results / "evaluation/figures/heatmaps.tsv", sep="\t")["name"]
    assert set(names) == {"'" + ODD_DRUG}  # safe in a spreadsheet
    assert ODD_DRUG in set(pd.read_csv(results / "tensor/drugs.tsv", sep="\t")["name"])
    pages = [results / "report.html", *results.rglob("*.html"), *results.rglob("*.svg")]
    assert not [page for page in pages if "<script>alert" in page.read_text()]
    assert not list(tmp_path.rglob("harm*"))
    assert {path.name for path in tmp_path.iterdir()} <= {
        *PARTS,
        "test.yaml",
        "results",
        ".snakemake",
    }
    assert not (results / "signatures/own/level3.gctx").exists()
    assert not list(results.rglob("density*"))
    recorded = pd.read_csv(tmp_path / "resources/recorded_checksums.tsv", sep="\t")
    assert len(recorded) == len(KINDS) + 1


def cut_short(folder):
    path = folder / parameters.FILES["level3"]
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def not_hdf5(folder):
    (folder / parameters.FILES["level3"]).write_text("id\tA375\n")


def change_matrix(folder, **changes):
    path = folder / parameters.FILES["level3"]
    with Gctx(path) as gctx:
        rows, columns = list(gctx.rows), list(gctx.columns)
        matrix = gctx.read(rows, columns)
    matrix[changes.get("at", (0, 0))] = changes.get("value", matrix[0, 0])
    rows[0] = changes.get("gene", rows[0])
    columns[0] = changes.get("well", columns[0])
    write_gctx(path, matrix, pd.DataFrame(index=rows), pd.DataFrame(index=columns))


def other_wells(folder):
    wells = read(folder, "inst_info")
    write(folder, "inst_info", wells.assign(inst_id="OTHER_" + wells["inst_id"]))


def other_genes(folder):
    genes = read(folder, "gene_info")
    write(folder, "gene_info", genes.assign(pr_gene_id=genes["pr_gene_id"] + "_at"))


def cut_packed_matrix(folder):
    path = folder / parameters.FILES["level3"]
    packed = gzip.compress(path.read_bytes(), compresslevel=1)
    path.write_bytes(packed[: len(packed) // 2])


def pack_a_nan(folder):
    change_matrix(folder, value=np.nan)
    path = folder / parameters.FILES["level3"]
    path.write_bytes(gzip.compress(path.read_bytes(), compresslevel=1))


def contradict_a_row(folder):
    wells = read(folder, "inst_info")
    write(folder, "inst_info", pd.concat([wells, wells.iloc[:1].assign(pert_id="another")]))


def no_vehicles(folder):
    write(folder, "inst_info", read(folder, "inst_info").assign(pert_type="trt_cp"))


def cut_table(folder):
    path = folder / parameters.FILES["inst_info"]
    path.write_bytes(gzip.compress(path.read_bytes())[:100])


def lose_a_file(folder):
    (folder / parameters.FILES["pert_info"]).unlink()


@pytest.mark.fault(
    "files of the user's own that are cut short, are not HDF5, hold NaN, do not fit together "
    "or are missing",
    "the job names file and row, and what was expected; no traceback, no output",
)
@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (cut_short, ["mirror/SIMULATED_Level3.gctx (series own)", "cut short"]),
        (not_hdf5, ["SIMULATED_Level3.gctx (series own)", "has 0 genes and 1 samples"]),
        (
            lambda folder: change_matrix(folder, value=np.nan),
            ["Level3.gctx (series own)", "is nan", "finite"],
        ),
        (
            lambda folder: change_matrix(folder, value=np.inf),
            ["Level3.gctx (series own)", "is inf", "finite"],
        ),
        (other_wells, ["mirror/SIMULATED_Level3.gctx (series own)", "'OTHER_' stands before"]),
        (other_genes, ["mirror/SIMULATED_Level3.gctx (series own)", "'_at' stands behind"]),
        (cut_packed_matrix, ["mirror/SIMULATED_Level3.gctx (series own)", "cut short"]),
        (pack_a_nan, ["mirror/SIMULATED_Level3.gctx (series own)", "is nan"]),
        (contradict_a_row, ["mirror/SIMULATED_inst_info.txt.gz (series own)", "more than one row"]),
        (no_vehicles, ["no compound well", "vehicle wells"]),
        (cut_table, ["SIMULATED_inst_info.txt.gz", "cut short"]),
        (
            lambda folder: (folder / parameters.FILES["pert_info"]).unlink(),
            ["SIMULATED_pert_info", "mirror"],
        ),
    ],
)
def test_bad_input_is_named_and_leaves_no_output(mirror, tmp_path, damage, said):
    damage(mirror)
    project = Project(tmp_path / "project")
    target = "results/own/tensor/large.h5"
    printed = project.run(
        "--cores", "2", target, *project.configure(from_files(mirror)), fails=True
    )
    message = printed[printed.index("Error: ") :].split("\n\n")[0]
    assert all(part in message for part in said), message
    assert printed.rstrip().endswith(f"failed.\n{message}"), printed[-2000:]
    assert "Traceback" not in printed
    assert not (project.folder / target).exists()
    assert not list((project.folder / "results").rglob("*unfinished*"))


def test_what_does_not_match_is_left_out_and_counted(mirror, tmp_path):
    change_matrix(mirror, gene="no gene", well="no well")
    wells = read(mirror, "inst_info")
    write(mirror, "inst_info", pd.concat([wells.iloc[:-2], wells[-1:].assign(inst_id="failed")]))
    project = Project(tmp_path / "project")
    series = project.folder / "results/own/signatures/own"
    target = str((series / "signatures.h5").relative_to(project.folder))
    project.run("--cores", "2", target, *project.configure(from_files(mirror)))
    made = SignatureSet.load(series / "signatures.h5")
    genes = read(mirror, "gene_info")["pr_gene_id"]
    assert made.genes.tolist() == genes[1:].tolist()
    counted = pd.read_csv(series / "wells.tsv", sep="\t").set_index("use")
    assert counted.loc["left out: no column in the matrix", "wells"] == 2
    assert counted.loc["left out: no row in inst_info", "wells"] == 3
    assert counted["wells"].sum() == len(wells) + 2  # those that failed, and that nobody knows
    assert counted.loc["left out: landmark gene, no row of the matrix", "genes"] == 1
    assert counted.loc["left out: no gene of gene_info", "genes"] == 1
    log = (project.folder / "results/own/logs/make_signatures/own.log").read_text()
    assert log.count("they are left out") == 4 and "results/" not in log


@pytest.mark.fault(
    "a mirror file altered by one byte since an earlier run",
    "refused with both checksums",
)
def test_an_altered_mirror_file_is_refused_with_both_checksums(mirror, tmp_path):
    project = Project(tmp_path / "project")
    options = ["--cores", "2", *project.configure(from_files(mirror))]
    target = f"results/own/acquire/own/{parameters.FILES['gene_info']}"
    project.run(target, *options)
    content = bytearray((mirror / parameters.FILES["gene_info"]).read_bytes())
    content[-1] ^= 1
    (mirror / parameters.FILES["gene_info"]).write_bytes(content)
    recorded = pd.read_csv(project.folder / "resources/recorded_checksums.tsv", sep="\t")
    for _ in range(2):
        printed = project.run(target, *options, fails=True)
        assert recorded["sha256"][0] in printed
        assert hashlib.sha256(content).hexdigest() in printed


def test_a_filter_that_leaves_nothing_is_named(mirror, tmp_path):
    project = Project(tmp_path / "project")
    config = from_files(mirror, tensor={**TINY["tensor"], "min_cells_per_drug": 9})
    target = "results/own/tensor/large.h5"
    printed = project.run("--cores", "2", target, *project.configure(config), fails=True)
    assert "9 cells per drug" in printed
    assert "leaves no profile" in printed
    assert "Traceback" not in printed
