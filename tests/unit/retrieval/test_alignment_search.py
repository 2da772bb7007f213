"""The search for options: the paper's spaces, its objective, and going on after a kill."""

import json
import math

import numpy as np
import pytest
from scipy.stats import kstest, lognorm
from two_sides import two_sides

from lacuna.completion.card import declared_options
from lacuna.errors import LacunaError
from lacuna.retrieval.alignment import align, search
from lacuna.retrieval.alignment.trainer import Diverged
from lacuna.retrieval.ranks import ranks as average_ranks

optuna = pytest.importorskip("optuna", reason="pip install 'lacuna[retrieval]'")

TRAINING, VALIDATION = two_sides(1, 40), two_sides(2, 15)


def found(seed=0, trials=6, **options):
    return search.search(
        TRAINING, VALIDATION, np.random.default_rng(seed), trials=trials, **options
    )


@pytest.fixture
def scored(monkeypatch):
    """Trials are scored by a formula, not trained; the list of those that were scored."""
    seen = []

    def score(training, validation, rng, work, options):
        assert training is TRAINING
        assert validation is VALIDATION
        seen.append(options)
        return 100 * abs(options["beta"] - 1.1) + rng.random()

    monkeypatch.setattr(search, "_median_rank", score)
    return seen


def test_options_are_drawn_from_the_spaces_of_the_paper():
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    drawn = [search.chosen(study.ask()) for _ in range(400)]
    declared = declared_options(align.fit)
    for options in drawn:
        for name, value in options.items():
            assert declared[name].fault(value) is None
        for side in ("profile_layers", "molecule_layers"):
            assert len(options[side]) <= 4
            assert all(4 <= width <= 4096 for width in options[side])

    def span(name):
        values = [options[name] for options in drawn]
        return min(values), max(values)

    for name, low, high, slack in (
        ("epochs", 10, 30, 0),
        ("batch", 16, 512, 20),
        ("dimensions", 32, 512, 20),
        ("dropout", 0, 0.5, 0.02),
        ("beta", 0, 2, 0.05),
        ("margin", 0, 2, 0.05),
    ):
        least, largest = span(name)
        assert low <= least <= low + slack
        assert high - slack <= largest <= high
    for name in ("activation", "bias", "rank_transform", "negative_distance", "rank_distance"):
        assert len({options[name] for options in drawn}) == {"activation": 4}.get(name, 2)
    assert {options["loss"] for options in drawn} == set(search.LOSSES) <= set(align.LOSSES)
    rates = [options["learning_rate"] for options in drawn]
    assert kstest(rates, lognorm(s=0.5, scale=math.exp(-7)).cdf).pvalue > 0.01
    first = [options["profile_layers"][0] for options in drawn if options["profile_layers"]]
    assert min(first) < 80
    assert 2000 < max(first) <= 2048
    growths = [
        b / a for a, b in (o["profile_layers"][:2] for o in drawn if len(o["profile_layers"]) > 1)
    ]
    assert max(growths) < math.exp(1.1) + 0.1
    assert abs(np.median(np.log(growths))) < 0.25


def test_the_objective_is_the_median_rank_of_compounds_by_their_mean_place():
    model = align.fit(
        TRAINING, VALIDATION, np.random.default_rng(0), profile_layers=[], dimensions=4, epochs=1
    )
    pairs = VALIDATION.pairs
    g, m = model.embed_profiles(pairs.profiles), model.embed_molecules(pairs.vectors)
    ranks = []
    for drug in range(15):
        place = g[pairs.molecule == drug].mean(axis=0)
        distances = np.array([1 - np.corrcoef(place, other)[0, 1] for other in m])
        ranks.append(average_ranks(distances[None], np.array([drug]))[0])
    assert np.median(ranks) > 1
    assert search.drug_level_median_rank(model, VALIDATION) == np.median(ranks)


def test_trials_are_trained_to_the_last_epoch_and_the_lowest_rank_is_best(tmp_path, monkeypatch):
    asked, fit = [], align.fit

    def watched(*arguments, **options):
        asked.append(options)
        return fit(*arguments, **options)

    monkeypatch.setattr(search.align, "fit", watched)
    fixed = {
        "epochs": 2,
        "dimensions": 8,
        "profile_layers": (16,),
        "molecule_layers": [],
        "device": "cpu",
    }
    result = found(trials=3, work=tmp_path, fixed=fixed)
    assert [options["early_stopping"] for options in asked] == [False] * 3
    assert all(options["epochs"] == 2 and options["profile_layers"] == [16] for options in asked)
    ranks = result.trials["median_rank"]
    assert result.trials["trial"].tolist() == [0, 1, 2]
    best = {
        name: value
        for name, value in asked[int(ranks.argmin())].items()
        if name != "early_stopping"
    }
    assert result.options == best
    assert ranks.between(1, 15).all()
    model = align.fit(TRAINING, VALIDATION, np.random.default_rng(0), **result.options)
    assert model.embed_molecules(VALIDATION.pairs.vectors).shape == (15, 8)
    assert [path.name for path in tmp_path.iterdir()] == ["trials.json"]


def test_the_search_finds_what_scores_well(scored):
    result = found(trials=60)
    first, last = (result.trials["beta"].iloc[part] for part in (slice(20), slice(-20, None)))
    assert (last - 1.1).abs().mean() < (first - 1.1).abs().mean() / 2
    assert abs(result.options["beta"] - 1.1) < 0.05
    assert result.trials["beta"].nunique() == 60
    noise = result.trials["median_rank"] - 100 * (result.trials["beta"] - 1.1).abs()
    assert noise.round(6).nunique() == 60  # each trial has a stream of its own


def test_a_search_that_is_killed_goes_on_to_the_same_trials(tmp_path, scored, monkeypatch):
    whole = found(trials=30)
    score = search._median_rank
    for kill in (3, 25):
        scored.clear()

        def killed(*arguments, kill=kill):
            if len(scored) == kill:
                raise KeyboardInterrupt
            return score(*arguments)

        monkeypatch.setattr(search, "_median_rank", killed)
        work = tmp_path / str(kill)
        with pytest.raises(KeyboardInterrupt):
            found(trials=30, work=work)
        monkeypatch.setattr(search, "_median_rank", score)
        resumed = found(trials=30, work=work)
        assert len(scored) == 30
        assert resumed.trials.equals(whole.trials)
        assert resumed.options == whole.options
    fewer = found(trials=10, work=work)  # nothing to do
    assert len(scored) == 30
    assert fewer.trials.equals(whole.trials[:10])


def test_another_search_and_a_damaged_file_begin_anew(tmp_path, scored, capsys):
    first = found(work=tmp_path)
    assert found(work=tmp_path).trials.equals(first.trials)
    assert len(scored) == 6
    for change in ({"seed": 1}, {"fixed": {"batch": 64}}):
        found(work=tmp_path, **change)
        scored.clear()
        found(work=tmp_path)
        assert len(scored) == 6
    file = tmp_path / search.TRIALS
    good = json.loads(file.read_text())
    for damaged in (
        "",
        "{",
        "[]",
        json.dumps(good | {"trials": [{}]}),
        json.dumps(good | {"trials": 3}),
    ):
        file.write_text(damaged)
        scored.clear()
        assert found(work=tmp_path).trials.equals(first.trials)
        assert len(scored) == 6
    assert "starts anew" in capsys.readouterr().out


def test_trainings_that_diverge_are_counted_out(monkeypatch):
    fit, number = align.fit, iter(range(100))

    def every_second(*arguments, **options):
        if next(number) % 2:
            raise Diverged("no number")
        return fit(*arguments, **options)

    monkeypatch.setattr(search.align, "fit", every_second)
    fixed = {"epochs": 1, "profile_layers": [], "molecule_layers": []}
    result = found(trials=4, fixed=fixed)
    assert result.trials["median_rank"].isna().tolist() == [False, True, False, True]
    assert math.isfinite(result.trials["median_rank"].min())

    def always(*arguments, **options):
        raise Diverged("no number")

    monkeypatch.setattr(search.align, "fit", always)
    with pytest.raises(LacunaError, match="all 2 trials diverged"):
        found(trials=2)


def test_a_search_without_trials_or_without_queries_is_refused():
    with pytest.raises(LacunaError, match="0 trials"):
        found(trials=0)
    pairs = VALIDATION.pairs
    empty = type(VALIDATION)(type(pairs)(pairs.profiles[:0], pairs.vectors, pairs.molecule[:0]))
    with pytest.raises(LacunaError, match="0 validation profiles"):
        search.search(TRAINING, empty, np.random.default_rng(0))


def test_optuna_speaks_as_it_did_before(scored):
    before = optuna.logging.get_verbosity()
    found(trials=1)
    assert optuna.logging.get_verbosity() == before
