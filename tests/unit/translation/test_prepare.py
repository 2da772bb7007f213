"""What the steps are trained on: samples, genes and wells, and nothing of what is held out."""

import anndata
import numpy as np
import pandas as pd
import pytest

from lacuna.errors import LacunaError
from lacuna.io.gctx import write_gctx
from lacuna.io.tsv import write_table
from lacuna.translation import prepare as prepare_module
from lacuna.translation.jobs import read_genome_training
from lacuna.translation.judge_jobs import read_paired
from lacuna.translation.normalise import Reference, log_cpm
from lacuna.translation.prepare import LEAST_WELLS, balance_lines, replicate_noise
from lacuna.translation.run import pair_lines, prepare

LANDMARKS, GENES, SAMPLES = 120, 200, 30


@pytest.fixture
def world(tmp_path, monkeypatch):
    """Counts of two studies, of which two samples are pairs; plates of four wells."""
    rng = np.random.default_rng(0)
    genes = [f"G{number:03d}" for number in range(GENES)]
    samples = [f"s{number}" for number in range(SAMPLES)]
    counts = rng.poisson(rng.gamma(2, 20_000, GENES), (SAMPLES, GENES))
    counts[:, -1] = 0  # never expressed
    table = pd.DataFrame(counts.T, index=genes, columns=samples)
    write_table(table.rename_axis("gene").reset_index(), tmp_path / "counts.tsv")
    facts = {"sample": samples, "study": np.where(np.arange(SAMPLES) < 15, "one", "two")}
    write_table(pd.DataFrame(facts), tmp_path / "samples.tsv")
    info = pd.DataFrame(
        {
            "pr_gene_id": np.arange(LANDMARKS) + 1,
            "pr_gene_symbol": genes[:LANDMARKS],
            "pr_is_lm": 1,
        }
    )
    write_table(info, tmp_path / "gene_info.txt")
    rows = pd.DataFrame(index=[str(number + 1) for number in range(LANDMARKS)])
    wells = [f"P_X{plate}:A{well}" for plate in (1, 2) for well in range(4)]
    level3 = rng.uniform(3, 15, (8, LANDMARKS)).astype("f4")
    write_gctx(tmp_path / "level3.gctx", level3, rows, pd.DataFrame(index=wells))
    inst = {
        "inst_id": wells,
        "rna_plate": [well.split(":")[0] for well in wells],
        "pert_id": ["DMSO", "D1", "D2", "D3"] * 2,
        "pert_iname": "x",
        "pert_type": "trt_cp",
        "pert_dose": 10,
        "pert_dose_unit": "um",
        "pert_time": 6,
        "pert_time_unit": "h",
        "cell_id": "A",
    }
    write_table(pd.DataFrame(inst), tmp_path / "inst_info.txt")
    seen = rng.uniform(3, 15, (2, LANDMARKS)).astype("f4")
    write_gctx(tmp_path / "pairs.gctx", seen, rows, pd.DataFrame(index=["p0", "p1"]))
    pairs = {"l1000": ["p0", "p1"], "rnaseq": ["s3", "s20"], "donor": ["d0", "d1"], "kind": "line"}
    write_table(pd.DataFrame(pairs), tmp_path / "pairs.tsv")
    return tmp_path, table, level3, seen


def run(folder, **changes):
    output = {
        name: str(folder / f"out_{name}")
        for name in ("genes", "samples", "rnaseq", "l1000", "pairs")
    }
    told = {
        "rnaseq": [
            {
                "name": "mine",
                "expression": str(folder / "counts.tsv"),
                "samples": str(folder / "samples.tsv"),
                "unit": "counts",
            }
        ],
        "l1000": [
            {
                "series": "plates",
                "matrix": str(folder / "level3.gctx"),
                "inst_info": str(folder / "inst_info.txt"),
                "gene_info": str(folder / "gene_info.txt"),
            }
        ],
        "pairs": {
            "level3": str(folder / "pairs.gctx"),
            "gene_info": str(folder / "gene_info.txt"),
            "table": str(folder / "pairs.tsv"),
        },
        "lines_of": None,
        "genes": None,
        "logarithm": "log2",
        "quantile_normalise_l1000": False,
        "seed": 1,
        "output": output,
    }
    prepare(**(told | changes))
    return output


def test_the_reference_is_of_training_samples_and_pairs_take_it(world):
    folder, table, *_ = world
    output = run(folder)
    trained, pairs = anndata.read_h5ad(output["rnaseq"]), anndata.read_h5ad(output["pairs"])
    kept = list(trained.var_names)
    assert kept == sorted(table.index[:-1])  # the last is not expressed
    names = [name for name in table if name not in ("s3", "s20")]
    assert list(trained.obs["sample"]) == names
    counts = table.loc[kept, names].T
    logged = log_cpm(counts.to_numpy(float), counts.index)
    reference = Reference.of([logged])
    np.testing.assert_allclose(trained.uns["reference"], reference.sorted_values, rtol=1e-6)
    np.testing.assert_allclose(trained.X, reference.apply(logged), atol=1e-4)
    both = table.loc[kept, ["s3", "s20"]].T
    expected = reference.apply(log_cpm(both.to_numpy(float), both.index))
    np.testing.assert_allclose(pairs.X, expected, atol=1e-4)
    assert list(pairs.obs["donor"]) == ["d0", "d1"]


def test_another_pair_changes_nothing_of_what_is_trained_on_but_itself(world):
    """Values of held-out samples do not reach the reference, whatever they are."""
    folder, table, *_ = world
    before = anndata.read_h5ad(run(folder)["rnaseq"])
    table.loc[:, "s3"] = np.random.default_rng(9).integers(20_000, 90_000, GENES)
    write_table(table.rename_axis("gene").reset_index(), folder / "counts.tsv")
    after = anndata.read_h5ad(run(folder)["rnaseq"])
    np.testing.assert_array_equal(before.X, after.X)
    np.testing.assert_array_equal(before.uns["reference"], after.uns["reference"])


def test_both_sides_have_the_landmarks_in_one_order(world):
    folder, table, level3, seen = world
    output = run(folder)
    l1000 = anndata.read_h5ad(output["l1000"])
    assert list(l1000.var_names) == list(table.index[:LANDMARKS])
    np.testing.assert_allclose(l1000.X, level3, rtol=1e-6)
    training = read_genome_training(output["l1000"], output["rnaseq"])
    whole = anndata.read_h5ad(output["rnaseq"])
    np.testing.assert_array_equal(training.landmarks, whole[:, l1000.var_names].X)
    assert len(np.unique(training.study)) == 2
    paired = read_paired(
        output["pairs"], output["rnaseq"], folder / "pairs.gctx", folder / "gene_info.txt"
    )
    np.testing.assert_allclose(paired.seen, seen, rtol=1e-6)
    np.testing.assert_allclose(paired.mean, whole.X.mean(axis=0), rtol=1e-5)
    assert [whole.var_names[at] for at in paired.landmarks_at] == list(l1000.var_names)


def test_wells_are_drawn_where_there_are_too_many_and_may_be_normalised(world, monkeypatch):
    folder, _, level3, _ = world
    monkeypatch.setattr(prepare_module, "MOST_SAMPLES", 5)
    drawn = anndata.read_h5ad(run(folder)["l1000"])
    assert drawn.n_obs == 5
    places = [list(map(tuple, level3)).index(tuple(row)) for row in np.asarray(drawn.X)]
    assert places == sorted(places)
    normalised = anndata.read_h5ad(run(folder, quantile_normalise_l1000=True)["l1000"])
    np.testing.assert_allclose(np.sort(normalised.X[0]), np.sort(normalised.X[3]), rtol=1e-6)


def test_noise_is_what_replicates_differ_by_on_the_scale_of_rnaseq():
    rng = np.random.default_rng(1)
    truth = rng.normal(10, 2, (300, 4))
    wells = np.repeat(truth, 3, axis=0) + np.array([0.1, 0.2, 0.4, 0.8]) * rng.normal(size=(900, 4))
    names = np.repeat([f"c{number}" for number in range(300)], 3)
    rnaseq = rng.normal(5, 1, (50, 4))
    noise = replicate_noise(wells, names, rnaseq)
    scale = rnaseq.mean(axis=0) / wells.mean(axis=0)
    np.testing.assert_allclose(noise, np.array([0.1, 0.2, 0.4, 0.8]) * scale, rtol=0.1)
    assert (replicate_noise(wells[::3], names[::3], rnaseq) == 0).all()
    assert (replicate_noise(wells, np.full(900, ""), rnaseq) == 0).all()


def test_lines_are_paired_by_name_without_punctuation():
    pairs = pair_lines(
        pd.Index(["A549", "HL60", "MCF7", "X.1"]), pd.Index(["hl-60", "MCF-7", "X1", "x 1", "U2OS"])
    )
    assert pairs[["l1000", "rnaseq"]].to_numpy().tolist() == [["HL60", "hl-60"], ["MCF7", "MCF-7"]]


def test_what_does_not_fit_is_named(world, monkeypatch):
    folder, *_ = world
    write_table(
        pd.DataFrame({"l1000": ["p0"], "rnaseq": ["elsewhere"], "donor": ["d"], "kind": ["k"]}),
        folder / "pairs.tsv",
    )
    with pytest.raises(LacunaError, match=r"no sample measured both ways.*elsewhere"):
        run(folder)
    monkeypatch.setattr(prepare_module, "LEAST_LANDMARKS", 500)
    with pytest.raises(LacunaError, match=r"only 120 of 120 landmark genes.*at least 500"):
        run(folder)


def test_no_line_gives_more_wells_than_the_middle_one():
    cell = np.array(["many"] * 100 + ["some"] * 12 + ["few"] * 7)
    chosen = balance_lines(cell)
    assert (np.diff(chosen) > 0).all()
    counts = pd.Series(cell[chosen]).value_counts().to_dict()
    assert counts == {"many": 12, "some": 12, "few": 7}
    of_many = chosen[chosen < 100]
    assert of_many.min() == 0
    assert of_many.max() == 99  # from the first plate to the last
    lone = np.array(["many"] * 100 + [f"atlas{number}" for number in range(50)])
    assert len(balance_lines(lone)) == 50 + LEAST_WELLS


def test_studies_that_drugs_are_compared_with_are_not_trained_on(world):
    folder, table, *_ = world
    trained = anndata.read_h5ad(run(folder, studies=["two"])["rnaseq"])
    assert set(trained.obs["study"]) == {"one"}
    kept = list(trained.var_names)
    names = [name for name in table.columns[:15] if name != "s3"]
    logged = log_cpm(table.loc[kept, names].T.to_numpy(float), pd.Index(names))
    np.testing.assert_allclose(
        trained.uns["reference"], Reference.of([logged]).sorted_values, rtol=1e-6
    )
    with pytest.raises(LacunaError, match=r"study 'tow' \(did you mean 'two'\?\).*'one', 'two'"):
        run(folder, studies=["tow"])
