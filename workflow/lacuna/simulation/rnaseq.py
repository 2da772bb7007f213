"""RNA-seq counts and L1000 wells of one transcriptome, with the planted truth beside them.

RNA-seq: negative binomial counts of studies that differ by batch, each with mostly one tissue or
with cell lines; tissues of ageing donors; three studies of a glucocorticoid; and the samples that
were measured on both platforms. L1000: plates of compounds and of knock-downs with vehicle wells,
untreated wells of many other lines, and a plate of the pairs.

In the null world, the L1000 side shows another transcriptome, whose genes, tissues, lines and
responses are drawn anew: it says nothing of the RNA-seq side. Which plates, wells, names and pairs
there are stays the same.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from lacuna.runtime import seeds
from lacuna.simulation.biology import draw_structures, plant
from lacuna.simulation.parameters import GENES, HEADS
from lacuna.simulation.plates import lay_out_pairs, lay_out_wells, list_treatments
from lacuna.simulation.platforms import Platform, make_platform
from lacuna.simulation.studies import (
    ageing_samples,
    pair_samples,
    steroid_samples,
    study_samples,
    unrelated_samples,
)
from lacuna.simulation.transcriptome import (
    CULTURE,
    Transcription,
    name_genes,
    plant_transcription,
)

STEROID = "{}C1CCC2C(C1)CCC1C2CCC2CCCC12"  # SMILES: four rings, and a group of the drug's own

LIBRARY, LIBRARY_SPREAD = 12e6, 0.5  # reads: median, and standard deviation of the logarithm
SHALLOW_SHARE, SHALLOW_LIBRARY = 0.01, 4e5  # of the samples for training; reads, too few to use
BATCH_SPREAD = 0.3  # log2; of a gene between studies
BATCH_LENGTH, SAMPLE_LENGTH = 0.15, 0.05  # log2 by standard deviation of log(gene length)
# variance = mean + (DISPERSION + DISPERSION_LOW / mean) mean^2
DISPERSION, DISPERSION_LOW = 0.03, 1.0
DROPOUT, DROPOUT_BELOW = 0.5, 10.0  # the share of zeros is DROPOUT exp(-mean / DROPOUT_BELOW)


@dataclass(frozen=True)
class Transcriptome:
    """Measurements of both platforms, and the truth.

    Attributes
    ----------
    genes : DataFrame
        ensembl, entrez, symbol, length, landmark, inferred; the first 978 are the landmarks.
    samples : DataFrame
        sample, source, kind (tissue or cell line), condition, unit, donor, age, role (training,
        pair, ageing or steroid), reads.
    counts : int array of shape (samples, genes)
    rnaseq_truth : float32 array of shape (samples, genes)
        Log2 expression without batch, gene length and noise of counts.
    wells, pair_wells : DataFrame
        inst_info of the screen, and of the pairs.
    level3, pair_level3 : float32 arrays of shape (wells, landmarks)
    level3_truth, pair_level3_truth : float32 arrays of shape (wells, landmarks)
        Log2 expression that the platform was given; in the null world, of another transcriptome.
    pairs : DataFrame
        l1000 (inst_id), rnaseq (sample), donor, kind.
    treatments : DataFrame
        pert_id, name, kind (pert_type), target (the gene's number of a knock-down, else -1),
        second_id (the other pert_id of a compound that goes by two), smiles (empty where
        there is none), receptor (whether it is a glucocorticoid).
    log2_change : float32 array of shape (treatments, cells, genes)
        By the full dose, in the transcriptome of the RNA-seq side.
    truth : Transcription
        Of the RNA-seq side.
    platform : Platform
    null : bool
    """

    genes: pd.DataFrame
    samples: pd.DataFrame
    counts: np.ndarray
    rnaseq_truth: np.ndarray
    wells: pd.DataFrame
    level3: np.ndarray
    level3_truth: np.ndarray
    pair_wells: pd.DataFrame
    pair_level3: np.ndarray
    pair_level3_truth: np.ndarray
    pairs: pd.DataFrame
    treatments: pd.DataFrame
    log2_change: np.ndarray
    truth: Transcription
    platform: Platform
    null: bool


def simulate_transcriptome(
    *,
    seed: int,
    platform: str = "affine",
    null: bool = False,
    generator: str = "clustered",
    genes: int = 3000,
    drugs: int = 40,
    cells: int = 12,
    mechanisms: int = 10,
    atlas: int = 300,
    studies: int = 10,
    samples_per_study: int = 50,
    pair_donors: int = 32,
    donors_per_decade: int = 8,
) -> Transcriptome:
    """Measure one transcriptome by RNA-seq and by L1000.

    With the arguments of `lacuna.simulation.write.simulate`, it has that screen's drugs, cells and
    responses. The RNA-seq side is the same whatever the platform, and in the null world.

    Parameters
    ----------
    seed
        The run's seed.
    platform
        How L1000 shows the landmarks: one of `PLATFORMS`, see `lacuna.simulation.platforms`.
    null
        Whether the L1000 side shows a transcriptome of its own.
    generator
        How responses differ between cells: one of `GENERATORS`.
    genes, drugs, cells, mechanisms
        How many of each; all of the landmarks are among the genes.
    atlas
        Further cell lines of which L1000 has an untreated well each, as LINCS has of many lines.
    studies, samples_per_study
        Of RNA-seq samples for training.
    pair_donors
        Donors whose tissues are measured on both platforms, as are the cell lines of the screen.
    donors_per_decade
        Donors of the tissues that age.

    Raises
    ------
    LacunaError
        If there is no such platform.
    ValueError
        If the genes are too few.
    """
    stream = partial(seeds.generator, seed)
    biology = plant(generator, drugs, cells, mechanisms, stream("biology"))
    truth = plant_transcription(biology, genes, stream("transcriptome"))
    table = name_genes(genes, stream("transcriptome", "genes"))
    sampled = (
        study_samples(truth, studies, samples_per_study, stream("rnaseq", "studies")),
        pair_samples(truth, pair_donors, stream("rnaseq", "pairs")),
        ageing_samples(truth, donors_per_decade, stream("rnaseq", "ageing")),
        steroid_samples(truth, stream("rnaseq", "steroids")),
    )
    samples = pd.concat([part for part, _ in sampled], ignore_index=True)
    expression = np.concatenate([values for _, values in sampled])
    number = samples.groupby("source").cumcount() + 1
    samples.insert(0, "sample", samples["source"] + ":S" + number.astype(str).str.zfill(4))
    counts = _sequence(samples, expression, table["length"], stream("rnaseq", "counts"))
    samples["reads"] = counts.sum(axis=1)
    treatments = list_treatments(truth)
    treatments["smiles"] = _structures(truth, treatments, stream("l1000", "structures"))

    shown = truth
    paired = expression[samples["role"] == "pair"]
    if null:
        elsewhere = plant(generator, drugs, cells, mechanisms, stream("null", "biology"))
        shown = plant_transcription(elsewhere, genes, stream("null", "transcriptome"))
        paired = unrelated_samples(shown, len(paired), stream("null", "pairs"))
    wells, treatment, cell = lay_out_wells(truth, treatments, atlas, stream("l1000", "plates"))
    cultures = shown.regulation.vary(CULTURE, len(wells), stream("l1000", "cultures"))
    others = shown.new_lines(atlas, stream("l1000", "atlas"))
    lines = shown.mean + np.concatenate([shown.lines, others])
    in_wells = (lines[cell] + cultures)[:, :GENES]
    treated = treatment >= 0
    in_wells[treated] += shown.changes()[treatment[treated], cell[treated], :GENES]
    of_pairs = samples[samples["role"] == "pair"]
    pair_wells = lay_out_pairs(of_pairs, stream("l1000", "pair plates"))
    in_pairs = paired[:, :GENES]
    assay = make_platform(platform, np.concatenate([in_wells, in_pairs]), stream("l1000", platform))
    return Transcriptome(
        genes=table,
        samples=samples,
        counts=counts,
        rnaseq_truth=expression.astype(np.float32),
        wells=wells,
        level3=assay.read_out(in_wells, _plate_number(wells), stream("l1000", "noise")),
        level3_truth=in_wells.astype(np.float32),
        pair_wells=pair_wells,
        pair_level3=assay.read_out(in_pairs, _plate_number(pair_wells), stream("l1000", "pairs")),
        pair_level3_truth=in_pairs.astype(np.float32),
        pairs=_pair_up(pair_wells, of_pairs),
        treatments=treatments,
        log2_change=truth.changes(),
        truth=truth,
        platform=assay,
        null=null,
    )


def draw_counts(
    expression: np.ndarray, lengths: np.ndarray, library: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Draw reads per gene: negative binomial, and some genes of few reads are not seen at all.

    The expected reads are the library's, shared out by 2^expression x length, and
    variance = mean + (0.03 + 1 / mean) mean^2 but for the zeros by dropout.

    Parameters
    ----------
    expression : array of shape (samples, genes)
        Log2.
    lengths : array of shape (genes,)
        Bases.
    library : array of shape (samples,)
        Reads of each sample.
    rng
        The random stream of the counts.

    Returns
    -------
    int32 array of shape (samples, genes)
    """
    weight = np.exp2(expression) * lengths
    mean = library[:, None] * weight / weight.sum(axis=1, keepdims=True)
    # A Poisson variable whose rate is gamma-distributed is negative binomial.
    shape = 1 / (DISPERSION + DISPERSION_LOW / mean)
    counts = rng.poisson(rng.gamma(shape, mean / shape))
    dropped = rng.random(mean.shape) < DROPOUT * np.exp(-mean / DROPOUT_BELOW)
    return np.where(dropped, 0, counts).astype(np.int32)


def _sequence(
    samples: pd.DataFrame, expression: np.ndarray, lengths: pd.Series, rng: np.random.Generator
) -> np.ndarray:
    """Return the counts of all samples: sources differ by batch, samples by depth and quality."""
    source = pd.factorize(samples["source"])[0]
    log_length = np.log(lengths.to_numpy())
    length = (log_length - log_length.mean()) / log_length.std()
    batch = rng.normal(0, BATCH_SPREAD, (source.max() + 1, len(length)))
    batch += rng.normal(0, BATCH_LENGTH, (len(batch), 1)) * length
    quality = rng.normal(0, SAMPLE_LENGTH, (len(samples), 1)) * length
    library = rng.lognormal(np.log(LIBRARY), LIBRARY_SPREAD, len(samples))
    training = np.flatnonzero(samples["role"] == "training")
    shallow = max(1, round(SHALLOW_SHARE * len(training)))
    library[rng.choice(training, shallow, replace=False)] = SHALLOW_LIBRARY
    return draw_counts(expression + batch[source] + quality, lengths.to_numpy(), library, rng)


def _structures(
    truth: Transcription, treatments: pd.DataFrame, rng: np.random.Generator
) -> np.ndarray:
    """Return a SMILES per treatment: steroids share a scaffold, knock-downs have none."""
    structures = np.full(len(treatments), "", dtype=object)
    mechanism = truth.biology.drugs["mechanism"].to_numpy()
    drawn = pd.Series(draw_structures(mechanism, rng))
    # Two drugs of one structure would count as one; the second goes without, as many in LINCS.
    structures[: len(drawn)] = drawn.mask(drawn.duplicated(), "")
    steroids = np.flatnonzero(treatments["receptor"])
    structures[steroids] = [STEROID.format(head) for head in HEADS[: len(steroids)]]
    return structures


def _pair_up(wells: pd.DataFrame, samples: pd.DataFrame) -> pd.DataFrame:
    described = samples[["sample", "donor", "kind"]].rename(columns={"sample": "rnaseq"})
    described.insert(0, "l1000", wells["inst_id"].to_numpy())
    return described.reset_index(drop=True)


def _plate_number(wells: pd.DataFrame) -> np.ndarray:
    return pd.factorize(wells["rna_plate"])[0]
