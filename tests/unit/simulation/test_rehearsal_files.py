"""The files of a rehearsal: GEO's names, layouts and quirks, and drugs that annotation knows."""

import gzip
import hashlib

import geo_drugs
import geo_files
import numpy as np
import pandas as pd
import pytest
from wells import all_match, write_text

from lacuna.enrichment.preranked import usable_sets
from lacuna.io import annotations
from lacuna.io.gctx import Gctx
from lacuna.io.geo import ODD, read_cells, read_drugs, read_genes, read_wells, unpack
from lacuna.io.gmt import read_gmt
from lacuna.io.published_sums import read_sums
from lacuna.signatures.make import count_wells, sort_wells

SCALE = 0.003  # the least at which a planted drug is tried in enough cells
TABLE = f"{geo_files.PREFIX}{{}}.txt.gz".format


def few_genes(mirror):
    """Put a gene_info of 1,100 genes into a mirror: 12,328 would take seconds."""
    number = np.arange(1100)
    genes = {"pr_gene_id": number + 1, "pr_gene_symbol": [f"G{gene}" for gene in number]}
    table = pd.DataFrame(genes).assign(pr_gene_title="-666", pr_is_lm=(number % 9 != 8).astype(int))
    table.loc[table["pr_is_lm"].eq(1).cumsum() > 978, "pr_is_lm"] = 0
    plain = write_text(table, mirror / "plain.txt")
    (mirror / "genes").mkdir()
    (mirror / "genes" / TABLE("gene_info")).write_bytes(gzip.compress(plain.read_bytes()))


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rehearsal")
    (folder / "mirror").mkdir()
    few_genes(folder / "mirror")
    return geo_files.write_series(folder / "served", SCALE, folder / "mirror", 1), folder / "served"


@pytest.fixture(scope="module")
def raw(made):
    """inst_info and pert_info, as text."""
    options = {"sep": "\t", "dtype": str, "encoding": "latin-1", "keep_default_na": False}
    tables = ("inst_info", "pert_info")
    return {name: pd.read_csv(made[1] / TABLE(name), **options) for name in tables}


@pytest.fixture(scope="module")
def wells(made):
    return read_wells(made[1] / TABLE("inst_info"))


def test_the_series_is_read_and_belongs_together(made, wells, tmp_path):
    written, folder = made
    assert len(wells) == written.wells
    unpack(folder / geo_files.MATRIX, tmp_path / "level3.gctx")
    genes = read_genes(folder / TABLE("gene_info"))
    with Gctx(tmp_path / "level3.gctx") as matrix:
        all_match(matrix, wells, genes)
        values = matrix.read(matrix.rows, matrix.columns[:50])
    assert values.min() >= 2.4 and values.max() <= 15
    assert set(read_cells(folder / TABLE("cell_info"))["cell"]) == set(geo_files.LINES)
    packed = (folder / geo_files.MATRIX).stat().st_size
    assert 0.6 < packed / (values.shape[1] * len(wells) * 4) < 0.85  # of GSE92742, 49 of 65 GB


def test_every_column_of_the_wells_has_missing_values(raw):
    info = raw["inst_info"]
    assert list(info) == [
        *("inst_id", "rna_plate", "rna_well", "pert_id", "pert_iname", "pert_type", "pert_dose"),
        *("pert_dose_unit", "pert_time", "pert_time_unit", "cell_id"),
    ]
    missing = (info == "-666").sum()
    assert missing["inst_id"] == 0
    assert (missing.drop("inst_id") >= 1).all()


def test_tables_hold_what_a_run_stumbles_over(made, raw, wells):
    pert = raw["pert_info"]
    account = []
    drugs = read_drugs(made[1] / TABLE("pert_info"), account)
    assert [odd.what.split(":")[0] for odd in account][:3] == [
        *("not in UTF-8", "without pert_id", "pert_id in more than one row")
    ]
    assert any("differ in name" in odd.what for odd in account)
    assert len(drugs) == len(pert) - 3
    packed = gzip.decompress((made[1] / TABLE("inst_info")).read_bytes())
    with pytest.raises(UnicodeDecodeError):
        packed.decode("utf-8")
    assert "µM" in packed.decode("latin-1")
    used = count_wells(wells).set_index("use")["wells"]
    assert used.filter(like="left out: no plate").sum() == wells["kind"].eq(ODD).sum() > 5


def test_cells_and_replicates_are_not_scaled(wells):
    compounds = wells[sort_wells(wells).eq("compound")]
    assert set(compounds["cell"]) == set(geo_files.LINES)
    plates = compounds.groupby("batch")["plate"].nunique()
    assert set(plates) <= {2, 3} and (plates == 3).mean() > 0.9


@pytest.mark.parametrize(("scale", "drugs", "kept"), [(0.02, 408, 300), (0.05, 1021, 300)])
def test_drugs_are_scaled_and_at_least_300_planted(monkeypatch, tmp_path, scale, drugs, kept):
    laid_out = {}

    def stop(table, planted, wanted, rng):
        laid_out.update(drugs=len(table), planted=planted, wanted=wanted)
        raise KeyboardInterrupt

    monkeypatch.setattr(geo_files, "lay_out", stop)
    with pytest.raises(KeyboardInterrupt):
        geo_files.write_series(tmp_path, scale, tmp_path, 1)
    wells = round(1_319_138 * scale)
    assert laid_out == {"drugs": drugs, "planted": round(kept * 1.08), "wanted": wells}


def test_the_wells_of_a_larger_scale_are_of_all_kinds():
    rng = np.random.default_rng(0)
    drugs = pd.DataFrame(index=range(408))
    table = geo_files.lay_out(drugs, 324, 26_383, rng)
    assert len(table) == 26_383
    assert table.groupby("plate").size().max() <= 384
    share = table["kind"].eq("trt_cp").mean()
    assert 0.4 < share < 0.55
    assert set(geo_files.OTHER_KINDS) <= set(table["kind"])
    tried = table[table["kind"].eq("trt_cp") & (table["drug"] < 324)]
    main = tried[tried["cell"] < 15].drop_duplicates(["drug", "cell"])
    assert len(main) / (324 * 15) == pytest.approx(0.75, abs=0.02)


def test_the_list_of_checksums_is_right_and_lacks_a_file(made):
    folder = made[1]
    sums = read_sums(folder / geo_files.SUMS)
    assert set(sums) == {
        *(geo_files.MATRIX, TABLE("inst_info"), TABLE("pert_info"), TABLE("gene_info"))
    }
    for name, expected in sums.items():
        assert hashlib.sha512((folder / name).read_bytes()).hexdigest() == expected


def test_sets_of_genes_are_those_of_the_screen(made):
    genes = read_genes(made[1] / TABLE("gene_info"))
    landmarks = genes.loc[genes["landmark"], "symbol"].to_list()
    sets = read_gmt(made[1] / geo_files.SETS)
    assert len(usable_sets(sets, landmarks)) == len(sets) == geo_files.PATHWAYS


def check_annotation(folder, drugs, named):
    """The five tables of annotation know most drugs, by structure."""
    files = {kind: folder / name for kind, name in named.items()}
    symbols = pd.Series({str(gene): f"GENE{gene}" for gene in range(1, 20)})
    _, counts = annotations.annotate(drugs, annotations.read_sources(files, symbols))
    return counts.set_index("source")


KINDS = {
    "drugbank_drugs": geo_drugs.DRUGBANK,
    "drugbank_proteins": geo_drugs.PROTEINS,
    "hub_drugs": geo_drugs.HUB_DRUGS,
    "hub_samples": geo_drugs.HUB_SAMPLES,
    "atc": geo_drugs.ATC,
}


def test_made_up_drugs_have_annotation_and_the_names_of_the_heatmaps(made):
    drugs = read_drugs(made[1] / TABLE("pert_info"))
    drugs = drugs[drugs["inchi_key"].notna()]
    counts = check_annotation(made[1], drugs, KINDS)
    assert counts.loc["all sources", "with_atc_codes"] == len(drugs)
    assert counts.loc["DrugBank", "with_targets"] == len(drugs)
    assert sum(name in geo_files.SHOWN for name in drugs["name"].dropna()) >= 3


def test_real_drugs_have_real_structures_where_the_tables_are_at_hand(shared_data, tmp_path):
    real, drugs = geo_files.choose_drugs(408, shared_data, tmp_path, np.random.default_rng(0))
    assert real and len(drugs) == 408 and drugs["pert_id"].is_unique
    assert set(geo_files.SHOWN) <= set(drugs["name"][:10])
    kept = drugs.rename(columns={"pert_id": "drug"})[:300]
    counts = check_annotation(tmp_path, kept, KINDS)
    assert counts.loc["all sources", "with_atc_codes"] > 200
    assert drugs["inchi_key"].str.fullmatch(r"[A-Z]{14}-[A-Z]{10}-[A-Z]").sum() > 300
