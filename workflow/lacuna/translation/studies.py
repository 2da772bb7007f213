"""Signatures against those of RNA-seq studies of the same drug.

A study's signature comes from its own samples, treated against control, by the same scores as those
of L1000. Two questions: do the scores of genes correlate, and do the study's strongest genes stand
first among the signature's raised and last among its lowered? The answer is read between random
signatures of the same batches and other studies of the drug.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np
import pandas as pd

from lacuna.errors import LacunaError, did_you_mean, listed
from lacuna.io.blocks import Expression
from lacuna.translation.ageing import keep_expressed
from lacuna.translation.differential import FEWEST_TREATED, METHODS, Scores, compare, top_genes
from lacuna.translation.enrichment import universes, walk_numbers
from lacuna.translation.normalise import log_cpm
from lacuna.translation.random_signatures import Scored, combinations_of, combine
from lacuna.translation.sources import Source
from lacuna.vectors import unit_rows

CONDITION = "condition"  # the column of the table of samples
TOP, TOP_SHARE = 100, 0.1  # genes of a study that are raised most, and lowered: of fewer, a share
LEAST_GENES = 50  # fewer shared genes tell nothing of a correlation
METRICS = ("pearson", "spearman", "top_raised", "top_lowered")
LANDMARKS = "landmarks"
MEAN_OF, STUDY = "mean", "study"
FACTS = ["drug", "platform", "method", "universe", "study", "signature"]
NUMBERS = ["metric", "genes", "value", "random", "random_high", "p", "draws"]


class Described(Protocol):
    """An open file of RNA-seq, its unit, and its samples with a column `study`."""

    @property
    def expression(self) -> Expression: ...
    @property
    def unit(self) -> str: ...
    @property
    def samples(self) -> pd.DataFrame: ...


Open = TypeVar("Open", bound=Described)


@dataclass(frozen=True)
class Study:
    """What a drug did in an RNA-seq study.

    Attributes
    ----------
    name : str
    genes : Index of str
        Symbols of the genes that its samples express.
    scores : Scores
        Of these genes; positive is raised by the drug.
    treated, control : int
        How many samples.
    """

    name: str
    genes: pd.Index
    scores: Scores
    treated: int
    control: int


def study_signature(
    asked: Mapping[str, str], sources: Sequence[Source], genes: Sequence[str], gamma: float
) -> Study:
    """Compare the treated samples of a study with its control samples.

    Parameters
    ----------
    asked
        study (as the table of samples calls it), and the conditions treated and control.
    sources
        Open files of RNA-seq counts, one of which has the study.
    genes
        Symbols of the model's genes; others are left out before counts are scaled to a million.
    gamma
        Weight of the covariance in the Characteristic Direction, in (0, 1].

    Raises
    ------
    LacunaError
        If no file has the study, it has no such conditions, its values are no counts, or a
        condition has fewer than two samples.
    """
    source, groups = find_study(asked, sources)
    chosen = source.only([*groups["treated"], *groups["control"]])
    shared = [gene for gene in genes if gene in source.genes]
    blocks = list(chosen.blocks(shared))
    counts = np.concatenate([values for _, values in blocks])
    order = pd.Index(np.concatenate([names for names, _ in blocks]))
    measured = ~np.isnan(counts).any(axis=0)
    kept = np.flatnonzero(measured)
    expressed = keep_expressed(counts[:, kept], min(map(len, groups.values())))
    kept = kept[expressed]
    values = log_cpm(counts[:, kept], order).astype(np.float64)
    treated, control = (values[order.isin(groups[side])] for side in ("treated", "control"))
    scores = compare(treated, control, gamma)
    return Study(asked["study"], pd.Index(shared)[kept], scores, len(treated), len(control))


def find_study(
    asked: Mapping[str, str], sources: Sequence[Open]
) -> tuple[Open, dict[str, pd.Index]]:
    """Find the file that a study is in, and its samples of either side: treated and control.

    Parameters
    ----------
    asked, sources
        As `study_signature` takes them.

    Raises
    ------
    LacunaError
        If no file has the study, it has no such conditions, its values are no counts, or a
        condition has fewer than two samples.
    """
    name = asked["study"]
    source = _source_of(name, sources)
    samples = source.samples[source.samples["study"].astype(str) == name]
    where = f"translation: targets: study {name!r}"
    if source.unit != "counts":
        raise LacunaError(f"{where}: {source.expression.path} has {source.unit}; expected counts.")
    if CONDITION not in samples:
        raise LacunaError(
            f"{where}: the samples of {source.expression.path} have no column {CONDITION!r}, which "
            "says what was treated; expected it in their table."
        )
    groups = {side: _group(samples, asked[side], side, where) for side in ("treated", "control")}
    return source, groups


def _source_of(name: str, sources: Sequence[Open]) -> Open:
    known = [source.samples["study"].dropna().astype(str) for source in sources]
    for source, studies in zip(sources, known, strict=True):
        if (studies == name).any():
            return source
    every = sorted(pd.concat(known).unique())
    raise LacunaError(
        f"translation: targets: no RNA-seq sample is of a study {name!r}{did_you_mean(name, every)}"
        f"; the tables of samples have {listed(every, 20)}."
    )


def _group(samples: pd.DataFrame, condition: str, side: str, where: str) -> pd.Index:
    given = samples[CONDITION].astype(str)
    found = samples.index[given == condition]
    if len(found) < FEWEST_TREATED:
        known = sorted(given.unique())
        raise LacunaError(
            f"{where}: {len(found)} samples have the condition {condition!r} ({side})"
            f"{did_you_mean(condition, known) if found.empty else ''}; expected at least "
            f"{FEWEST_TREATED}. The study has {listed(known, 20)}."
        )
    return found


class AgainstStudies:
    """Signatures of a drug on one platform, compared with each study of it, one after the other.

    All comparisons are on the genes that the platform and all studies have.

    Parameters
    ----------
    genes
        Symbols of the platform's genes.
    landmarks, inferred
        Symbols of the genes that L1000 measures, and of those that it measures or infers.
    studies
        At least one.
    """

    def __init__(
        self,
        genes: Sequence[str],
        landmarks: Sequence[str],
        inferred: Sequence[str],
        studies: Sequence[Study],
    ):
        self.studies = studies
        self.shared = shared_genes(genes, studies)
        self.at = pd.Index(genes).get_indexer(self.shared)
        self.universes = _universes(self.shared, landmarks, inferred)
        self.found: dict[tuple[str, str, str], list[tuple[str, np.ndarray, np.ndarray]]] = {}

    def add(self, name: str, one: Scored) -> None:
        """Compare a signature, and its random ones, with all studies."""
        for universe, kept in self.universes.items():
            names, columns = self.shared[kept], self.at[kept]
            for method, score in one.scores.by_method().items():
                own = _Ordered.of(score[None, columns], names)
                random = _Ordered.of(one.random[method][:, columns], names)
                for study in self.studies:
                    top = _Top.of(study, method, names)
                    result = name, own.against(top)[0], random.against(top)
                    self.found.setdefault((method, universe, study.name), []).append(result)

    def tables(self, rng: np.random.Generator) -> Iterator[pd.DataFrame]:
        """Yield what was found.

        Parameters
        ----------
        rng
            Chooses random signatures of several batches, see
            `lacuna.translation.random_signatures.combinations_of`.

        Yields
        ------
        DataFrame with columns method, universe, study, signature and `NUMBERS`
            signature: its name, or "mean" of all that have the method's score; value: of
            `METRICS` (correlations of scores; and the peaks of the walks at the study's genes that
            are raised most, and lowered); random, random_high and p: the median and the 95 % point
            of random signatures' values, and the share of values at least as high.
        """
        for (method, universe, study), results in self.found.items():
            rows = [
                _numbers(value, random).assign(signature=name) for name, value, random in results
            ]
            others = [random for _, _, random in results]
            together = combine(others, combinations_of([len(each) for each in others], rng))
            mean = np.mean([value for _, value, _ in results], axis=0)
            rows.append(_numbers(mean, together).assign(signature=MEAN_OF))
            facts = {"method": method, "universe": universe, "study": study}
            yield pd.concat(rows).assign(**facts, genes=int(self.universes[universe].sum()))


def compare_studies(
    genes: Sequence[str],
    landmarks: Sequence[str],
    inferred: Sequence[str],
    studies: Sequence[Study],
) -> Iterator[pd.DataFrame]:
    """Compare studies with one another: as much as can be expected of a signature.

    Parameters
    ----------
    genes, landmarks, inferred, studies
        See `AgainstStudies`.

    Yields
    ------
    DataFrame
        As of `AgainstStudies.tables`, without random values; signature is the study that stands
        in the place of one.
    """
    shared = shared_genes(genes, studies)
    for universe, kept in _universes(shared, landmarks, inferred).items():
        names = shared[kept]
        for method in METHODS:
            for study in studies:
                top = _Top.of(study, method, names)
                for other in (other for other in studies if other is not study):
                    ordered = _Ordered.of(_score_of(other, method, names)[None], names)
                    facts = {"method": method, "universe": universe, "study": study.name}
                    table = _numbers(ordered.against(top)[0], np.empty((0, len(METRICS))))
                    yield table.assign(**facts, signature=other.name, genes=int(kept.sum()))


def shared_genes(genes: Sequence[str], studies: Sequence[Study]) -> pd.Index:
    """Return which of the genes all studies have, in their order."""
    shared = pd.Index(genes)
    for study in studies:
        shared = shared[shared.isin(study.genes)]
    return shared


def _universes(
    genes: pd.Index, landmarks: Sequence[str], inferred: Sequence[str]
) -> dict[str, np.ndarray]:
    """Return the genes looked at; of L1000's own profiles, the landmarks are all there are."""
    found = {LANDMARKS: genes.isin(landmarks)}
    if not found[LANDMARKS].all():
        found |= universes(genes.tolist(), sorted(inferred))
    return {name: kept for name, kept in found.items() if kept.sum() >= LEAST_GENES}


def _score_of(study: Study, method: str, genes: pd.Index) -> np.ndarray:
    return study.scores.by_method()[method][study.genes.get_indexer(genes)]


@dataclass(frozen=True)
class _Ordered:
    """Signatures made ready for all studies, arrays of shape (signatures, genes).

    unit: centred scores of unit length; rank: 0 for the most raised; unit_rank: centred ranks of
    unit length, the most raised highest.
    """

    unit: np.ndarray
    rank: np.ndarray
    unit_rank: np.ndarray

    @classmethod
    def of(cls, scores: np.ndarray, genes: pd.Index) -> "_Ordered":
        scores = np.asarray(scores, dtype=np.float64)
        rank = np.empty(scores.shape, dtype=np.int32)
        order = np.argsort(-scores, axis=1, kind="stable")
        np.put_along_axis(rank, order, np.arange(len(genes), dtype=np.int32)[None], axis=1)
        unit = unit_rows(scores - scores.mean(axis=1, keepdims=True))
        return cls(unit, rank, unit_rows((len(genes) - 1) / 2 - rank))

    def against(self, top: "_Top") -> np.ndarray:
        """Return `METRICS` against a study, shape (signatures, metrics)."""
        last = self.rank.shape[1] - 1
        metrics = [
            self.unit @ top.ordered.unit[0],
            self.unit_rank @ top.ordered.unit_rank[0],
            _peaks(self.rank[:, top.raised], last + 1),
            _peaks(last - self.rank[:, top.lowered], last + 1),
        ]
        return np.stack(metrics, axis=1)


@dataclass(frozen=True)
class _Top:
    """A study on some genes: its scores, and the positions of its strongest genes."""

    ordered: _Ordered
    raised: np.ndarray
    lowered: np.ndarray

    @classmethod
    def of(cls, study: Study, method: str, genes: pd.Index) -> "_Top":
        score = _score_of(study, method, genes)
        count = min(TOP, int(TOP_SHARE * len(genes)))
        raised, lowered = (
            genes.get_indexer(pd.Index(names))
            for names in top_genes(score, genes.to_numpy(), count)
        )
        return cls(_Ordered.of(score[None], genes), raised, lowered)


def _peaks(ranks: np.ndarray, genes: int) -> np.ndarray:
    positions = np.sort(ranks, axis=1)
    if not positions.shape[1]:
        return np.zeros(len(ranks))
    return walk_numbers(positions, np.ones(positions.shape), genes)[0]


def _numbers(values: np.ndarray, random: np.ndarray) -> pd.DataFrame:
    """Return a row per metric: its value, and the random ones' median, 95 % point and p."""
    table = pd.DataFrame({"metric": METRICS, "value": values, "draws": len(random)})
    if not len(random):
        return table.assign(random=np.nan, random_high=np.nan, p=np.nan)
    middle, high = np.quantile(random, [0.5, 0.95], axis=0)
    p = (1 + np.sum(random >= values, axis=0)) / (1 + len(random))
    return table.assign(random=middle, random_high=high, p=p)
