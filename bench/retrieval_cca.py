"""How long does CCA take, ours in closed form and scikit-learn's by iteration?

Both are given the same wells and molecules, and what the paper used: 50 components, at most 1,000
iterations, which are too few for the last components here. cca-zoo's, which is closed, too, is
timed where it is installed. Seconds are of CPU.
"""

import argparse
import time
from collections.abc import Callable

import numpy as np
from sklearn.cross_decomposition import CCA

from lacuna.retrieval.interface import Pairs
from lacuna.retrieval.methods import cca

COMPONENTS, ITERATIONS = 50, 1000
COMPARED = {"wells": 5_000, "molecules": 1_250}
PAPER = {"wells": 97_210, "molecules": 3_490}
WIDTH, LATENT = 512, 60
TOLERANCE = 1e-6  # of scikit-learn's iteration; its default


def world(wells: int, molecules: int, rng: np.random.Generator) -> Pairs:
    """Make fingerprints, and profiles that they move along some directions, the later the less."""
    vectors = (rng.random((molecules, WIDTH)) < 0.2).astype(np.float32)
    strength = np.linspace(2, 0.1, LATENT)
    same = np.random.default_rng(2)  # what a fingerprint does is the same in every world
    to_latent = same.normal(size=(WIDTH, LATENT)) / np.sqrt(WIDTH)
    to_profile = strength[:, None] * same.normal(size=(LATENT, WIDTH)) / np.sqrt(LATENT)
    molecule = np.arange(wells) % molecules
    effect = ((vectors - 0.2) @ to_latent @ to_profile)[molecule]
    profiles = (effect + rng.normal(size=(wells, WIDTH)) / 4).astype(np.float32)
    return Pairs(profiles, vectors, molecule, "jaccard")


def timed(run: Callable[[], np.ndarray]) -> tuple[float, np.ndarray]:
    """Return seconds of CPU, which others on the machine do not lengthen, and what was returned."""
    start = time.process_time()
    result = run()
    return time.process_time() - start, result


def ours(pairs: Pairs) -> np.ndarray:
    """Return the correlations of our variates, with a fixed setting and without a ridge."""
    ranker = cca.fit(pairs, pairs, np.random.default_rng(0), components=COMPONENTS, penalties=[0.0])
    return ranker.correlations


def iterated(pairs: Pairs) -> np.ndarray:
    """Return the correlations of scikit-learn's variates."""
    vectors = pairs.vectors[pairs.molecule]
    model = CCA(COMPONENTS, max_iter=ITERATIONS, tol=TOLERANCE)
    variates = model.fit_transform(pairs.profiles, vectors)
    return correlations(*variates)


def zoo(pairs: Pairs) -> np.ndarray:
    """Return the correlations of cca-zoo's variates."""
    from cca_zoo.linear import CCA as ClosedCca

    views = [pairs.profiles, pairs.vectors[pairs.molecule]]
    return correlations(*ClosedCca(COMPONENTS).fit(views).transform(views))


def correlations(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Correlate variates one by one."""
    return np.array([np.corrcoef(a, b)[0, 1] for a, b in zip(first.T, second.T, strict=True)])


def compare(label: str, pairs: Pairs, *, iterative: bool) -> None:
    """Print seconds side by side, and how far correlations are apart."""
    seconds, found = timed(lambda: ours(pairs))
    print(f"{label}: closed form {seconds:.2f} s")
    rivals = {"scikit-learn": iterated} if iterative else {}
    try:
        import cca_zoo
    except ImportError:
        print("cca-zoo is not installed: it is left out")
    else:
        rivals = {f"cca-zoo {cca_zoo.__version__}": zoo} | rivals
    for name, rival in rivals.items():
        took, theirs = timed(lambda rival=rival: rival(pairs))
        apart = np.abs(np.sort(theirs)[::-1] - found).max()
        print(
            f"{label}: {name} {took:.2f} s, {took / seconds:.1f} times ours; canonical "
            f"correlations differ by at most {apart:.1e}"
        )


def choosing(label: str, pairs: Pairs) -> None:
    """Print how long it takes to choose components and penalty, too."""
    judged = world(1_255, 436, np.random.default_rng(1))
    seconds, chosen = timed(lambda: cca.fit(pairs, judged, np.random.default_rng(0)).correlations)
    grid = len(cca.PENALTIES) * len(cca.COMPONENTS)
    print(f"{label}: closed form, {grid} settings by validation: {seconds:.2f} s ({len(chosen)})")


def main() -> None:
    """Print all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="leave out scikit-learn, which takes minutes"
    )
    quick = parser.parse_args().quick
    for sizes in (COMPARED, PAPER):
        pairs = world(**sizes, rng=np.random.default_rng(0))
        label = f"{sizes['wells']:,} x {WIDTH}"
        compare(label, pairs, iterative=sizes is COMPARED and not quick)
        choosing(label, pairs)


if __name__ == "__main__":
    main()
