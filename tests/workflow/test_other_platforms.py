"""Arrays of GEO, and genes bound by factors, beside a screen: from files to figures."""

import numpy as np
import pandas as pd
import pytest
from platforms import write_bound, write_platform, write_series_matrix
from project import NO_SPLITS, TINY, Project, overlay

from lacuna.simulation import parameters
from lacuna.simulation.write import simulate
from lacuna.tensor.profiles import ProfileSet

FACTORS = [f"F{number}.1.tsv" for number in range(6)]
RESULTS = "results/own/cell_to_cell"
KNOWN = 3  # of the drugs on the arrays, those that the screen has, too


def write_arrays(mirror, drugs, cells):
    """Two replicates of eight drugs, treated and not, on probes of some genes of the screen."""
    rng = np.random.default_rng(0)
    names = [*drugs[:KNOWN], *(f"new {number}" for number in range(8 - KNOWN))]
    titles = [
        f"{cell[:3]}-{cell[3:]}_{drug}_{dose}nM_24h"  # SIM-BRE1 is SIMBRE1
        for cell in cells
        for drug in names
        for dose in (0, 100)
        for _ in range(2)
    ]
    symbols = {f"p{number}": f"SIMG{number + 1:04d}" for number in range(200)}
    values = pd.DataFrame(rng.normal(7, 1, (200, len(titles))), [*symbols], titles)
    write_series_matrix(mirror / "GSE9_series_matrix.txt.gz", values)
    write_platform(mirror / "GPL9.annot.gz", symbols)


def write_factors(mirror, tensor, cells):
    """Genes that rise most in the first cell as factors, each with targets bound there, or not."""
    inside = tensor.profiles[tensor.cell == list(tensor.cells).index(cells[0])]
    strongest = np.argsort(-inside.max(axis=0))[: len(FACTORS)]
    symbols = [f"SIMG{gene + 1:04d}" for gene in range(978)]
    rng = np.random.default_rng(1)
    for gene, name in zip(strongest, FACTORS, strict=True):
        scores = pd.DataFrame(rng.uniform(0, 500, (978, 3)), symbols, [cells[0], "HeLa", cells[0]])
        write_bound(mirror / name, symbols[gene], scores)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("platforms")
    mirror = folder / "mirror"
    simulate(mirror, generator="clustered", drugs=30, cells=4, mechanisms=4, seed=5)
    own = {
        "dataset": "own",
        "acquire": {
            "source": "files",
            "mirror": str(mirror),
            "series": {"screen": dict(parameters.FILES)},
            "gene_sets": [parameters.GENE_SETS],
            "chip_atlas": FACTORS,
            "external": {"series_matrix": "GSE9_series_matrix.txt.gz", "platform": "GPL9.annot.gz"},
        },
        "signatures": {"null_draws": 100},
        "tensor": {"min_cells_per_drug": 1, "min_drugs_per_cell": 1},
        "completion": {
            "methods": ["mean_1d", "deepcellstate"],
            "options": {"deepcellstate": {"latent": 8, "learning_rate": 0.001}},
            "completed": [],
        },
        "evaluation": {"splits": NO_SPLITS, "density": {"percents": []}},
        "classification": {"completed": []},
        "cell_to_cell": {
            "analyses": ["important_genes", "factors", "transfer"],
            "transfer": {"epochs": 1},
        },
    }
    project = Project(folder / "project")
    options = ["--cores", "2", *project.configure(overlay(TINY, own))]
    project.run("results/own/tensor/drugs.tsv", *options)
    tensor = ProfileSet.load(project.folder / "results/own/tensor/large.h5")
    names = pd.read_csv(project.folder / "results/own/tensor/drugs.tsv", sep="\t")["name"]
    write_arrays(mirror, names, tensor.cells[:2])
    write_factors(mirror, tensor, tensor.cells[:2])
    figures = ["transfer", "bound_factors", "important_gene_sets"]
    project.run(*(f"{RESULTS}/figures/{name}.png" for name in figures), *options)
    return project.folder / RESULTS


def read(finished, name):
    return pd.read_csv(finished / name, sep="\t", keep_default_na=False)


def test_drugs_on_both_platforms_are_predicted_by_a_network_that_never_saw_them(finished):
    drugs, division = read(finished, "external_drugs.tsv"), read(finished, "external_division.tsv")
    assert set(drugs["set"]) == {"GSE116436"}
    known = set(drugs["in_tensor"]) - {""}
    assert len(known) == KNOWN
    apart = division[division["part"] == "external drug"]
    assert set(apart["drug"]) == known
    assert not known & set(division.loc[division["part"] == "training", "drug"])
    scores = read(finished, "transfer.tsv")
    assert not scores["in_training"].any()
    assert scores["drug"].nunique() == 8
    summary = read(finished, "transfer_summary.tsv")
    assert set(summary["what"]) >= {"copy", "unregularised", "trained", "fine_tuned"}
    assert set(summary["drugs"]) == {"not in training"}


def test_factors_are_asked_about_where_they_rise_and_are_bound_or_it_is_said_why_not(finished):
    factors, left_out = (
        read(finished, "bound_factors.tsv"),
        read(finished, "bound_factors_left_out.tsv"),
    )
    assert len(factors) + len(left_out) == 2 * len(FACTORS)
    assert len(factors) > 0
    assert (factors["experiments"] == 2).all()
    assert left_out["left_out"].str.contains("no experiment in this cell").any()


def test_gene_sets_of_important_genes_stand_beside_random_lists(finished):
    sets = read(finished, "important_gene_sets.tsv")
    control = read(finished, "important_gene_sets_control.tsv")
    assert set(sets["list"]) == set(control["list"])
    assert (sets["fdr"] >= sets["p"] - 1e-9).all()
