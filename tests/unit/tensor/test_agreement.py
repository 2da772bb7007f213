"""How much of a profile is no noise: against planted truth, selected and averaged."""

import numpy as np
import pandas as pd
import pytest

from lacuna.tensor.agreement import averaged_noise, expected_agreement, signal_share

GENES = 80


def planted(seed, replicates, strengths=(0.2, 0.4, 0.6), experiments=1500):
    """Experiments of weak and strong drugs, and the p-value of each one's agreement by chance."""
    rng = np.random.default_rng(seed)
    truth = rng.normal(size=(experiments, GENES))
    truth *= rng.choice(strengths, size=(experiments, 1)) / truth.std(axis=1, keepdims=True)
    wells = truth[:, None] + rng.normal(size=(experiments, replicates, GENES))
    chance = agreement_of(rng.normal(size=(4000, replicates, GENES)))
    agreement = agreement_of(wells)
    below = np.searchsorted(np.sort(-chance), -agreement) / len(chance)
    table = pd.DataFrame({"replicates": replicates, "acd": 1 - agreement, "p_value": below})
    return table, truth, unit(wells).mean(axis=1)


def unit(rows):
    return rows / np.linalg.norm(rows, axis=-1, keepdims=True)


def agreement_of(wells):
    count = wells.shape[1]
    products = unit(wells) @ unit(wells).transpose(0, 2, 1)
    return (products.sum(axis=(1, 2)) - count) / (count * (count - 1))


def correlation(x, y):
    return np.mean([np.corrcoef(*pair)[0, 1] for pair in zip(x, y, strict=True)])


@pytest.mark.parametrize("strengths", [(0.2, 0.4, 0.6), (0.1, 0.3, 0.5, 0.7, 0.9), (0.2, 0.8)])
def test_of_two_replicates_half_of_the_luck_of_selected_experiments_is_taken_off(strengths):
    """With four replicates and these strengths little or nothing is: see docs/evaluation.md."""
    replicates = 2
    table, truth, mean = planted(0, replicates, strengths)
    chosen = (table["p_value"] <= 0.1).to_numpy()
    reached = correlation(mean[chosen], truth[chosen])
    taken = np.sqrt(1 - averaged_noise(table))[chosen].mean()
    as_shown = 1 - table.loc[chosen, "acd"]
    naive = np.sqrt(replicates * as_shown / (1 + (replicates - 1) * as_shown)).mean()
    assert naive > reached + 0.03
    assert reached - 0.01 < taken < (reached + naive) / 2


def test_what_is_all_chance_is_taken_for_the_mean():
    table, _, _ = planted(1, 3, strengths=(0.3,))
    assert expected_agreement(table).std() < 0.35 * table["acd"].std()


def test_each_number_of_replicates_has_chance_of_its_own():
    few, _, _ = planted(2, 2)
    many, _, _ = planted(3, 5)
    alone = pd.concat([expected_agreement(few), expected_agreement(many)], ignore_index=True)
    together = expected_agreement(pd.concat([few, many], ignore_index=True))
    pd.testing.assert_series_equal(together, alone)


def test_without_p_values_agreement_is_as_it_is_shown():
    """Of two replicates that correlate by 0.6 the mean has reliability 1.2 / 1.6."""
    table = pd.DataFrame({"replicates": [2, 1, 3, 4], "acd": [0.4, 0.19, 1.2, np.nan]})
    noise = averaged_noise(table.assign(p_value=np.nan))
    assert noise[:3].tolist() == pytest.approx([0.25, 0.19, 1])
    assert np.isnan(noise[3])


@pytest.mark.parametrize("constant", ["acd", "p_value"])
def test_where_all_agree_alike_nothing_is_taken_off(constant):
    table = pd.DataFrame({"replicates": 2, "acd": np.linspace(0.2, 0.8, 30)})
    table = table.assign(p_value=table["acd"]).assign(**{constant: 0.5})
    assert expected_agreement(table).tolist() == (1 - table["acd"]).tolist()


@pytest.mark.parametrize("alike", [True, False])
def test_doses_are_no_replicates_of_each_other(alike):
    """Two experiments of two replicates each, of one profile or of two that have no gene alike."""
    rng = np.random.default_rng(4)
    first = rng.normal(size=(400, GENES))
    other = first if alike else rng.normal(size=(400, GENES))
    wells = np.stack([first, other], 1)[:, :, None] + 1.5 * rng.normal(size=(400, 2, 2, GENES))
    means = unit(unit(wells).mean(axis=2))
    agreement = np.mean([agreement_of(wells[:, dose]).mean() for dose in (0, 1)])
    table = pd.DataFrame({"replicates": [2] * 800, "acd": 1 - agreement, "p_value": np.nan})
    noise = averaged_noise(table).to_numpy().reshape(400, 2).sum(axis=1)
    total = means.sum(axis=1)
    share = signal_share(noise, (total**2).sum(axis=1))
    truth = unit(first) + unit(other)
    assert np.sqrt(share).mean() == pytest.approx(correlation(total, truth), abs=0.015)
    as_of_one = 4 * agreement / (1 + 3 * agreement)
    assert (np.sqrt(as_of_one) > np.sqrt(share).mean() + 0.05) == (not alike)


def test_what_cancels_out_has_no_signal():
    assert signal_share(np.array([0.2, np.nan]), np.array([0.0, 1.0])).tolist()[0] == 0
    assert np.isnan(signal_share(np.array([np.nan]), np.array([1.0]))).all()
