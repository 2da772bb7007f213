"""By how much methods are better than each other, drug by drug, and whether that is chance."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from lacuna.evaluation.bootstrap import adjust_holm, bootstrap_means, intervals
from lacuna.runtime.seeds import generator
from lacuna.single_cell.averages import ANY_DOSE, RUN, WORDS, Name, Question, by_drug, questions
from lacuna.single_cell.card import available, method_card
from lacuna.single_cell.metrics import METRICS
from lacuna.single_cell.rows import stacked

REFERENCE = "line_mean"  # what says nothing of the drug, and is hard to beat
DIRECTION = {"higher": 1, "lower": -1}
LEADS = [
    *("target", "split", "genes", "dose", "metric", "method", "start", "against"),
    *("against_start", "value", "low", "high", "p_holm", "t", "t_p", "t_p_holm"),
    *("drugs", "combinations"),
]


def leads(scores: pd.DataFrame, blocks: Mapping[str, "pd.Series[str]"], seed: int) -> pd.DataFrame:
    """Compare networks with all others, and plain methods with the line mean.

    Parameters
    ----------
    scores, blocks, seed
        See `lacuna.single_cell.averages.averages`.

    Returns
    -------
    DataFrame with columns `LEADS`
        At all doses and at the highest. value: above 0 where the method is better than the one it
        stands against, whether higher or lower scores are; on conditions that both have, a mean
        over drugs (of r2_clipped over conditions). low, high: its paired 95 % bootstrap interval
        over drugs; p_holm: two-sided, adjusted for the number of comparisons in the same place
        (Holm 1979, Scand J Stat 6:65). t, t_p: the paired t-test over conditions, at the highest
        dose alone, as published, which takes the lines of a drug as independent; t_p_holm: the
        same, adjusted.
    """
    tables = []
    for asked in questions(scores):
        better = METRICS[asked.metric].better if asked.metric in METRICS else ""
        if better not in DIRECTION or not (asked.is_highest or asked.dose == ANY_DOSE):
            continue
        names = zip(*(asked.scores.columns.get_level_values(n) for n in RUN), strict=True)
        pairs = comparisons([(str(method), str(start)) for method, start in names])
        if pairs:
            tables.append(_compare(asked, pairs, DIRECTION[better], blocks[asked.target], seed))
    return stacked(tables, LEADS)


def comparisons(names: Sequence[Name]) -> list[tuple[Name, Name]]:
    """Return who is compared with whom.

    Each network is with all plain methods, and with those that come after it; other starts come
    before `scratch`, so that a lead is that of pretraining. Plain methods that are no controls are
    with the line mean.
    """
    networks = [name for name in names if name[1]]
    networks.sort(key=lambda name: name[1] == "scratch")  # keeps the order of others
    plain = [name for name in names if not name[1]]
    known = set(available())
    pairs = [
        (first, other)
        for number, first in enumerate(networks)
        for other in (*plain, *networks[number + 1 :])
    ]
    rivals = [name for name in plain if name[0] in known and not method_card(name[0]).control]
    if (reference := (REFERENCE, "")) in plain:
        pairs += [(name, reference) for name in rivals if name != reference]
    return pairs


def _compare(
    asked: Question,
    pairs: Sequence[tuple[Name, Name]],
    direction: int,
    block: "pd.Series[str]",
    seed: int,
) -> pd.DataFrame:
    gains = [direction * (asked.scores[one] - asked.scores[other]) for one, other in pairs]
    lead = pd.concat(gains, axis=1, keys=range(len(pairs)))
    rows = by_drug(asked, lead)
    of_row = block.reindex(rows.index.get_level_values("drug")).to_numpy()
    draws = bootstrap_means(rows, of_row, generator(seed, *WORDS))
    table = intervals(draws).drop(columns="metric")
    known, of_pair = lead.notna(), block.reindex(asked.drug).to_numpy()
    tests = [t_test(lead[number].dropna().to_numpy()) for number in lead]
    t, t_p = np.array(tests if asked.is_highest else np.full((len(pairs), 2), np.nan)).T
    table = table.assign(
        target=asked.target,
        split=asked.split,
        genes=asked.genes,
        dose=asked.dose,
        metric=asked.metric,
        method=[one[0] for one, _ in pairs],
        start=[one[1] for one, _ in pairs],
        against=[other[0] for _, other in pairs],
        against_start=[other[1] for _, other in pairs],
        p_holm=adjust_holm(p_over_drugs(draws, known.groupby(of_pair).any().sum().to_numpy())),
        t=t,
        t_p=t_p,
        t_p_holm=adjust_holm(t_p),
        drugs=known.groupby(asked.drug).any().sum().to_numpy(),
        combinations=known.sum().to_numpy(),
    )
    return table[table["combinations"] > 0]


def p_over_drugs(draws: pd.DataFrame, drugs: np.ndarray) -> np.ndarray:
    """Return the two-sided p of each lead over its standard error.

    The error is that of the bootstrap, made as large as the unbiased one, and t has as many degrees
    of freedom as there are drugs, less one: a share of 1,000 draws is never small enough for many
    comparisons, and a normal distribution too narrow for few drugs.

    Parameters
    ----------
    draws
        A column per lead; the first row is the data.
    drugs : array of shape (leads,)
        Drugs, stereo twins as one.
    """
    from scipy.stats import t

    free = np.maximum(drugs - 1, 1)
    error = draws.iloc[1:].std().to_numpy(float) * np.sqrt(drugs / free)
    value = np.abs(draws.iloc[0].to_numpy(float))
    ratio = np.divide(value, error, out=np.where(value > 0, np.inf, 0.0), where=error != 0)
    return 2 * t.sf(ratio, free)


def t_test(differences: np.ndarray) -> tuple[float, float]:
    """Return t and the two-sided p of a mean of 0; NaN where differences do not vary.

    Of differences of pairs, it is the paired t-test.
    """
    from scipy.stats import ttest_1samp

    if len(differences) < 2 or not np.ptp(differences) > 0:
        return np.nan, np.nan
    result = ttest_1samp(differences, 0)
    return float(result.statistic), float(result.pvalue)
