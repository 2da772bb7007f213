"""The files of a simulated transcriptome are laid out as those of its real models."""

import gzip

import numpy as np
import pandas as pd
import pytest
from transcriptomes import simulated
from wells import all_match

from lacuna.io import geo, hdf5
from lacuna.io.gctx import Gctx
from lacuna.io.gmt import factor_of, read_gmt
from lacuna.io.tsv import read_table
from lacuna.simulation import parameters, transcriptome
from lacuna.simulation.write_rnaseq import write_transcriptome

LANDMARKS = parameters.GENES


@pytest.fixture(scope="module")
def world():
    return simulated(platform="affine")


@pytest.fixture(scope="module")
def folder(world, tmp_path_factory):
    folder = tmp_path_factory.mktemp("transcriptome")
    write_transcriptome(world, folder)
    return folder


def test_files_are_read_by_the_librarys_readers(folder, world):
    at = {kind: folder / name for kind, name in parameters.TRANSLATION_FILES.items()}
    assert {path.name for path in folder.iterdir()} == set(parameters.TRANSLATION_FILES.values())
    genes = geo.read_genes(at["gene_info"])
    assert genes["landmark"].sum() == LANDMARKS
    assert LANDMARKS < len(genes) < len(world.genes)
    for level3, inst_info, values in (
        ("level3", "inst_info", world.level3),
        ("pair_level3", "pair_inst_info", world.pair_level3),
    ):
        wells = geo.read_wells(at[inst_info])
        with Gctx(at[level3]) as matrix:
            all_match(matrix, wells, genes)
            read = matrix.read(genes.loc[genes["landmark"], "gene"], wells["well"])
        assert np.array_equal(read, values)
    wells = geo.read_wells(at["inst_info"])
    drugs = geo.read_drugs(at["pert_info"])
    assert set(wells["drug"]) <= set(drugs["drug"])
    cells = geo.read_cells(at["cell_info"]).set_index("cell")["lineage"]
    assert set(wells["cell"]) | set(world.pairs["kind"]) == set(cells.index)
    assert cells["SIMBRE1"] == "breast"


def test_plates_replicate_each_other_and_have_vehicle_wells(folder):
    wells = geo.read_wells(folder / parameters.TRANSLATION_FILES["inst_info"])
    assert wells["plate"].str.fullmatch(r"SIM[TKB]\d{3}_\w+_\d+H_X\d").all()
    assert not wells.duplicated(["plate", "well"]).any()
    screened = wells[wells["kind"] != "ctl_untrt"]
    plates = screened.groupby("plate")["kind"].agg(lambda kind: kind.eq("ctl_vehicle").sum())
    assert (plates == 12).all()
    batches = screened.groupby("batch")
    assert (batches["plate"].nunique() == 2).all()
    for _, batch in batches:
        contents = [plate["drug"].tolist() for _, plate in batch.groupby("plate")]
        assert contents[0] == contents[1]
    treated = screened[screened["kind"] == "trt_cp"]
    assert (treated["dose"] == 10).all()
    assert screened.loc[screened["kind"] == "trt_sh", "dose"].isna().all()


def test_a_glucocorticoid_goes_by_two_ids_of_one_structure(folder):
    drugs = geo.read_drugs(folder / parameters.TRANSLATION_FILES["pert_info"])
    wells = geo.read_wells(folder / parameters.TRANSLATION_FILES["inst_info"])
    ids = wells.groupby(wells["name"].str.lower())["drug"].nunique()
    assert ids[ids > 1].index.tolist() == ["simulated-glucocorticoid-1"]
    of_one = wells.loc[wells["name"].str.lower() == ids.idxmax(), "drug"].unique()
    structures = drugs.set_index("drug").loc[of_one, "smiles"]
    assert structures.notna().all()
    assert len(set(structures)) == 1
    known = drugs.loc[~drugs["drug"].isin(of_one), "smiles"].dropna()
    assert known.is_unique


def test_counts_are_whole_numbers_of_genes_by_symbol(folder, world):
    at = {kind: folder / name for kind, name in parameters.TRANSLATION_FILES.items()}
    with gzip.open(at["counts"], "rt") as text:
        assert text.readline().startswith("\tsimulated-study-01:S0001\t")
    counts = pd.read_csv(at["counts"], sep="\t", index_col=0)
    samples = read_table(at["samples"])
    assert counts.columns.tolist() == samples["sample"].tolist()
    assert counts.dtypes.eq("int64").all()
    assert np.array_equal(counts.to_numpy().T, world.counts)
    names = pd.read_csv(at["genes"], sep="\t", dtype=str)
    assert counts.index.tolist() == names["symbol"].tolist()
    assert names["ensembl"].str.fullmatch(r"ENSG\d{11}").all()
    known = geo.read_genes(at["gene_info"])
    both = known.merge(names, left_on="gene", right_on="entrez")
    assert (both["symbol_x"] == both["symbol_y"]).all()
    assert len(both) == len(known)


def test_gene_sets_age_genes_and_truth_are_those_planted(folder, world):
    at = {kind: folder / name for kind, name in parameters.TRANSLATION_FILES.items()}
    symbols = world.genes["symbol"].to_numpy()
    sets = read_gmt(at["gene_sets"])
    name, targets = next(iter(sets.items()))
    assert factor_of(name, set(symbols)) == symbols[world.truth.regulation.receptor]
    assert set(targets) == set(symbols[world.truth.regulation.targets != 0])
    assert len(sets) == 1 + parameters.PROGRAMMES
    ages = read_table(at["age_genes"])
    tissue = ages["tissue"].map(transcriptome.AGEING_TISSUES.index)
    gene = pd.Index(symbols).get_indexer(ages["symbol"])
    assert world.truth.ageing[tissue, gene] == pytest.approx(ages["slope"], rel=1e-4)
    assert len(ages) == np.count_nonzero(world.truth.ageing)
    assert ages["shared"].sum() == 40 * len(transcriptome.AGEING_TISSUES)
    truth = hdf5.load(at["truth"])
    assert np.array_equal(truth["log2_change"], world.log2_change)
    assert truth["samples"]["sample"].tolist() == world.samples["sample"].tolist()


def test_same_seed_same_bytes_and_another_seed_others(folder, tmp_path):
    for name, seed in (("again", 5), ("other", 6)):
        write_transcriptome(simulated(seed=seed), tmp_path / name)
    for path in folder.iterdir():
        assert (tmp_path / "again" / path.name).read_bytes() == path.read_bytes()
        if path.name != parameters.TRANSLATION_FILES["cell_info"]:
            assert (tmp_path / "other" / path.name).read_bytes() != path.read_bytes()


def test_too_few_genes_are_refused():
    with pytest.raises(ValueError, match="978 genes; expected at least 990"):
        simulated(genes=978)
