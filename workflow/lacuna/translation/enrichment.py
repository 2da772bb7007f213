"""Bridge plots: do a signature's strongest genes hold the targets of a transcription factor?

Genes are ranked by the absolute value of their score. A walk over them goes up at every target and
down at every other gene, by so much that it ends where it began; its peak is the enrichment score
of Subramanian et al. 2005 (doi:10.1073/pnas.0506580102). Upward steps are equal, or weighted by the
score. After Jeon et al. 2022 (doi:10.1186/s12859-022-04895-5), Figures 5 and 6.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import false_discovery_control

from lacuna.errors import LacunaError
from lacuna.translation.random_signatures import DRAWS, combinations_of, combine

WALKS = ("unweighted", "weighted")
RANDOM_DRAWN = 20  # of the random signatures, in the figure
STEPS = 200  # of a walk in the table that the figure draws
LEAST_TARGETS = 5  # a set with fewer among the genes has no walk to speak of
SIGNATURE = "signature"
NUMBERS = ["walk", "genes", "targets", "peak", "area", "p", "random_peak", "random_high", "draws"]
LIBRARY = ["set", *NUMBERS, "p_adjusted", "normalised", "rank"]
COMMON, MODEL_ONLY, ALL = "common", "model_only", "all"


@dataclass(frozen=True)
class Bridge:
    """A set of targets in a signature, by both kinds of walk.

    Attributes
    ----------
    numbers : DataFrame, one row per walk (unweighted, weighted)
        `NUMBERS`: walk, genes and targets (how many), peak and area of the walk, p against the
        random signatures, the median and the 95 % point of their peaks, and how many there are.
    walks : DataFrame
        walk, line ("signature", or "random 1" and so on), share (of the genes passed, 0 to 1),
        height.
    random_peaks : dict of arrays of shape (draws,)
        The peaks of the random signatures, by the kind of walk.
    """

    numbers: pd.DataFrame
    walks: pd.DataFrame
    random_peaks: dict[str, np.ndarray]


@dataclass(frozen=True)
class Ranked:
    """Signatures whose genes were ranked by the size of their scores, once for all sets.

    Attributes
    ----------
    order : int array of shape (signatures, genes)
        The genes, the strongest first.
    scaled : array of shape (signatures, genes)
        Their scores' sizes scaled to 0-1, in this order.
    """

    order: np.ndarray
    scaled: np.ndarray

    @classmethod
    def of(cls, scores: np.ndarray) -> "Ranked":
        """Rank signatures, an array of shape (signatures, genes)."""
        size = np.abs(scores)
        order = np.argsort(-size, axis=1, kind="stable")
        ordered = np.take_along_axis(size, order, axis=1)
        span = ordered[:, :1] - ordered[:, -1:]
        scaled = np.divide(
            ordered - ordered[:, -1:], span, out=np.zeros(size.shape, np.float64), where=span > 0
        )
        return cls(order, scaled)

    def targets(self, is_target: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return at which ranks (from 0) the targets stand, and their scaled scores.

        Both are of shape (signatures, targets).
        """
        at = is_target[self.order]
        shape = len(at), int(is_target.sum())
        return np.nonzero(at)[1].reshape(shape), self.scaled[at].reshape(shape)


@dataclass(frozen=True)
class Shuffled:
    """Genes drawn for targets, which is to give the scores to the genes at random.

    Attributes
    ----------
    genes : int array of shape (draws, targets)
    """

    genes: np.ndarray

    @classmethod
    def of(cls, genes: int, targets: int, draws: int, rng: np.random.Generator) -> "Shuffled":
        """Draw as many of the genes as there are targets, again and again."""
        drawn = [rng.choice(genes, targets, replace=False, shuffle=False) for _ in range(draws)]
        return cls(np.stack(drawn))

    def targets(self, own: Ranked) -> tuple[np.ndarray, np.ndarray]:
        """Return at which ranks of a signature they stand, and their scaled scores."""
        rank = np.argsort(own.order[0])
        positions = np.sort(rank[self.genes], axis=1)
        return positions, own.scaled[0][positions]


def universes(model_genes: Sequence[str], l1000_genes: Sequence[str]) -> dict[str, np.ndarray]:
    """Return which of the model's genes belong to each set of genes that is looked at.

    Parameters
    ----------
    model_genes
        Symbols of the genes that the model predicts.
    l1000_genes
        Symbols that L1000 measures or infers itself; without GEO's gene_info, the landmarks.

    Returns
    -------
    dict of bool arrays of shape (model genes,)
        common: in both; model_only: only the model has them; all.
    """
    common = np.isin(np.asarray(model_genes), np.asarray(l1000_genes))
    return {COMMON: common, MODEL_ONLY: ~common, ALL: np.ones(len(common), dtype=bool)}


def measure_bridge(
    score: np.ndarray,
    is_target: np.ndarray,
    random: np.random.Generator | Shuffled | Ranked,
    *,
    draws: int = DRAWS,
    drawn: int = RANDOM_DRAWN,
) -> Bridge:
    """Walk over the genes of a signature, and of random ones.

    Parameters
    ----------
    score : array of shape (genes,)
        Of the signature; its sign does not count.
    is_target : bool array of shape (genes,)
    random
        The random signatures: the signature's own scores given to the genes at random, by a
        generator or by genes that were drawn before (to pool several signatures, draw once, see
        `pool_bridges`); or signatures of random wells, as
        `lacuna.translation.random_signatures` makes them. Genes go up and down together, which
        shuffled genes do not: random wells are the stricter control.
    draws
        How many shuffles by a generator. p = (b + 1) / (B + 1) with b of B peaks at least as high.
    drawn
        How many of the random walks are given back.

    Raises
    ------
    LacunaError
        If there are fewer than `LEAST_TARGETS` targets or no other gene, a score is not finite, or
        no target's score exceeds the smallest.
    """
    score, is_target = np.asarray(score, dtype=np.float64), np.asarray(is_target, dtype=bool)
    genes, targets = len(score), int(is_target.sum())
    if not LEAST_TARGETS <= targets < genes:
        raise LacunaError(
            f"{targets} targets among {genes} genes; expected at least {LEAST_TARGETS}, and other "
            "genes besides. Give a larger set, or check that its symbols are those of the genes."
        )
    if not np.isfinite(score).all():
        raise LacunaError(f"{(~np.isfinite(score)).sum()} of {genes} scores are not finite.")
    own_ranks = Ranked.of(score[None])
    (positions,), (weights,) = own_ranks.targets(is_target)
    if not weights.any():
        raise LacunaError("no target has a score above the smallest; expected a signature.")
    if isinstance(random, np.random.Generator):
        random = Shuffled.of(genes, targets, draws, random)
    random_positions, random_weights = (
        random.targets(own_ranks) if isinstance(random, Shuffled) else random.targets(is_target)
    )
    numbers, walks, peaks = [], [], {}
    for walk in WALKS:
        own, others = (weights, random_weights)
        if walk == "unweighted":
            own, others = np.ones_like(own), np.ones_like(others)
        (peak,), (area,) = walk_numbers(positions[None], own[None], genes)
        random_peaks, _ = walk_numbers(random_positions, others, genes)
        p = (1 + np.sum(random_peaks >= peak)) / (1 + len(random_peaks))
        quantiles = np.quantile(random_peaks, [0.5, 0.95])
        numbers.append((walk, genes, targets, peak, area, p, *quantiles, len(random_peaks)))
        peaks[walk] = random_peaks
        lines = [(SIGNATURE, positions, own)]
        lines += [
            (f"random {number}", at, weight)
            for number, (at, weight) in enumerate(
                zip(random_positions[:drawn], others[:drawn], strict=True), start=1
            )
        ]
        for line, at, weight in lines:
            shown, height = _heights(at, weight, genes)
            walks.append((walk, line, shown, height))
    lengths = [len(height) for *_, height in walks]
    table = pd.DataFrame(
        {
            "walk": np.repeat([walk for walk, *_ in walks], lengths),
            "line": np.repeat([line for _, line, *_ in walks], lengths),
            "share": np.concatenate([shown for *_, shown, _ in walks]),
            "height": np.concatenate([height for *_, height in walks]),
        }
    )
    return Bridge(pd.DataFrame(numbers, columns=NUMBERS), table, peaks)


def pool_bridges(
    bridges: Sequence[Bridge], independent: np.random.Generator | None = None
) -> Bridge:
    """Average the walks of several signatures over the same genes and targets.

    p is that of the mean peak against the mean peaks of the random signatures, draw by draw. For
    it to allow for what the signatures share, every bridge must have been measured with the same
    draws of genes (`Shuffled`).

    Parameters
    ----------
    bridges
        At least one; of signatures of one platform, method, set and universe.
    independent
        Given where each bridge has random signatures of its own, and perhaps another number: it
        chooses which of them are averaged, see
        `lacuna.translation.random_signatures.combinations_of`.

    Returns
    -------
    Bridge
        peak and area are means, heights are means at the ranks that all walks have.

    Raises
    ------
    LacunaError
        If there is none, or they differ in genes, targets or, unless independent, draws.
    """
    draws = [len(bridge.random_peaks[WALKS[0]]) for bridge in bridges]
    sizes = {
        (*bridge.numbers[["genes", "targets"]].iloc[0], 0 if independent else number)
        for bridge, number in zip(bridges, draws, strict=True)
    }
    if len(sizes) != 1:
        raise LacunaError(
            f"{len(bridges)} bridges of {len(sizes)} kinds (genes, targets, draws); expected at "
            "least one, all over the same genes and targets."
        )
    numbers = bridges[0].numbers.copy()
    for column in ("peak", "area"):
        numbers[column] = np.mean([bridge.numbers[column] for bridge in bridges], axis=0)
    chosen = np.repeat(np.arange(draws[0])[:, None], len(bridges), axis=1)
    if independent is not None:
        chosen = combinations_of(draws, independent)
    peaks = {
        walk: combine([bridge.random_peaks[walk] for bridge in bridges], chosen) for walk in WALKS
    }
    for row, (walk, peak) in enumerate(numbers[["walk", "peak"]].itertuples(index=False)):
        higher = np.sum(peaks[walk] >= peak)
        quantiles = np.quantile(peaks[walk], [0.5, 0.95])
        columns = ["p", "random_peak", "random_high", "draws"]
        p = (1 + higher) / (1 + len(chosen))
        numbers.loc[row, columns] = [p, *quantiles, len(chosen)]
    together = pd.concat([bridge.walks for bridge in bridges])
    grouped = together.groupby(["walk", "line", "share"], sort=False)["height"]
    shared = grouped.mean()[grouped.size() == len(bridges)].reset_index()
    walks = shared.sort_values(["walk", "line", "share"], kind="stable", ignore_index=True)
    return Bridge(numbers, walks, peaks)


def walk_numbers(
    positions: np.ndarray, weights: np.ndarray, genes: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the peaks of walks, and the areas below them.

    Parameters
    ----------
    positions : int array of shape (walks, targets)
        The ranks of the targets, from 0, increasing.
    weights : array of shape (walks, targets)
        How far each goes up, in relation to the others of its walk; a walk without any weight
        never goes up.
    genes
        How many there are.

    Returns
    -------
    peak : array of shape (walks,)
        The greatest height, 0 to 1.
    area : array of shape (walks,)
        The mean height after each gene, -1 to 1.
    """
    targets = positions.shape[1]
    sums = weights.sum(axis=1, keepdims=True)
    steps = np.divide(weights, sums, out=np.zeros(weights.shape), where=sums > 0)
    others = genes - targets
    # A walk is highest just after a target: no need to look at the other genes.
    passed = positions - np.arange(targets)
    peak = (np.cumsum(steps, axis=1) - passed / others).max(axis=1)
    # A step at rank r is part of the heights after it and all later genes.
    later = genes - positions
    of_others = genes * (genes + 1) / 2 - later.sum(axis=1)
    return peak, ((steps * later).sum(axis=1) - of_others / others) / genes


def heights(positions: np.ndarray, weights: np.ndarray, genes: int) -> pd.DataFrame:
    """Return a walk at evenly spaced ranks and at its peak, for a figure.

    Parameters
    ----------
    positions, weights : arrays of shape (targets,)
        As of one walk of `walk_numbers`.
    genes
        How many there are.

    Returns
    -------
    DataFrame with columns share, height
        share: of the genes passed, from 0 to 1; height: of the walk after them.
    """
    share, height = _heights(positions, weights, genes)
    return pd.DataFrame({"share": share, "height": height})


def _heights(
    positions: np.ndarray, weights: np.ndarray, genes: int
) -> tuple[np.ndarray, np.ndarray]:
    total, others = weights.sum(), genes - len(positions)
    steps = np.concatenate([[0.0], np.cumsum(weights) / total if total > 0 else 0 * weights])
    after = np.arange(1, len(positions) + 1)  # targets passed just after each target
    at_targets = steps[after] - (positions + 1 - after) / others
    highest = positions[np.argmax(at_targets)] + 1 if at_targets.max() > 0 else 0
    shown = np.unique(np.linspace(0, genes, min(STEPS, genes) + 1).round().astype(int))
    shown = np.union1d(shown, highest)
    passed = np.searchsorted(positions, shown)
    return shown / genes, steps[passed] - (shown - passed) / others


def enrich_library(
    score: np.ndarray,
    genes: Sequence[str],
    sets: Mapping[str, Sequence[str]],
    rng: np.random.Generator,
    draws: int = DRAWS,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Measure all sets of a library in one signature.

    Parameters
    ----------
    score : array of shape (genes,)
    genes
        Their symbols.
    sets
        Symbols by the set's name, see `lacuna.io.gmt.read_gmt`.
    rng
        Shuffles the scores, for the random signatures.
    draws
        How many shuffles per set.

    Returns
    -------
    found : DataFrame
        `LIBRARY`: two rows per set, as in `Bridge.numbers`; p_adjusted: over the sets of each kind
        of walk, after Benjamini and Hochberg 1995 (doi:10.1111/j.2517-6161.1995.tb02031.x);
        normalised: the peak over the median of the random peaks, as sets of few genes have higher
        ones; rank: by it, from 1, among the sets of this kind of walk.
    left_out : DataFrame with columns set, targets, left_out
        Sets that cannot be measured, and why.
    """
    names, found, left_out = np.asarray(genes), [], []
    for name, members in sets.items():
        is_target = np.isin(names, np.asarray(members))
        if LEAST_TARGETS <= is_target.sum() < len(names):
            bridge = measure_bridge(score, is_target, rng, draws=draws, drawn=0)
            found.append(bridge.numbers.assign(set=name))
        else:
            reason = f"fewer than {LEAST_TARGETS} targets among the genes, or nothing but targets"
            left_out.append((name, int(is_target.sum()), reason))
    table = pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=LIBRARY)
    table["p_adjusted"] = table.groupby("walk")["p"].transform(false_discovery_control)
    table["normalised"] = table["peak"] / table["random_peak"]
    table["rank"] = table.groupby("walk")["normalised"].rank(ascending=False, method="first")
    table["rank"] = table["rank"].astype(int)
    return table[LIBRARY], pd.DataFrame(left_out, columns=["set", "targets", "left_out"])
