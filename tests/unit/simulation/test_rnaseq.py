"""The simulated transcriptome has what is said to be planted, in both of its measurements."""

from collections import Counter

import numpy as np
import pandas as pd
import pytest
from transcriptomes import simulated

from lacuna.errors import LacunaError
from lacuna.runtime import seeds
from lacuna.simulation import parameters, platforms, rnaseq, transcriptome
from lacuna.simulation.biology import plant

LANDMARKS = parameters.GENES


@pytest.fixture(scope="module")
def worlds():
    return {platform: simulated(platform=platform) for platform in parameters.PLATFORMS}


@pytest.fixture(scope="module")
def world(worlds):
    return worlds["affine"]


@pytest.fixture(scope="module")
def null():
    return simulated(null=True)


def log_cpm(world, role):
    counts = world.counts[world.samples["role"] == role]
    return np.log2(1e6 * counts / counts.sum(axis=1, keepdims=True) + 1)


def correlation_by_column(first, second):
    first, second = first - first.mean(axis=0), second - second.mean(axis=0)
    lengths = np.linalg.norm(first, axis=0) * np.linalg.norm(second, axis=0)
    return (first * second).sum(axis=0) / lengths


# Counts


@pytest.mark.parametrize("expected", [3.0, 50.0, 2000.0])
def test_variance_of_counts_grows_with_the_mean_as_a_negative_binomials(monkeypatch, expected):
    monkeypatch.setattr(rnaseq, "DROPOUT", 0.0)
    genes = 20_000
    library = np.array([expected * genes])
    alike = np.zeros((1, genes))
    counts = rnaseq.draw_counts(alike, np.ones(genes), library, np.random.default_rng(0))
    assert counts.mean() == pytest.approx(expected, rel=0.05)
    assert counts.var() == pytest.approx(expected + 0.03 * expected**2 + expected, rel=0.1)


def test_reads_follow_length_expression_and_library():
    expression = np.tile([3.0, 3.0, 4.0], (400, 1))
    library = np.repeat([1e6, 4e6], 200)
    lengths = np.array([1000, 3000, 1000])
    counts = rnaseq.draw_counts(expression, lengths, library, np.random.default_rng(0))
    shares = counts.mean(axis=0) / counts.mean(axis=0).sum()
    assert shares == pytest.approx(np.array([1, 3, 2]) / 6, rel=0.05)
    assert counts[200:].sum() / counts[:200].sum() == pytest.approx(4, rel=0.05)


def test_genes_of_few_reads_drop_out_and_others_do_not():
    genes = 20_000

    def zeros(mean):
        library, lengths = np.array([mean * genes]), np.ones(genes)
        rng = np.random.default_rng(0)
        return np.mean(rnaseq.draw_counts(np.zeros((1, genes)), lengths, library, rng) == 0)

    # At a mean of 5 few zeros are the negative binomial's: (1 + a m)^(-1/a), a = 0.03 + 1/m.
    alone = (1 + 0.23 * 5) ** (-1 / 0.23)
    assert zeros(5) == pytest.approx(alone + (1 - alone) * 0.5 * np.exp(-0.5), abs=0.02)
    assert zeros(500) == 0


def test_counts_show_the_truth_within_a_study_and_batches_shift_it(world):
    one = (world.samples["source"] == "simulated-pairs").to_numpy()
    expressed = world.truth.mean > 3
    measured = log_cpm(world, "pair")[:, expressed]
    truth = world.rnaseq_truth[one][:, expressed]
    assert np.median(correlation_by_column(measured, truth)) > 0.9

    def offset(source):
        chosen = (world.samples["source"] == source).to_numpy()
        counts = world.counts[chosen][:, expressed]
        measured = np.log2(1e6 * counts / counts.sum(axis=1, keepdims=True) + 1)
        return (measured - world.rnaseq_truth[chosen][:, expressed]).mean(axis=0)

    between = offset("simulated-study-01") - offset("simulated-study-02")
    within = between.std() / np.sqrt(2)
    assert 0.25 < within < 0.45  # 0.3 by gene, 0.15 by length, and noise


def test_a_study_has_mostly_one_tissue_and_some_samples_are_shallow(world):
    training = world.samples[world.samples["role"] == "training"]
    assert training["source"].nunique() >= 6
    of_tissues = training[training["kind"].isin(transcriptome.TISSUES)]
    main = of_tissues.groupby("source")["kind"].agg(lambda kinds: kinds.value_counts().iloc[0])
    assert (main / of_tissues.groupby("source").size()).between(0.5, 1.0).all()
    assert of_tissues["kind"].nunique() > 4
    assert (training["reads"] < 1e6).sum() == 1
    assert (world.samples["reads"] == world.counts.sum(axis=1)).all()


# Treatments and ages


def test_targets_of_the_receptor_move_in_wells_by_every_glucocorticoid(world):
    targets = world.truth.regulation.targets[:LANDMARKS]
    steroids = world.treatments[world.treatments["receptor"]]
    for _, steroid in steroids.iterrows():
        assert signature(world, steroid) @ np.sign(targets) / (targets != 0).sum() > 0.4
        silent = np.abs(signature(world, steroid)[targets == 0]).mean()
        assert np.abs(signature(world, steroid)[targets != 0]).mean() > 2 * silent


def test_targets_of_the_receptor_move_in_the_studies_of_a_glucocorticoid(world):
    samples = world.samples[world.samples["role"] == "steroid"]
    steroid = world.treatments.loc[world.treatments["receptor"], "name"].iloc[0]
    changes = []
    for source, study in samples.groupby("source"):
        treated = study["condition"] == steroid
        assert treated.sum() == (~treated).sum() == 3, source
        assert study.loc[~treated, "condition"].eq("control").all()
        of_study = log_cpm(world, "steroid")[samples["source"] == source]
        changes.append(of_study[treated].mean(axis=0) - of_study[~treated].mean(axis=0))
    assert len(changes) == 3
    moved = np.mean(changes, axis=0)
    known = (world.truth.mean > 3) & (world.truth.regulation.targets != 0)
    assert np.corrcoef(moved[known], world.truth.regulation.targets[known])[0, 1] > 0.9


def test_knocked_down_genes_go_down_themselves(world):
    knocks = world.treatments[world.treatments["target"] >= 0]
    assert set(knocks["kind"]) == {"trt_sh", "trt_xpr"}
    assert (knocks["target"] >= LANDMARKS).any()
    of_landmarks = knocks[knocks["target"] < LANDMARKS]
    for _, knock in of_landmarks.iterrows():
        assert knock["name"] == world.genes["symbol"][knock["target"]]
        change = signature(world, knock)
        assert change[knock["target"]] < -0.5
        assert np.mean(change <= change[knock["target"]]) < 0.02
    for number, target in knocks["target"].items():
        assert (world.log2_change[number][:, target] <= -1.5).all()


def signature(world, treatment):
    """Return treated minus vehicle of the same plates, over all of them."""
    ids = {treatment["pert_id"], treatment["second_id"]} - {""}
    treated = world.wells["pert_id"].isin(ids)
    differences = []
    for plate in world.wells.loc[treated, "rna_plate"].unique():
        here = world.wells["rna_plate"] == plate
        vehicle = here & (world.wells["pert_type"] == "ctl_vehicle")
        difference = world.level3[here & treated].mean(axis=0) - world.level3[vehicle].mean(axis=0)
        differences.append(difference / world.platform.gain)
    return np.mean(differences, axis=0)


def test_drugs_and_cells_are_those_of_the_screen_with_the_same_seed(world):
    screen = plant("clustered", 12, 6, 4, seeds.generator(5, "biology"))
    change = screen.response @ screen.programmes
    assert world.log2_change[:12, :, :LANDMARKS] == pytest.approx(change, abs=1e-5)
    assert np.abs(world.log2_change[:12, :, LANDMARKS:]).max() > 1  # and move the other genes
    assert set(screen.cells["cell_id"]) <= set(world.wells["cell_id"])


def test_age_genes_follow_age_in_their_tissue_alone(world):
    samples = world.samples[world.samples["role"] == "ageing"]
    decade = samples["age"].map(transcriptome.DECADES.index).to_numpy()
    values = log_cpm(world, "ageing")
    slopes = {}
    for tissue in transcriptome.AGEING_TISSUES:
        here = (samples["kind"] == tissue).to_numpy()
        assert set(Counter(samples["age"][here]).values()) == {5}
        slopes[tissue] = np.polyfit(decade[here], values[here], 1)[0]
    for number, tissue in enumerate(transcriptome.AGEING_TISSUES):
        planted = world.truth.ageing[number]
        assert np.corrcoef(slopes[tissue][planted != 0], planted[planted != 0])[0, 1] > 0.8
        assert (np.sign(planted) == 1).sum() == (np.sign(planted) == -1).sum() == 40
        elsewhere = (planted != 0) & (world.truth.ageing[number - 1] == 0)
        other = slopes[transcriptome.AGEING_TISSUES[number - 1]][elsewhere]
        assert abs(np.corrcoef(other, planted[elsewhere])[0, 1]) < 0.5
    assert samples.groupby("donor")["age"].nunique().max() == 1
    assert (samples.groupby("donor").size() == len(transcriptome.AGEING_TISSUES)).all()


# Platforms


def residual_share(truth, fitted):
    return ((truth - fitted) ** 2).sum(axis=0) / ((truth - truth.mean(axis=0)) ** 2).sum(axis=0)


def fit_per_gene(measured, truth):
    """Return the truth as regression of each gene on its own measurement tells it."""
    centred, wanted = measured - measured.mean(axis=0), truth - truth.mean(axis=0)
    slope = (centred * wanted).sum(axis=0) / (centred**2).sum(axis=0)
    return truth.mean(axis=0) + slope * centred


def test_a_regression_per_gene_undoes_the_affine_platform_alone(worlds):
    left = {}
    for kind, world in worlds.items():
        truth = world.level3_truth.astype(float)
        left[kind] = residual_share(truth, fit_per_gene(world.platform.measure(truth), truth))
    assert left["affine"].max() < 1e-6
    assert np.median(left["monotone"]) > 0.05
    assert np.median(left["mixing"]) > 0.15


def test_a_linear_map_across_genes_undoes_mixing_and_not_curves(worlds):
    for kind, undone in (("mixing", True), ("monotone", False)):
        platform = worlds[kind].platform
        # As many wells as determine the map, whatever their truth.
        rng = np.random.default_rng(0)
        truth = platform.mean + rng.normal(0, 1.5, (2 * LANDMARKS, LANDMARKS))
        measured = np.hstack([platform.measure(truth), np.ones((len(truth), 1))])
        half = len(truth) * 3 // 4
        known = measured[:half]
        linear = np.linalg.solve(known.T @ known, known.T @ truth[:half])
        left = residual_share(truth[half:], measured[half:] @ linear)
        assert (left.max() < 1e-6) == undone
        assert np.median(left) > 0.05 or undone


def test_the_monotone_platform_keeps_the_order_of_each_gene_and_saturates(worlds):
    platform = worlds["monotone"].platform
    steps = np.linspace(-8, 8, 50)[:, None]
    measured = platform.measure(platform.mean + steps * np.ones(LANDMARKS))
    assert (np.diff(measured, axis=0) >= 0).all()
    rise = np.diff(measured, axis=0)
    assert (rise[[0, -1]].max(axis=0) < 0.05 * rise.max(axis=0)).mean() > 0.9


def test_mixing_takes_two_or_three_genes_and_most_of_the_own(worlds):
    mixing = worlds["mixing"].platform.mixing.toarray()
    assert set((mixing > 0).sum(axis=1)) == {2, 3}
    assert np.allclose(mixing.sum(axis=1), 1)
    assert (np.diag(mixing) >= 0.5).all()


def test_values_are_those_of_a_scanner_and_few_saturate(worlds):
    for world in worlds.values():
        for values in (world.level3, world.pair_level3):
            assert values.min() >= 0
            assert values.max() <= 16
            assert np.mean((values == 0) | (values == 16)) < 1e-3
            assert values.dtype == np.float32


def test_genes_keep_their_own_offsets_and_gains(world):
    measured = world.platform.measure(world.level3_truth)
    assert measured.mean(axis=0).std() > 1
    gains = measured.std(axis=0) / world.level3_truth.std(axis=0)
    assert gains.std() / gains.mean() > 0.2


def test_an_unknown_platform_is_named(world):
    with pytest.raises(LacunaError, match=r"'affin' \(did you mean 'affine'\?\)"):
        platforms.make_platform("affin", world.level3_truth, np.random.default_rng(0))


# Pairs, and the null world


def own_and_others(world):
    """Return the gene-centred correlation of each pair, and its mean with other samples."""
    rows = world.samples.reset_index().set_index("sample").loc[world.pairs["rnaseq"], "index"]
    truth = world.rnaseq_truth[rows][:, :LANDMARKS]
    z = [
        (values - values.mean(axis=0)) / values.std(axis=0) for values in (world.pair_level3, truth)
    ]
    found = np.corrcoef(*z)[: len(truth), len(truth) :]
    return np.diag(found), (found.sum(axis=1) - np.diag(found)) / (len(found) - 1), found


def test_the_own_sample_is_nearest_on_every_platform(worlds):
    for world in worlds.values():
        own, others, found = own_and_others(world)
        assert own.mean() > others.mean() + 0.4
        assert (found.argmax(axis=1) == np.arange(len(found))).mean() > 0.8


def test_in_the_null_world_the_own_sample_is_as_any_other(null):
    own, others, found = own_and_others(null)
    error = (own - others).std() / np.sqrt(len(own))
    assert abs((own - others).mean()) < 3 * error
    assert (found.argmax(axis=1) == np.arange(len(found))).mean() < 0.1


def test_in_the_null_world_l1000_tells_nothing_of_genes_lines_and_treatments(null, world):
    assert (
        abs(np.corrcoef(null.level3_truth.mean(axis=0), world.truth.mean[:LANDMARKS])[0, 1]) < 0.15
    )
    targets = world.truth.regulation.targets[:LANDMARKS]
    steroid = null.treatments[null.treatments["receptor"]].iloc[0]
    assert abs(np.corrcoef(signature(null, steroid), targets)[0, 1]) < 0.15
    knocks = null.treatments[null.treatments["target"].between(0, LANDMARKS - 1)]
    down = [signature(null, knock)[knock["target"]] for _, knock in knocks.iterrows()]
    assert np.median(down) > -0.5
    # Tissues tell nothing either: two samples of one tissue are alike no more than any two.
    values = null.pair_level3_truth - null.pair_level3_truth.mean(axis=0)
    alike = np.corrcoef(values)
    kind = null.pairs["kind"].to_numpy()
    same = (kind[:, None] == kind) & ~np.eye(len(kind), dtype=bool)
    assert abs(alike[same].mean()) < 0.1
    # Nor do any: samples of one tissue would count as one, and intervals would be too narrow.
    assert alike[~np.eye(len(kind), dtype=bool)].max() < 0.5


def test_rnaseq_and_plates_are_the_same_whatever_l1000_shows(worlds, null, world):
    for other in (*worlds.values(), null):
        assert np.array_equal(other.counts, world.counts)
        pd.testing.assert_frame_equal(other.samples, world.samples)
        pd.testing.assert_frame_equal(other.wells, world.wells)
        pd.testing.assert_frame_equal(other.pairs, world.pairs)
        assert (other is world) == np.array_equal(other.level3, world.level3)
    assert null.level3.shape == world.level3.shape


def test_pairs_are_never_for_training_and_share_no_donor_with_it(world):
    samples = world.samples.set_index("sample")
    paired = samples.loc[world.pairs["rnaseq"]]
    assert (paired["role"] == "pair").all()
    assert (samples["role"] == "pair").sum() == len(world.pairs) == 16 * 3 + 6
    assert paired["donor"].tolist() == world.pairs["donor"].tolist()
    assert paired["kind"].tolist() == world.pairs["kind"].tolist()
    training = samples[samples["role"] == "training"]
    assert not set(training["donor"]) & set(world.pairs["donor"])
    assert not set(training["kind"]) & set(world.truth.biology.cells["cell_id"])
    assert world.pairs["donor"].value_counts().max() == 3
