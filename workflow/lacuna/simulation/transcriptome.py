"""A transcriptome: all genes, tissues, cell lines, and what drugs, knock-downs and age do to them.

The landmarks are the genes of the simulated screen and answer to its drugs as there. The other
genes are regulated by the same factors and programmes, and every gene varies by itself, too. All
is in log2 expression:

    expression = mean + tissue or line + donor + sample + change by treatment + slope x decades

Tissues, donors and samples differ along the factors and along the programmes that drugs drive, so
that what drugs do can be learnt from samples that no drug has touched.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from lacuna.simulation.biology import Biology
from lacuna.simulation.parameters import GENES, GENES_PER_PROGRAMME, LINEAGES, PROGRAMMES

TISSUES = (*LINEAGES, "liver", "brain", "heart", "blood", "muscle", "adipose")
AGEING_TISSUES = ("breast", "prostate", "skin", "lung")
DECADES = ("20-29", "30-39", "40-49", "50-59", "60-69", "70-79")

FACTORS = 12  # number of factors along which tissues differ most
LOW_SHARE = 0.2  # of the genes that are no landmarks: expressed in hardly any sample
EXPRESSED = 2.0  # log2; the genes that are knocked down or age have at least this mean
INFERRED_SHARE = 0.5  # of the genes that are no landmarks: the L1000 platform infers them

TARGET_SHARE = 0.04  # of the genes: targets of the glucocorticoid receptor
REPRESSED_SHARE = 0.2  # of these targets
STEROIDS = 4  # number of compounds that act through the receptor
LANDMARK_KNOCK_DOWNS, OTHER_KNOCK_DOWNS = 10, 6  # number of target genes
AGE_GENES_SHARED, AGE_GENES_OWN = 40, 40  # of all tissues, and of each tissue besides


class Spread(NamedTuple):
    """Standard deviations between tissues, donors and so on, log2."""

    factors: float
    programmes: float  # along unit vectors, as the responses to drugs
    receptor: float  # share of the response to a glucocorticoid
    own: float  # multiple of the gene's own standard deviation


TISSUE = Spread(1.0, 2.0, 0.2, 1.5)
LINE = Spread(0.7, 2.0, 0.2, 1.5)
DONOR = Spread(0.3, 0.7, 0.1, 0.3)
SAMPLE = Spread(0.3, 1.5, 0.3, 1.0)
CULTURE = Spread(0.05, 0.2, 0.02, 0.3)  # between dishes of one line
LINE_FROM_TISSUE = 0.7  # share of its tissue's state that a cell line keeps


@dataclass(frozen=True)
class Regulation:
    """What makes samples differ.

    Attributes
    ----------
    factors : array of shape (factors, genes)
    programmes : array of shape (programmes, genes)
        Over the landmarks those of the screen; the others have weights of the same size.
    receptor : int
        The gene of the glucocorticoid receptor.
    targets : array of shape (genes,)
        Log2 change of its targets by a full response; 0 for other genes.
    own : array of shape (genes,)
        Standard deviation of what varies in one gene alone, log2.
    """

    factors: np.ndarray
    programmes: np.ndarray
    receptor: int
    targets: np.ndarray
    own: np.ndarray

    def vary(self, spread: Spread, number: int, rng: np.random.Generator) -> np.ndarray:
        """Draw log2 differences between tissues, donors and so on, shape (number, genes)."""
        return (
            rng.normal(0, spread.factors, (number, len(self.factors))) @ self.factors
            + rng.normal(0, spread.programmes, (number, len(self.programmes))) @ self.programmes
            + rng.normal(0, spread.receptor, (number, 1)) * self.targets
            + rng.normal(0, spread.own, (number, len(self.own))) * self.own
        )


@dataclass(frozen=True)
class Transcription:
    """What the genes express, and how they answer.

    Attributes
    ----------
    biology : Biology
        The drugs and cells of the screen, and the response of its programmes.
    mean : array of shape (genes,)
        Log2 expression over tissues.
    regulation : Regulation
        What makes samples differ.
    tissues : array of shape (tissues, genes)
        Log2 difference of each of `TISSUES` from the mean.
    lines : array of shape (cells, genes)
        Log2 difference of each cell line from the mean.
    steroids : array of shape (steroids, cells)
        Share of the full response that each glucocorticoid reaches.
    knock_downs : DataFrame
        target (the gene's number), programme, depth (log2, negative), downstream (log2 change
        along the programme).
    ageing : array of shape (tissues, genes)
        Log2 change per decade, for each of `AGEING_TISSUES`.
    """

    biology: Biology
    mean: np.ndarray
    regulation: Regulation
    tissues: np.ndarray
    lines: np.ndarray
    steroids: np.ndarray
    knock_downs: pd.DataFrame
    ageing: np.ndarray

    def new_lines(self, number: int, rng: np.random.Generator) -> np.ndarray:
        """Draw cell lines of any tissue, as log2 differences from the mean, (number, genes)."""
        tissue = rng.integers(len(self.tissues), size=number)
        return LINE_FROM_TISSUE * self.tissues[tissue] + self.regulation.vary(LINE, number, rng)

    def changes(self) -> np.ndarray:
        """Return the log2 change by each treatment in each line, (treatments, cells, genes).

        The treatments are the drugs of the screen at the full dose, then the glucocorticoids, then
        the knock-downs.
        """
        programmes = self.regulation.programmes
        drugs = self.biology.response @ programmes
        steroids = self.steroids[:, :, None] * self.regulation.targets
        knocks = self.knock_downs
        downstream = knocks["downstream"].to_numpy()[:, None]
        knocked = downstream * programmes[knocks["programme"]]
        knocked[np.arange(len(knocks)), knocks["target"]] = knocks["depth"]
        everywhere = np.repeat(knocked[:, None], drugs.shape[1], axis=1)
        return np.concatenate([drugs, steroids, everywhere]).astype(np.float32)


def plant_transcription(biology: Biology, genes: int, rng: np.random.Generator) -> Transcription:
    """Draw means, factors, tissues, cell lines, and the effects of treatments and of age.

    Parameters
    ----------
    biology
        Drugs, cells and programmes of the screen.
    genes
        How many; the first 978 are the landmarks.
    rng
        The random stream of the transcriptome.

    Raises
    ------
    ValueError
        If the genes are too few: the screen's landmarks, and others beside them.
    """
    if genes < GENES + 2 * OTHER_KNOCK_DOWNS:
        raise ValueError(f"{genes} genes; expected at least {GENES + 2 * OTHER_KNOCK_DOWNS}")
    mean = _means(genes, rng)
    receptor = int(rng.integers(GENES))
    regulation = Regulation(
        factors=rng.normal(0, rng.uniform(0.5, 1.2, genes) / np.sqrt(FACTORS), (FACTORS, genes)),
        programmes=extend_programmes(biology.programmes, genes, rng),
        receptor=receptor,
        targets=_targets(receptor, genes, rng),
        own=rng.uniform(0.3, 0.9, genes),
    )
    tissues = regulation.vary(TISSUE, len(TISSUES), rng)
    home = [TISSUES.index(lineage) for lineage in biology.cells["lineage"]]
    potency, level = rng.uniform(0.7, 1.2, STEROIDS), rng.uniform(0.5, 1.0, len(home))
    return Transcription(
        biology=biology,
        mean=mean,
        regulation=regulation,
        tissues=tissues,
        lines=LINE_FROM_TISSUE * tissues[home] + regulation.vary(LINE, len(home), rng),
        steroids=potency[:, None] * level,
        knock_downs=_knock_downs(mean, rng),
        ageing=_ageing(mean, rng),
    )


def name_genes(genes: int, rng: np.random.Generator) -> pd.DataFrame:
    """Return ensembl, entrez, symbol, length (bases), landmark and inferred of each gene.

    The landmarks come first and are called as in the screen; inferred are some of the others: the
    L1000 platform's table has them, too.
    """
    number = np.arange(1, genes + 1)
    landmark = number <= GENES
    return pd.DataFrame(
        {
            "ensembl": [f"ENSG{90_000_000_000 + gene}" for gene in number],
            "entrez": [str(900_000 + gene) for gene in number],
            "symbol": [f"SIMG{gene:04d}" for gene in number],
            "length": np.round(rng.lognormal(np.log(2500), 0.7, genes)).astype(int),
            "landmark": landmark,
            "inferred": ~landmark & (rng.random(genes) < INFERRED_SHARE),
        }
    )


def _means(genes: int, rng: np.random.Generator) -> np.ndarray:
    others = genes - GENES
    low = rng.random(others) < LOW_SHARE
    expressed, hardly = rng.normal(4.5, 2.0, others), rng.normal(-5.0, 1.5, others)
    return np.concatenate([rng.normal(5.5, 1.5, GENES), np.where(low, hardly, expressed)])


def extend_programmes(landmarks: np.ndarray, genes: int, rng: np.random.Generator) -> np.ndarray:
    """Give the screen's programmes members among the other genes, at the same rate and size.

    Parameters
    ----------
    landmarks : array of shape (programmes, landmarks)
        Unit rows.
    genes
        How many, the landmarks among them.
    rng
        The random stream of the transcriptome.

    Returns
    -------
    array of shape (programmes, genes)
        The landmarks come first.
    """
    shape = (len(landmarks), genes - GENES)
    member = rng.random(shape) < GENES_PER_PROGRAMME / GENES
    # A unit row of Laplace variables, whose variance is 2, has weights of about this scale.
    weights = rng.laplace(0, 1 / np.sqrt(2 * GENES_PER_PROGRAMME), shape)
    return np.hstack([landmarks, np.where(member, weights, 0.0)])


def _targets(receptor: int, genes: int, rng: np.random.Generator) -> np.ndarray:
    """Return the effects of a full response; landmarks have their share of the targets."""
    targets = np.zeros(genes)
    for first, last in ((0, GENES), (GENES, genes)):
        candidates = np.setdiff1d(np.arange(first, last), receptor)
        chosen = rng.choice(candidates, round(TARGET_SHARE * (last - first)), replace=False)
        size = rng.uniform(0.6, 1.8, len(chosen))
        targets[chosen] = np.where(rng.random(len(chosen)) < REPRESSED_SHARE, -size, size)
    return targets


def _knock_downs(mean: np.ndarray, rng: np.random.Generator) -> pd.DataFrame:
    expressed = np.flatnonzero(mean >= EXPRESSED)
    landmarks, others = expressed[expressed < GENES], expressed[expressed >= GENES]
    target = np.concatenate(
        [
            rng.choice(landmarks, LANDMARK_KNOCK_DOWNS, replace=False),
            rng.choice(others, OTHER_KNOCK_DOWNS, replace=False),
        ]
    )
    return pd.DataFrame(
        {
            "target": target,
            "programme": rng.integers(PROGRAMMES, size=len(target)),
            "depth": -rng.uniform(1.5, 3.5, len(target)),
            "downstream": rng.normal(0, 4, len(target)),
        }
    )


def _ageing(mean: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return log2 per decade, shape (tissues, genes): half of the genes rise, half fall."""
    slopes = np.zeros((len(AGEING_TISSUES), len(mean)))
    order = rng.permutation(np.flatnonzero(mean >= EXPRESSED))
    shared, others = order[:AGE_GENES_SHARED], order[AGE_GENES_SHARED:]
    for slope in slopes:
        genes = np.concatenate([shared, rng.choice(others, AGE_GENES_OWN, replace=False)])
        size = rng.uniform(0.15, 0.4, len(genes))
        slope[genes] = np.where(np.arange(len(genes)) % 2, -size, size)
    return slopes
