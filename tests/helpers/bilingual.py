"""Samples measured two ways, small enough to translate within a test."""

from dataclasses import dataclass

import numpy as np

from lacuna.translation import chain
from lacuna.translation.chain import END_TO_END, Genes, Translation
from lacuna.translation.interface import GenomeTraining, LandmarkTraining
from lacuna.translation.normalise import Reference


@dataclass(frozen=True)
class Bilingual:
    """Samples whose truth is known, and others to train on."""

    truth: np.ndarray  # (test samples, landmarks)
    seen: np.ndarray  # the same by L1000
    genome: np.ndarray  # the same, all genes
    steps: LandmarkTraining
    whole: GenomeTraining


def bilingual(
    rng: np.random.Generator,
    *,
    genes: int = 40,
    landmarks: int = 12,
    samples: int = 400,
    mix: float = 0.0,
    noise: float = 0.1,
) -> Bilingual:
    """Draw samples of a few latent factors; L1000 scales, shifts and mixes the landmarks."""
    loadings = rng.normal(size=(5, genes))
    base = rng.uniform(3, 9, genes)
    scale, shift = rng.uniform(0.5, 1.5, landmarks), rng.uniform(0, 4, landmarks)
    mixing = np.eye(landmarks) * (1 - mix) + mix * np.roll(np.eye(landmarks), 1, axis=1)

    def draw(count: int) -> tuple[np.ndarray, np.ndarray]:
        whole = base + rng.normal(size=(count, 5)) @ loadings
        whole += noise * rng.normal(size=whole.shape)
        seen = (whole[:, :landmarks] - base[:landmarks]) @ mixing * scale + base[:landmarks] + shift
        return whole.astype(np.float32), (seen + noise * rng.normal(size=seen.shape)).astype("f4")

    whole, _ = draw(samples)
    _, unpaired = draw(samples)
    paired, paired_seen = draw(60)
    test, test_seen = draw(50)
    return Bilingual(
        truth=test[:, :landmarks],
        seen=test_seen,
        genome=test,
        steps=LandmarkTraining(
            unpaired, whole[:, :landmarks], (paired_seen, paired[:, :landmarks])
        ),
        whole=GenomeTraining(
            whole[:, :landmarks], whole, np.arange(samples) % 8, np.zeros(landmarks)
        ),
    )


def translation(world: Bilingual, first: str = "moments", second: str = "ridge") -> Translation:
    """Train a translation; its reference and errors are made up."""
    rng = np.random.default_rng(0)
    genes = [f"G{number}" for number in range(world.genome.shape[1])]
    if second == END_TO_END:
        back = chain.fit_step("landmarks", first, world.steps.reversed, rng)
        pseudo = chain.pseudo_pairs(back, world.whole, np.full(12, 0.1))
        steps = (chain.fit_step("genome", "ridge", pseudo, rng),)
    else:
        brief = {"extrapolator": {"epochs": 2}, "cyclegan": {"epochs": 1, "width": 16}}
        steps = (
            chain.fit_step("landmarks", first, world.steps, rng, brief.get(first)),
            chain.fit_step("genome", second, world.whole, rng, brief.get(second)),
        )
    error = np.linspace(0.1, 1, len(genes)).astype("f4")
    reference = Reference(np.linspace(0, 10, len(genes)))
    return Translation(Genes(genes[:12], genes), reference, "log2", (first, second), steps, error)
