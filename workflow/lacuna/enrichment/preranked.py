"""Preranked gene set enrichment, by gseapy.

Source: Subramanian et al. 2005, doi:10.1073/pnas.0506580102; Fang et al. 2023 (gseapy),
doi:10.1093/bioinformatics/btac757.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from lacuna.errors import LacunaError, listed

# Genes of a set that the screen has; with fewer a set says little, with more it is all genes.
FEWEST_GENES, MOST_GENES = 10, 500
RESULT = ["set", "genes", "es", "nes", "p", "fdr", "leading_genes"]
THEIRS = {
    "Term": "set",
    "ES": "es",
    "NES": "nes",
    "NOM p-val": "p",
    "FDR q-val": "fdr",
    "Lead_genes": "leading_genes",
}


def usable_sets(sets: Mapping[str, Sequence[str]], symbols: Sequence[str]) -> dict[str, list[str]]:
    """Return the sets that can be asked about, with those of their genes that the screen has.

    Parameters
    ----------
    sets
        Gene symbols by the set's name; see `lacuna.io.gmt`.
    symbols
        Of the screen's genes.

    Raises
    ------
    LacunaError
        If no set has between `FEWEST_GENES` and `MOST_GENES` of them.
    """
    known = set(symbols)
    inside = {name: [gene for gene in genes if gene in known] for name, genes in sets.items()}
    usable = {
        name: genes for name, genes in inside.items() if FEWEST_GENES <= len(genes) <= MOST_GENES
    }
    if not usable:
        largest = sorted(inside, key=lambda name: -len(inside[name]))[:3]
        counts = [f"{name} with {len(inside[name])}" for name in largest]
        raise LacunaError(
            f"acquire: gene_sets: none of {len(sets)} sets has between {FEWEST_GENES} and "
            f"{MOST_GENES} genes of the screen's {len(known)}; the largest are {listed(counts)}. "
            "Expected gene symbols, as in the screen's gene_info."
        )
    return usable


def enrich(
    profile: pd.Series, sets: Mapping[str, Sequence[str]], permutations: int, seed: int
) -> pd.DataFrame:
    """Ask which sets stand at the top or the bottom of one profile.

    Parameters
    ----------
    profile
        A value for each gene, by symbol; up is positive. Of equal symbols the first is taken.
    sets
        As `usable_sets` returns them.
    permutations
        Of the genes.
    seed
        Of these permutations.

    Returns
    -------
    DataFrame with columns `RESULT`, one row per set
        genes: how many of them the screen has; es and nes: the enrichment score, and as a multiple
        of its mean over permutations; p and fdr as gseapy gives them: p is 0 where no permutation
        scores as high, and fdr is over the sets of this profile; leading_genes: those before the
        score's peak, separated by ";". Sorted by nes, up first.
    """
    import gseapy  # slow to import

    ranked = profile[~profile.index.duplicated()].astype(float)
    # gseapy breaks ties by the order it is given.
    ranked = ranked.sort_index().sort_values(ascending=False, kind="stable")
    found = gseapy.prerank(
        rnk=ranked,
        gene_sets={name: list(genes) for name, genes in sets.items()},
        min_size=1,
        max_size=len(ranked),
        permutation_num=permutations,
        outdir=None,
        no_plot=True,
        seed=seed,
        threads=1,
        verbose=False,
    ).res2d
    table = found.rename(columns=THEIRS)
    numbers = ["es", "nes", "p", "fdr"]
    table[numbers] = table[numbers].astype(float)
    table["genes"] = table["set"].map({name: len(genes) for name, genes in sets.items()})
    table = table.sort_values("set").sort_values("nes", ascending=False, kind="stable")
    return table[RESULT].reset_index(drop=True)


def enrich_all(
    profiles: pd.DataFrame,
    sets: Mapping[str, Sequence[str]],
    permutations: int,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Ask several profiles; all share the permutations' seed.

    Parameters
    ----------
    profiles
        One row per profile, at least one, symbols in columns; the index says what each is of.
    sets
        By name, see `usable_sets`.
    permutations
        Of the genes.
    rng
        Draws the seed.

    Returns
    -------
    DataFrame
        The levels of the index, then `RESULT`.
    """
    seed = int(rng.integers(2**31))
    usable = usable_sets(sets, list(profiles.columns))
    labels = profiles.index.to_frame(index=False)
    tables = [
        labels.iloc[[place]].merge(
            enrich(profiles.iloc[place], usable, permutations, seed), how="cross"
        )
        for place in range(len(profiles))
    ]
    return pd.concat(tables, ignore_index=True)
