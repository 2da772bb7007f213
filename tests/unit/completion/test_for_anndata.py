"""The product as h5ad: what obs, var, layers and uns say, and that tools of the field take it."""

import anndata
import numpy as np
import pandas as pd
import pytest
from toy import GENES, axes_of, clustered, replicated

from lacuna.completion import writer
from lacuna.completion.interface import Completion
from lacuna.completion.tiers import TIERS
from lacuna.completion.writer import write_completed
from lacuna.vectors import unit_rows


@pytest.fixture
def tensor():
    return replicated(clustered(drugs=12, cells=5))


def predicted(tensor, **known):
    shape = (len(tensor.missing_pairs), len(tensor.genes))
    profiles = 0.1 * np.random.default_rng(0).normal(size=shape)
    return Completion(profiles.astype(np.float32), **known)


def written(path, tensor, completion, **known):
    write_completed(path / "a.gctx", tensor, [completion], **{**axes_of(tensor), **known})
    return anndata.read_h5ad(path / "a.h5ad")


def test_the_unit_layer_brings_every_profile_to_one_length(tensor, tmp_path):
    read = written(tmp_path, tensor, predicted(tensor))
    assert set(read.layers) == {"unit"}
    assert np.allclose(np.linalg.norm(read.layers["unit"], axis=1), 1, atol=1e-5)
    assert np.allclose(read.layers["unit"], read.X / read.obs["norm"].to_numpy()[:, None])
    measured = (read.obs["source"] == "measured").to_numpy()
    assert np.allclose(read.layers["unit"][measured], tensor.profiles, atol=1e-6)


@pytest.mark.parametrize("at_once", [3, 1000])
def test_errors_of_every_gene_have_a_layer_in_the_order_of_the_predictions(
    tensor, tmp_path, monkeypatch, at_once
):
    monkeypatch.setattr(writer, "AT_ONCE", at_once)
    number = np.arange(len(tensor.missing_pairs), dtype=np.float32)
    stated = number[:, None] + np.linspace(0, 0.5, GENES, dtype=np.float32)
    read = written(tmp_path, tensor, predicted(tensor, stderr=stated))
    measured = (read.obs["source"] == "measured").to_numpy()
    assert np.isnan(read.layers["stderr"][measured]).all()
    assert np.array_equal(read.layers["stderr"][~measured], stated)
    assert np.allclose(read.obs["stderr"][~measured], stated.mean(axis=1))
    assert list(tmp_path.glob("*")) == sorted(tmp_path.glob("a.*"))


def test_one_error_a_profile_has_no_layer(tensor, tmp_path):
    one = np.full(len(tensor.missing_pairs), 0.1, np.float32)
    assert "stderr" not in written(tmp_path, tensor, predicted(tensor, stderr=one)).layers


def test_obs_says_what_is_known_of_each_drug(tensor, tmp_path):
    drugs = axes_of(tensor)["drugs"].assign(
        smiles=[f"{'C' * (number + 1)}" for number in range(12)],
        inchi_key=np.nan,
        atc_codes=["A01AA01|B02BB02", *[np.nan] * 11],
        mechanisms="inhibitor",
    )
    read = written(tmp_path, tensor, predicted(tensor), drugs=drugs)
    of_first = read.obs[read.obs["pert_id"] == "d0"]
    assert set(of_first["atc"]) == {"A01AA01; B02BB02"}
    assert set(of_first["smiles"]) == {"C"}
    assert set(read.obs["moa"]) == {"inhibitor"}
    assert set(read.obs["inchi_key"]) == set(read.obs["targets"]) == {""}
    assert read.obs.groupby("pert_id", observed=True)["smiles"].nunique().eq(1).all()
    assert set(read.obs.loc[read.obs["pert_id"] == "d7", "smiles"]) == {"C" * 8}


def test_var_names_genes_by_symbol_and_keeps_their_ids(tensor, tmp_path):
    genes = axes_of(tensor)["genes"]
    genes["symbol"] = ["", "TWICE", "TWICE", *(f"S{gene}" for gene in range(3, GENES))]
    read = written(tmp_path, tensor, predicted(tensor), genes=genes)
    assert read.var_names[:4].tolist() == ["g0", "g1", "g2", "S3"]
    assert read.var["gene"].tolist() == tensor.genes.tolist()
    assert read.var["symbol"].tolist() == genes["symbol"].tolist()
    assert set(read.var["entrez_id"]) == {""}


def test_ids_of_digits_are_entrez_ids(tensor, tmp_path):
    ids = [str(1000 + gene) for gene in range(GENES)]
    named = type(tensor)(*list(vars(tensor).values())[:5], np.array(ids), tensor.reliability)
    read = written(tmp_path, named, predicted(named))
    assert read.var["entrez_id"].tolist() == ids


def test_uns_says_units_tiers_and_the_run(tensor, tmp_path):
    facts = {"dataset": "demo", "method": "blend", "seed": 7, "simulated": True}
    read = written(tmp_path, tensor, predicted(tensor), facts=facts)
    for name, fact in facts.items():
        assert read.uns[name] == fact
    assert read.uns["tiers"] == {tier.name: tier.at_least for tier in TIERS}
    assert "No fold changes" in read.uns["units"]
    assert set(read.uns["meaning"]) == {"X", *read.layers, "expected_r"}
    assert read.obs["tier"].cat.categories.tolist() == [*(tier.name for tier in TIERS), ""]


def planted(tensor, tmp_path):
    """A product in which genes 0 to 9 of every prediction of cell 0 rise, and nothing else."""
    completion = predicted(tensor)
    in_first = tensor.missing_pairs[:, 1] == 0
    completion.profiles[np.ix_(in_first, np.arange(10))] += 1
    genes = axes_of(tensor)["genes"].assign(symbol=[f"S{gene}" for gene in range(GENES)])
    read = written(tmp_path, tensor, completion, genes=genes)
    is_planted = (read.obs["source"] == "predicted") & (read.obs["cell_id"] == "c0")
    return read, is_planted.to_numpy()


def test_decoupler_finds_a_planted_set(tensor, tmp_path):
    decoupler = pytest.importorskip("decoupler")
    read, is_planted = planted(tensor, tmp_path)
    raised = [f"S{gene}" for gene in range(10)]
    other = [f"S{gene}" for gene in range(20, 30)]
    net = pd.DataFrame({"source": ["raised"] * 10 + ["other"] * 10, "target": raised + other})
    read.X = read.layers["unit"]
    decoupler.mt.ulm(read, net.assign(weight=1.0), tmin=5)
    scores = read.obsm["score_ulm"]
    predictions = (read.obs["source"] == "predicted").to_numpy()
    assert is_planted.any()
    assert (
        scores["raised"][is_planted].min() > 2 * scores["raised"][predictions & ~is_planted].max()
    )
    assert (scores["raised"] - scores["other"])[is_planted].min() > 3


def test_scanpy_clusters_what_was_planted(tensor, tmp_path):
    scanpy = pytest.importorskip("scanpy")
    read, _ = planted(tensor, tmp_path)
    read.X = read.layers["unit"]
    predictions = read[read.obs["source"] == "predicted"].copy()
    scanpy.pp.pca(predictions, n_comps=3)
    scanpy.tl.rank_genes_groups(predictions, "cell_id", groups=["c0"], method="wilcoxon")
    top = predictions.uns["rank_genes_groups"]["names"]["c0"][:10]
    assert set(top) == {f"S{gene}" for gene in range(10)}


def test_signatures_are_reversed_as_pertpy_does_it(tensor, tmp_path):
    """Perturbations are obs and genes var: the mean of up less that of down, lowest first."""
    read, is_planted = planted(tensor, tmp_path)
    unit = pd.DataFrame(read.layers["unit"], read.obs_names, read.var_names)
    up, down = [f"S{gene}" for gene in range(10, 40)], [f"S{gene}" for gene in range(10)]
    score = unit[up].mean(axis=1) - unit[down].mean(axis=1)
    assert set(score.nsmallest(is_planted.sum()).index) == set(read.obs_names[is_planted])
    assert unit_rows(read.X)[is_planted][:, :10].mean() > 0.2
