"""The model file holds all that predictions need, and says what it is; nothing else is taken."""

import json
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
from damage import cut_short, empty, flip_a_byte
from used_model import RUN, SCORES, controls, retrained, score, used_model

import lacuna
from lacuna.errors import DamagedFile, LacunaError
from lacuna.io import hdf5
from lacuna.io.tsv import write_table
from lacuna.single_cell.expected import FEWEST_DRUGS, OF_DRUGS, expect, metric_of
from lacuna.single_cell.interface import CONTROL, SEEN, TRAINING
from lacuna.single_cell.model_file import load_predictor, save_predictor
from lacuna.single_cell.model_jobs import (
    assemble_predictor,
    ensembl_of,
    level_of,
    nearest_of_folds,
    starts_of,
)
from lacuna.structures.fingerprints import structure_similarity


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return used_model(tmp_path_factory)


def test_a_model_is_the_same_after_it_was_written(made, tmp_path):
    first = made.predictor
    save_predictor(tmp_path / "again.h5", first)
    again = load_predictor(tmp_path / "again.h5")
    rows = made.observations.rows(np.arange(20), first.trained.genes)
    drugs = made.molecules.of_names(made.fold.held_out[:2])
    for one, other in zip(
        first.trained.predict(rows, drugs, [1.0, 5.0], "SIMBRE1"),
        again.trained.predict(rows, drugs, [1.0, 5.0], "SIMBRE1"),
        strict=True,
    ):
        assert np.array_equal(one, other)
    for name in ("drugs", "level", "ensembl"):
        assert getattr(again, name).equals(getattr(first, name))
    assert again.expected.reached.equals(first.expected.reached)
    assert (dict(again.facts), again.described()) == (dict(first.facts), first.described())
    assert (tmp_path / "again.h5").read_bytes() == Path(made.model).read_bytes()


def test_a_model_says_what_it_is(made):
    model, obs = made.predictor, made.observations.obs
    said = model.described()
    training = obs[(made.fold.role == TRAINING) & ~obs["control"]]
    assert set(model.drugs.index) == set(training["drug"])
    assert not set(model.drugs.index) & set(made.fold.held_out)
    assert model.doses.tolist() == [0.1, 10.0] == sorted(training["dose"].unique())
    assert (said["data"], said["target"], said["fold"]) == ("demo", "simulated", "drugs_0")
    assert said["lines"] == "SIMBRE1, SIMBRE2"
    assert (said["genes"], said["encoder"], said["doses_uM"]) == ("80", "morgan", "0.1, 10")
    assert said["version"] == lacuna.__version__
    assert json.loads(said["versions"]).keys() >= {"torch", "rdkit"}
    assert len(said["digest"]) == 64
    assert "specific_pearson" in said["expected"]  # drugs were held out


def test_the_digest_is_of_the_fold(made, tmp_path):
    other = replace(made.fold, held_out=made.fold.held_out[1:])
    other.save(tmp_path / "fold.h5")
    files = made.files | {"fold": str(tmp_path / "fold.h5")}
    assemble_predictor(files, str(tmp_path / "model.h5"), run=RUN, data="demo")
    changed = load_predictor(tmp_path / "model.h5")
    assert changed.facts["digest"] != made.predictor.facts["digest"]


def test_the_level_is_that_of_untreated_cells_and_its_sum_is_that_of_the_preparation(made):
    """All cells are brought to the median of all cells' counts, as scanpy does by itself."""
    obs = made.observations.obs
    counts = made.observations.counts(np.arange(len(obs))).sum(axis=1)
    assert made.predictor.level.sum() == pytest.approx(np.median(counts), rel=1e-5)
    own = np.flatnonzero(obs["control"] & np.isin(made.fold.role, SEEN))
    expected = np.expm1(made.observations.rows(own).astype(float)).mean(axis=0)
    np.testing.assert_allclose(made.predictor.level.to_numpy(), expected, rtol=1e-6)
    assert list(made.predictor.level.index) == list(made.observations.genes)
    nobody = replace(made.fold, role=np.full(len(obs), "test", dtype=object))
    with pytest.raises(LacunaError, match="no untreated cell"):
        level_of(made.observations, nobody)


def test_no_file_holds_objects(made):
    """Nothing in the file can be executed: numbers and texts of one length alone."""
    kinds = set()
    with h5py.File(made.model) as file:
        file.visititems(
            lambda _, item: kinds.add(getattr(getattr(item, "dtype", None), "kind", ""))
        )
    assert kinds <= {"f", "i", "u", "S", ""}


@pytest.mark.parametrize("harm", [cut_short, empty])
@pytest.mark.fault("a damaged model of single cells", "named")
def test_a_damaged_model_is_named(made, tmp_path, harm):
    path = tmp_path / "model.h5"
    path.write_bytes(harm(Path(made.model).read_bytes()))
    with pytest.raises(DamagedFile, match=r"model\.h5"):
        load_predictor(path)


def test_no_changed_byte_changes_a_prediction_unseen(made, tmp_path):
    whole, path = Path(made.model).read_bytes(), tmp_path / "model.h5"
    rows = made.observations.rows(np.arange(5), made.predictor.trained.genes)
    drugs = made.molecules.of_names(made.fold.held_out[:1])
    expected = made.predictor.trained.predict(rows, drugs, [1.0], "SIMBRE1")[0]
    refused = 0
    for place in np.linspace(0, len(whole) - 1, 60).astype(int):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x41]) + whole[place + 1 :])
        try:
            model = load_predictor(path)
        except LacunaError as error:
            refused += 1
            assert str(path) in str(error)
        else:
            assert np.array_equal(model.trained.predict(rows, drugs, [1.0], "SIMBRE1")[0], expected)
            assert model.level.equals(made.predictor.level)
    assert refused > 20
    path.write_bytes(flip_a_byte(whole))


def test_what_is_no_model_is_refused_by_name(made, tmp_path):
    for other in (made.files["model"], made.files["fold"]):
        with pytest.raises(
            LacunaError, match=r"not a model of single cells.*single_cell/model\.h5"
        ):
            load_predictor(other)
    with pytest.raises(LacunaError, match=r"gone\.h5: no such file"):
        load_predictor(tmp_path / "gone.h5")
    (tmp_path / "text.h5").write_text("model")
    with pytest.raises(DamagedFile, match=r"text\.h5"):
        load_predictor(tmp_path / "text.h5")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda c: c["facts"].loc.__setitem__((c["facts"]["key"] == "format", "value"), "9"),
         r"of format 9 .*expected format 1"),
        (lambda c: c.update(facts=c["facts"].replace("lacuna single_cell", "lacuna retrieval")),
         "not a model of single cells"),
        (lambda c: c.pop("network.weight.lines.weight"), "do not make a model"),
        (lambda c: c.update({"network.typical": c["network.typical"][1:]}), "79 means of 80 genes"),
        (lambda c: c.update(level=c["level"].iloc[:0]), "0 levels of genes"),
        (lambda c: c.update(doses=np.array([np.nan])), "a number is missing"),
        (lambda c: c.pop("drugs"), "do not make a model"),
        (lambda c: c.update(reached=c["reached"][["low"]]), "do not make a model"),
    ],
)  # fmt: skip
def test_parts_that_do_not_belong_together_are_refused(made, tmp_path, change, said):
    content = hdf5.load(made.model)
    change(content)
    hdf5.save(tmp_path / "model.h5", content)
    with pytest.raises(LacunaError, match=rf"model\.h5: .*{said}"):
        load_predictor(tmp_path / "model.h5")


def test_what_is_expected_is_what_held_out_drugs_reached():
    """A drug counts once, whatever its lines, doses and seeds; nobody else's scores count."""
    rng, rows, values = np.random.default_rng(0), [], {}
    for fold in ("drugs_0", "drugs_1"):
        for drug in "abcdef":
            found = []
            for line in ("x", "y"):
                for seed in (0, 1):
                    for dose in (1.0, 10.0)[: 1 + (drug < "d")]:
                        value = float(rng.normal())
                        found.append(value)
                        rows.append(score(drug, value, fold=fold, line=line, seed=seed, dose=dose))
            values[fold, drug] = np.mean(found)
            rows.append(score(drug, 0.25, fold=fold, method="line_mean", start=""))
            rows.append(score(drug, 9.0, fold=fold, start="strict"))
            rows.append(score(drug, 9.0, fold=fold, method="other"))
            rows.append(score(drug, 9.0, fold=fold, target="other"))
            rows.append(score(drug, 9.0, fold=fold, genes="deg"))
            rows.append(score(drug, 9.0, fold=fold, metric="pearson"))
            rows.append(score(drug, 9.0, fold=fold.replace("drugs", "lines"), split="lines"))
    found = expect(pd.DataFrame(rows), RUN, "specific_pearson")
    assert len(found.reached) == 1
    row = found.reached.iloc[0]
    each = np.array(list(values.values()))
    expected = np.quantile(each, [0.25, 0.5, 0.75])
    np.testing.assert_allclose(
        row[["lower_quartile", "median", "upper_quartile"]].tolist(), expected
    )
    assert (row["drugs"], row["line_mean"]) == (12, 0.25)
    assert np.isnan(row["chance"]) and "chance" not in found.in_words()
    assert f"{expected[1]:.2f}" in found.in_words() and "training drugs 0.25" in found.in_words()
    assert found.of(0.5).equals(row)


@pytest.mark.parametrize(
    ("line_mean", "chance", "said"),
    [(0.3, 0.1, None), (0.5, 0.1, "not surely more than the mean of training drugs:"),
     (0.6, 0.7, "the mean of training drugs and chance:"), (None, 0.1, None)],
)  # fmt: skip
def test_a_model_that_is_no_better_without_structures_is_doubted(line_mean, chance, said):
    rows = [score(drug, 0.5) for drug in "abc"]
    for method, value in (("line_mean", line_mean), ("chance", chance)):
        if value is not None:
            rows += [score(drug, value, method=method, start="") for drug in "abc"]
    doubts = expect(pd.DataFrame(rows), RUN, "specific_pearson").doubts()
    assert len(doubts) == (said is not None)
    assert said is None or said in doubts[0]


def test_what_drugs_do_on_average_is_no_expectation_where_drugs_are_held_out():
    of_cells = [metric_of("cells", split) for split in ("drugs", "scaffold", "named", "lines")]
    assert of_cells == ["specific_pearson"] * 3 + ["change_pearson"]
    assert metric_of("signatures", "lines") == "specific_pearson"


def test_drugs_like_a_training_drug_are_told_from_others():
    drugs = [f"drug {number}" for number in range(3 * FEWEST_DRUGS)]
    near = pd.Series(
        np.linspace(0.1, 0.98, len(drugs)),
        pd.MultiIndex.from_product([["drugs_0"], drugs], names=["fold", "drug"]),
    )
    rows = [score(drug, value) for drug, value in zip(drugs, near, strict=True)]
    found = expect(pd.DataFrame(rows), RUN, "specific_pearson", near.sample(frac=1, random_state=0))
    ranges = found.reached.iloc[1:]
    assert ranges["drugs"].tolist() == [FEWEST_DRUGS] * 3
    assert ranges["low"].iloc[0] == 0 and ranges["high"].iloc[-1] == 1
    assert (ranges["low"].to_numpy()[1:] == ranges["high"].to_numpy()[:-1]).all()
    for similarity, third in ((0.0, 0), (0.3, 0), (0.5, 1), (0.7, 2), (1.0, 2)):
        own = near.to_numpy()[third * FEWEST_DRUGS : (third + 1) * FEWEST_DRUGS]
        assert found.of(similarity)["median"] == pytest.approx(np.median(own))
    edge = ranges["low"].iloc[1]
    assert found.of(edge)["median"] == ranges["median"].iloc[1]
    for few in (FEWEST_DRUGS, 2 * FEWEST_DRUGS - 1):
        one = expect(pd.DataFrame(rows[:few]), RUN, "specific_pearson", near)
        assert len(one.reached) == 1
    two = expect(pd.DataFrame(rows[: 2 * FEWEST_DRUGS]), RUN, "specific_pearson", near)
    assert len(two.reached) == 3
    tied = pd.Series(np.repeat([0.3, 0.5, 0.9], [4, 15, 11]), near.index)
    assert len(expect(pd.DataFrame(rows), RUN, "specific_pearson", tied).reached) == 1
    alike = pd.Series(1.0, near.index)  # all are stereo twins of training drugs
    assert len(expect(pd.DataFrame(rows), RUN, "specific_pearson", alike).reached) == 1


def test_without_scores_nothing_is_expected():
    none = expect(pd.DataFrame([score("a", 1.0, model="x", method="x")]), RUN, "specific_pearson")
    assert none.of(0.9) is None
    assert "nothing says how good" in none.in_words() and none.doubts() == []


def test_similarity_is_to_the_drugs_that_are_not_in_the_test(made):
    drugs = made.observations.drugs
    rows = [score(drug, 0.0) for drug in made.fold.held_out]
    rows += [score(drugs.index[0], 0.0, target="other"), score(drugs.index[0], 0.0, split="lines")]
    found = nearest_of_folds(pd.DataFrame(rows), RUN, drugs)
    alike = structure_similarity(drugs["smiles"].to_numpy())
    held = drugs.index.isin(made.fold.held_out)
    expected = alike[np.ix_(held, ~held)].max(axis=1)
    np.testing.assert_allclose(found["drugs_0"].loc[drugs.index[held]], expected, rtol=1e-6)
    assert len(found) == held.sum()
    for split in ("lines_0", "random_0"):
        assert split.rpartition("_")[0] not in OF_DRUGS
        assert nearest_of_folds(pd.DataFrame(rows), RUN | {"fold": split}, drugs) is None


def test_a_table_of_genes_gives_ensembl_ids(made, tmp_path):
    genes = made.predictor.trained.genes
    table = pd.DataFrame(
        {"symbol": genes, "ensembl": [f"ENSG{n:011d}.3" for n in range(len(genes))]}
    )
    other = pd.DataFrame({"symbol": ["OTHER"], "ensembl": ["ENSG00000099999"]})
    write_table(pd.concat([table.iloc[:-1], other]), tmp_path / "genes.tsv")
    files = made.files | {"genes": str(tmp_path / "genes.tsv")}
    assemble_predictor(files, str(tmp_path / "model.h5"), run=RUN, data="demo")
    model = load_predictor(tmp_path / "model.h5")
    assert model.ensembl[genes[3]] == "ENSG00000000003"
    assert len(model.ensembl) == len(genes) - 1
    assert ensembl_of(genes, None).empty


def test_signatures_start_from_the_mean_of_their_line(made):
    table = made.fold.conditions
    control = table["control"].to_numpy(bool)
    genes = made.predictor.trained.genes
    typical = made.predictor.trained.typical
    starts = starts_of(made.fold, genes, typical)
    line = table.loc[control, "line"].iloc[0]
    np.testing.assert_array_equal(starts.loc[line], made.fold.mean[control][0])
    fewer = replace(made.fold, genes=made.fold.genes[1:], mean=made.fold.mean[:, 1:])
    assert starts_of(fewer, genes, typical).loc[line].iloc[0] == typical[0]


def test_files_that_do_not_belong_together_are_refused(made, tmp_path):
    with pytest.raises(LacunaError, match="no network of this configuration is trained"):
        assemble_predictor({"scores": []}, str(tmp_path / "model.h5"), run={}, data="demo")
    drugs = pd.read_csv(made.files["drugs"], sep="\t", keep_default_na=False)
    gone = made.predictor.drugs.index[0]
    obs = made.observations.obs
    assert gone in set(obs["drug"]) and gone != CONTROL
    write_table(drugs.replace({"drug": {gone: "renamed"}}), tmp_path / "drugs.tsv")
    files = made.files | {"drugs": str(tmp_path / "drugs.tsv")}
    with pytest.raises(LacunaError):
        assemble_predictor(files, str(tmp_path / "model.h5"), run=RUN, data="demo")
    assert not (tmp_path / "model.h5").exists()


def test_models_of_counts_and_of_learnt_vectors_are_kept_too(made, tmp_path):
    for options in ({"likelihood": "negative_binomial"}, {"preset": "v1"}):
        model = retrained(made, **options)
        save_predictor(tmp_path / "model.h5", model)
        again = load_predictor(tmp_path / "model.h5")
        assert again.trained.settings == model.trained.settings
        rows = made.observations.rows(np.arange(5), model.trained.genes)
        drugs = made.molecules.of_names(made.fold.held_out[:1])
        for one, other in zip(
            model.trained.predict(rows, drugs, [1.0], "SIMBRE2"),
            again.trained.predict(rows, drugs, [1.0], "SIMBRE2"),
            strict=True,
        ):
            assert np.array_equal(one, other)
    assert len(controls(made)) == made.observations.obs["control"].sum()
    assert set(SCORES) == set(score("a", 1.0))
