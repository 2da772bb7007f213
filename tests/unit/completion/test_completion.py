"""Methods against their definitions written out, and what every method must keep."""

import numpy as np
import pytest
from toy import GENES, at, awkward, axes_of, clustered, grid, replicated

from lacuna.completion.interface import Completion, SideInformation
from lacuna.completion.registry import available, check_options, find_method
from lacuna.completion.run import run_method
from lacuna.completion.shared import stacking
from lacuna.completion.shared.neighbours import drug_similarity
from lacuna.completion.writer import write_completed
from lacuna.errors import LacunaError
from lacuna.io.gctx import Gctx
from lacuna.tensor.profiles import ProfileSet

CONTROLS = {"truth", "zeros", "random"}
METHODS = [name for name in available() if name not in CONTROLS]


def run(name, observed, wanted, answers=None, seed=0, **options):
    rng = np.random.default_rng(seed)
    return run_method(name, observed, wanted, SideInformation(answers=answers), rng, options)


def split(tensor, seed=1):
    """Hold out a fifth of the profiles."""
    held_out = np.random.default_rng(seed).random(len(tensor)) < 0.2
    return tensor.take(~held_out), tensor.take(held_out)


def mean(profiles):
    found = [profile for profile in profiles if profile is not None]
    return np.mean(found, axis=0) if found else None


def plain_drug_mean(observed, drug):
    return mean(at(observed, drug, cell) for cell in range(len(observed.cells)))


def plain_cell_mean(observed, cell):
    found = mean(at(observed, drug, cell) for drug in range(len(observed.drugs)))
    return observed.profiles.astype(float).mean(axis=0) if found is None else found


def plain_1d(observed, drug, cell):
    found = plain_drug_mean(observed, drug)
    return (plain_cell_mean(observed, cell), True) if found is None else (found, False)


def plain_2d(observed, drug, cell, cell_weight=0.5):
    of_drug = plain_drug_mean(observed, drug)
    in_cell = (observed.cell == cell).any()
    if of_drug is None:
        return plain_cell_mean(observed, cell), True
    if not in_cell:
        return of_drug, True
    return cell_weight * plain_cell_mean(observed, cell) + (1 - cell_weight) * of_drug, False


def plain_similarity(observed, one, other):
    both = [(at(observed, one, c), at(observed, other, c)) for c in range(len(observed.cells))]
    found = [np.corrcoef(a, b)[0, 1] for a, b in both if a is not None and b is not None]
    return max(np.mean(found), 0) if found and one != other else 0.0


def plain_dnpp(observed, drug, cell, neighbours=10):
    candidates = [d for d in range(len(observed.drugs)) if at(observed, d, cell) is not None]
    nearest = sorted(candidates, key=lambda d: -plain_similarity(observed, drug, d))[:neighbours]
    weights = np.array([plain_similarity(observed, drug, d) for d in nearest])
    if not len(weights) or weights.sum() == 0:
        return plain_cell_mean(observed, cell), True
    profiles = np.array([at(observed, d, cell) for d in nearest])
    return weights @ profiles / weights.sum(), False


@pytest.mark.parametrize(
    ("name", "plain"), [("mean_1d", plain_1d), ("mean_2d", plain_2d), ("dnpp", plain_dnpp)]
)
@pytest.mark.parametrize("observed", [clustered(), awkward()], ids=["clustered", "awkward"])
def test_a_method_equals_its_definition(name, plain, observed):
    wanted = observed.missing_pairs
    completion = run(name, observed, wanted)
    expected = [plain(observed, drug, cell) for drug, cell in wanted]
    assert np.allclose(completion.profiles, [profile for profile, _ in expected], atol=1e-5)
    assert completion.fallback.tolist() == [fallback for _, fallback in expected]


def test_the_two_means_are_weighed_as_asked():
    observed = awkward()
    wanted = observed.missing_pairs
    found = run("mean_2d", observed, wanted, cell_weight=0.8)
    expected = [plain_2d(observed, drug, cell, 0.8)[0] for drug, cell in wanted]
    assert np.allclose(found.profiles, expected, atol=1e-5)


def test_fewer_neighbours_than_asked_for_are_all_used():
    observed = awkward()
    wanted = observed.missing_pairs
    found = run("dnpp", observed, wanted, neighbours=2)
    expected = [plain_dnpp(observed, drug, cell, 2)[0] for drug, cell in wanted]
    assert np.allclose(found.profiles, expected, atol=1e-5)


def test_similarity_is_never_negative_and_0_with_itself_or_without_a_common_cell():
    observed = awkward()
    similarity = drug_similarity(observed)
    drugs = range(len(observed.drugs))
    plain = [[plain_similarity(observed, one, other) for other in drugs] for one in drugs]
    assert np.allclose(similarity, plain, atol=1e-5)
    assert (np.array(plain) > 0).any()
    assert (similarity[1] == 0).all()


@pytest.mark.parametrize("name", available())
def test_a_method_keeps_the_contract(name):
    observed, held_out = split(clustered())
    wanted = held_out.pairs
    inputs = [observed.profiles, observed.drug, observed.cell, wanted, held_out.profiles]
    before = [array.copy() for array in inputs]
    first = run(name, observed, wanted, held_out)
    again = run(name, observed, wanted, held_out)
    assert first.profiles.dtype == np.float32
    assert first.profiles.shape == (len(held_out), GENES)
    assert np.array_equal(first.profiles, again.profiles)
    assert first.fallback is None or first.fallback.shape == (len(held_out),)
    assert all(map(np.array_equal, inputs, before))


@pytest.mark.parametrize("name", [name for name in available() if name != "truth"])
def test_a_method_answers_where_a_drug_or_a_cell_has_no_profile(name):
    observed = awkward()
    found = run(name, observed, observed.missing_pairs).profiles
    assert np.isfinite(found).all()
    assert found.shape == (len(observed.missing_pairs), GENES)


@pytest.mark.parametrize("name", available())
def test_a_grid_without_gaps_is_its_own_product(name, tmp_path):
    tensor = replicated(clustered(drugs=12, missing=0))
    completion = run(name, tensor, tensor.missing_pairs, tensor)
    assert completion.profiles.shape == (0, GENES)
    assert completion.profiles.dtype == np.float32
    write_completed(tmp_path / "full.gctx", tensor, [], **axes_of(tensor))
    with Gctx(tmp_path / "full.gctx") as product:
        columns = product.metadata("columns")
        assert np.array_equal(product.read(tensor.genes, columns.index), tensor.profiles)
    assert columns.index.tolist() == [f"d{drug}:c{cell}" for drug, cell in tensor.pairs]
    assert (columns["source"] == "measured").all()
    assert (columns["stderr"] == -666).all()
    assert columns["replicates"].tolist() == list(range(len(tensor)))
    # Joined with other folds, it takes neither standard errors nor fallbacks from them.
    other = Completion(tensor.profiles[:1], np.array([True]), np.array([0.5], dtype=np.float32))
    joined = Completion.join([completion, other])
    assert joined.stderr.tolist() == [0.5]
    assert joined.fallback.tolist() == [True]


def test_no_method_is_asked_for_nothing(monkeypatch):
    def refuse(*_, **__):
        raise AssertionError("asked for no pairs")

    monkeypatch.setattr("lacuna.completion.controls.zeros.complete", refuse)
    observed = clustered()
    with pytest.raises(AssertionError, match="asked for no pairs"):
        run("zeros", observed, observed.missing_pairs)
    assert len(run("zeros", observed, np.empty((0, 2), dtype=int)).profiles) == 0


def test_the_order_of_the_wanted_does_not_matter():
    observed = clustered()
    wanted = observed.missing_pairs
    for name in METHODS:
        forward, backward = run(name, observed, wanted), run(name, observed, wanted[::-1])
        assert np.allclose(forward.profiles, backward.profiles[::-1], atol=1e-5), name


@pytest.mark.parametrize("axis", ["drug", "cell"])
@pytest.mark.parametrize("name", METHODS)
def test_permuting_an_axis_permutes_the_predictions(name, axis, monkeypatch):
    # Blend chooses a penalty over folds of drugs, which are dealt in their order.
    monkeypatch.setattr(stacking, "PENALTIES", stacking.PENALTIES[:1])
    observed = clustered()
    axes = {"drug": observed.drugs, "cell": observed.cells}
    order = np.random.default_rng(0).permutation(len(axes[axis]))
    new = np.argsort(order)  # what was i is now new[i]
    permuted = ProfileSet(
        observed.profiles,
        new[observed.drug] if axis == "drug" else observed.drug,
        new[observed.cell] if axis == "cell" else observed.cell,
        observed.drugs[order] if axis == "drug" else observed.drugs,
        observed.cells[order] if axis == "cell" else observed.cells,
        observed.genes,
    )
    wanted = observed.missing_pairs
    moved = wanted.copy()
    column = 0 if axis == "drug" else 1
    moved[:, column] = new[wanted[:, column]]
    expected, found = run(name, observed, wanted), run(name, permuted, moved)
    # The kernel's weights are searched in single precision; steps of the search amplify rounding.
    atol = 1e-3 if name in ("kernel", "blend") else 1e-4
    assert np.allclose(found.profiles, expected.profiles, atol=atol)


@pytest.mark.parametrize("name", METHODS)
def test_a_method_finds_what_was_planted(name):
    observed, held_out = split(clustered(drugs=60, missing=0.3))
    predicted = run(name, observed, held_out.pairs).profiles
    assert np.corrcoef(predicted.ravel(), held_out.profiles.ravel())[0, 1] > 0.3


def agreement(name, observed, held_out):
    predicted = run(name, observed, held_out.pairs).profiles
    return np.corrcoef(predicted.ravel(), held_out.profiles.ravel())[0, 1]


def test_where_drug_and_cell_add_up_two_means_beat_one():
    rng = np.random.default_rng(0)
    dense = rng.normal(size=(30, 1, GENES)) + rng.normal(size=(1, 8, GENES))
    dense = dense + 0.3 * rng.normal(size=(30, 8, GENES))
    observed, held_out = split(grid(dense, rng.random((30, 8)) < 0.8))
    assert agreement("mean_2d", observed, held_out) > 0.85
    assert agreement("mean_2d", observed, held_out) > agreement("mean_1d", observed, held_out) + 0.1


def test_where_classes_act_apart_in_each_cell_neighbours_beat_means():
    rng = np.random.default_rng(0)
    dense = np.tile(rng.normal(size=(4, 8, GENES)), (15, 1, 1))
    dense = dense + 0.3 * rng.normal(size=(60, 8, GENES))
    observed, held_out = split(grid(dense, rng.random((60, 8)) < 0.7))
    dnpp = agreement("dnpp", observed, held_out)
    assert dnpp > 0.9
    assert all(dnpp > agreement(name, observed, held_out) + 0.3 for name in ("mean_1d", "mean_2d"))


def test_the_random_control_knows_nothing_of_what_all_profiles_share():
    rng = np.random.default_rng(0)
    dense = 2 * rng.normal(size=GENES) + rng.normal(size=(40, 5, GENES))
    observed, held_out = split(grid(dense, rng.random((40, 5)) < 0.8))
    assert agreement("mean_1d", observed, held_out) > 0.5
    assert abs(agreement("random", observed, held_out)) < 0.1


def test_controls_are_what_they_say():
    observed, held_out = split(clustered())
    truth = run("truth", observed, held_out.pairs, held_out).profiles
    assert np.array_equal(truth, held_out.profiles)
    backward = run("truth", observed, held_out.pairs[::-1], held_out).profiles
    assert np.array_equal(backward, held_out.profiles[::-1])
    assert not run("zeros", observed, held_out.pairs).profiles.any()
    random = run("random", observed, held_out.pairs).profiles
    values = {tuple(np.sort(profile)) for profile in observed.profiles}
    assert all(tuple(np.sort(profile)) in values for profile in random)
    assert abs(np.corrcoef(random.ravel(), held_out.profiles.ravel())[0, 1]) < 0.1


def test_unknown_names_get_a_hint():
    with pytest.raises(LacunaError, match=r"unknown method 'falrct'.*'falrtc'"):
        find_method("falrct")
    with pytest.raises(LacunaError, match=r"dnpp has no option 'neigbours'.*'neighbours'"):
        check_options("dnpp", {"neigbours": 3})
    observed = clustered()
    with pytest.raises(LacunaError, match=r"unknown method 'dnp'.*'dnpp'"):
        run("dnp", observed, observed.missing_pairs)
    with pytest.raises(LacunaError, match=r"mean_2d has no option 'cel_weight'.*'cell_weight'"):
        run("mean_2d", observed, observed.missing_pairs, cel_weight=0.5)
    with pytest.raises(LacunaError, match="mean_1d has no option 'neighbours'; it has none"):
        run("mean_1d", observed, observed.missing_pairs, neighbours=3)


def test_joined_completions_keep_what_all_of_them_have():
    rows = np.arange(6, dtype=np.float32).reshape(3, 2)
    errors = np.array([0.1, 0.2, 0.3], dtype=np.float32)
    one = Completion(rows, np.array([True, False, True]), errors)
    other = Completion(rows[:1])
    joined = Completion.join([one, other, one])
    assert np.array_equal(joined.profiles, np.concatenate([rows, rows[:1], rows]))
    assert joined.fallback.tolist() == [True, False, True, False, True, False, True]
    assert joined.stderr is None
    assert Completion.join([one, one]).stderr.tolist() == [*errors, *errors]


def test_side_information_follows_the_tensors_order(tmp_path):
    observed = clustered(drugs=3, cells=3)
    (tmp_path / "drugs.tsv").write_text("drug\tsmiles\nd2\tCC\nd1\t\nd0\tN\n")
    genes = "\t".join(observed.genes[::-1])
    values = "\t".join(str(number) for number in range(GENES))
    (tmp_path / "baseline.tsv").write_text(f"cell\t{genes}\nc1\t{values}\n")
    side = SideInformation.read(observed, tmp_path / "drugs.tsv", tmp_path / "baseline.tsv")
    assert side.smiles.tolist() == ["N", "", "CC"]
    assert np.isnan(side.baseline[[0, 2]]).all()
    assert side.baseline[1].tolist() == list(range(GENES))[::-1]
    (tmp_path / "baseline.tsv").write_text(f"cell\t{genes}\n")
    (tmp_path / "drugs.tsv").write_text("drug\tsmiles\nd2\t\nd1\t\nd0\t\n")
    side = SideInformation.read(observed, tmp_path / "drugs.tsv", tmp_path / "baseline.tsv")
    assert side.smiles is None
    assert side.baseline is None
    (tmp_path / "drugs.tsv").write_text("drug\tsmiles\nd2\t\nd0\tN\n")
    with pytest.raises(LacunaError, match="has no row for drug 'd1'"):
        SideInformation.read(observed, tmp_path / "drugs.tsv", tmp_path / "baseline.tsv")


def test_a_method_that_breaks_the_contract_is_caught(monkeypatch):
    observed = clustered()

    def wrong(profiles):
        monkeypatch.setattr(
            "lacuna.completion.controls.zeros.complete", lambda *_, **__: Completion(profiles)
        )
        with pytest.raises(ValueError, match="zeros returned"):
            run("zeros", observed, observed.missing_pairs)

    shape = (len(observed.missing_pairs), GENES)
    wrong(np.zeros(shape))
    wrong(np.zeros((1, GENES), dtype=np.float32))
    wrong(np.full(shape, np.nan, dtype=np.float32))


def test_the_product_holds_measured_and_predicted(tmp_path):
    tensor = replicated(clustered())
    completion = run("dnpp", tensor, tensor.missing_pairs)
    write_completed(tmp_path / "a.gctx", tensor, [completion], **axes_of(tensor))
    with Gctx(tmp_path / "a.gctx") as product:
        columns = product.metadata("columns")
        measured = [f"d{drug}:c{cell}" for drug, cell in tensor.pairs]
        predicted = [f"d{drug}:c{cell}" for drug, cell in tensor.missing_pairs]
        assert np.array_equal(product.read(tensor.genes, measured), tensor.profiles)
        assert np.array_equal(product.read(tensor.genes, predicted), completion.profiles)
    assert (columns.loc[measured, "source"] == "measured").all()
    assert (columns.loc[predicted, "source"] == "predicted").all()
    assert columns.loc[measured, "replicates"].tolist() == list(range(len(tensor)))
    assert (columns.loc[predicted, "replicates"] == -666).all()
    assert np.allclose(columns.loc[measured, "norm"], 1, atol=1e-5)


def test_the_product_carries_the_standard_error_of_each_prediction(tmp_path):
    tensor = replicated(clustered())
    completion = run("kernel", tensor, tensor.missing_pairs)
    write_completed(tmp_path / "a.gctx", tensor, [completion], **axes_of(tensor))
    with Gctx(tmp_path / "a.gctx") as product:
        stderr = product.metadata("columns")["stderr"]
    predicted = [f"d{drug}:c{cell}" for drug, cell in tensor.missing_pairs]
    assert np.allclose(stderr[predicted], completion.stderr, rtol=1e-5)
    assert (stderr.drop(predicted) == -666).all()


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        ("dnpp", {"neighbours": 0}, "neighbours is 0, expected at least 1"),
        ("dnpp", {"neighbours": 2.5}, "neighbours is 2.5, expected int"),
        ("mean_2d", {"cell_weight": 7}, "cell_weight is 7, expected 0 to 1"),
        ("falrtc", {"gene_weight": 0.0}, "gene_weight is 0.0, expected more than 0"),
        ("falrtc", {"max_iterations": 16}, "max_iterations is 16, expected at least 17"),
        ("falrtc", {"tolerance": "a"}, "tolerance is 'a', expected float"),
        ("truth", {}, "list it under completion: controls"),
        ("kernel", {"neighbours": 0}, "neighbours is 0, expected at least 1"),
        ("blend", {"members": []}, "expected names of other methods"),
        ("blend", {"members": ["kernel", "blend"]}, "expected names of other methods"),
        ("blend", {"members": ["kernel", 3]}, "members is .*, expected list of str"),
        ("blend", {"members": ["kernal"]}, "unknown method 'kernal'"),
        ("blend", {"members": "kernel"}, "members is 'kernel', expected list of str"),
    ],
)
def test_a_value_that_makes_no_sense_is_named(name, options, said):
    observed = clustered()
    with pytest.raises(LacunaError, match=said):
        run(name, observed, observed.missing_pairs, **options)
