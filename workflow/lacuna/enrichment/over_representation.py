"""Are the genes of a set more often in a list than chance has it? By gseapy, without network.

The hypergeometric test of gseapy's `enrich`, against the genes that the list was chosen from
(Fang et al. 2023, doi:10.1093/bioinformatics/btac757).
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from scipy.stats import false_discovery_control, hypergeom

from lacuna.enrichment.preranked import usable_sets
from lacuna.errors import LacunaError

RANDOM_LISTS = 199  # lists of as many random genes, beside each list
LARGEST_FDR = 0.05
THEIRS = {"Term": "set", "P-value": "p", "Odds Ratio": "odds"}
RESULT = [
    *("list", "set", "genes", "listed", "common", "odds", "p", "fdr"),
    *("random", "random_high", "members"),
]
CONTROL = ["list", "listed", "sets", "significant", "random", "random_high"]


def enrich_list(
    genes: Sequence[str], sets: Mapping[str, Sequence[str]], background: Sequence[str]
) -> pd.DataFrame:
    """Ask of which sets a list holds more genes than chance gives.

    Parameters
    ----------
    genes
        Symbols, among those of the background.
    sets
        As `lacuna.enrichment.preranked.usable_sets` returns them.
    background
        Symbols of the genes that the list was chosen from, each once.

    Returns
    -------
    DataFrame with columns set, genes, listed, common, odds, p, fdr, members
        One row per set, in their order: its genes, those of the list, those in both; gseapy's odds
        ratio (0.5 added to each of the four counts) and hypergeometric p; fdr, after Benjamini and
        Hochberg over all sets (gseapy leaves those without a common gene out, which makes it
        smaller than it is); the common genes.
    """
    listed = list(dict.fromkeys(genes))
    chosen = set(listed)
    members = [[gene for gene in each if gene in chosen] for each in sets.values()]
    rows = pd.DataFrame(
        {
            "set": list(sets),
            "genes": [len(each) for each in sets.values()],
            "listed": len(listed),
            "common": [len(each) for each in members],
            "members": [";".join(each) for each in members],
        }
    )
    found = pd.DataFrame({"set": [], "p": [], "odds": []})
    if rows["common"].any():
        import gseapy  # slow to import

        found = gseapy.enrich(
            gene_list=listed,
            gene_sets={name: list(each) for name, each in sets.items()},
            background=list(background),
            outdir=None,
            no_plot=True,
            verbose=False,
        ).results.rename(columns=THEIRS)
    by_set = found.set_index("set").reindex(rows["set"])
    p = by_set["p"].astype(float).fillna(1).to_numpy()
    in_set, in_list = rows["genes"], rows["listed"]
    neither = len(background) - in_set - in_list
    none = (
        0.5 * (neither + 0.5) / ((in_set + 0.5) * (in_list + 0.5))
    )  # where there is no common one
    odds = by_set["odds"].astype(float).fillna(none.set_axis(by_set.index)).to_numpy()
    return rows.assign(odds=odds, p=p, fdr=false_discovery_control(p))


def enrich_lists(
    lists: Mapping[str, Sequence[str]],
    sets: Mapping[str, Sequence[str]],
    background: Sequence[str],
    rng: np.random.Generator,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Ask several lists, and as many random genes of the background beside each.

    Parameters
    ----------
    lists
        Symbols, by the list's name; at least one list, and none empty.
    sets
        Symbols by the set's name.
    background
        Symbols of the genes that the lists were chosen from; of equal ones the first counts.
    rng
        Draws `RANDOM_LISTS` lists for each.

    Returns
    -------
    table : DataFrame with columns `RESULT`
        As of `enrich_list`, by list, then by p; random: genes of the set in a random list, the
        median, and random_high, what 97.5 % of them do not exceed.
    control : DataFrame with columns `CONTROL`
        Of each list, how many sets have an fdr of `LARGEST_FDR` or less, and how many in its random
        lists: the median and what 97.5 % of them do not exceed.

    Both are empty where no set can be asked about, see `lacuna.enrichment.preranked.usable_sets`;
    why is printed. The sets may have been named for another analysis.
    """
    genes = list(dict.fromkeys(background))
    try:
        usable = usable_sets(sets, genes)
    except LacunaError as error:
        print(f"no set can be asked about: {error}")
        return pd.DataFrame(columns=RESULT), pd.DataFrame(columns=CONTROL)
    place = {gene: number for number, gene in enumerate(genes)}
    member = np.zeros((len(usable), len(genes)))
    for row, each in enumerate(usable.values()):
        member[row, [place[gene] for gene in each]] = 1
    tables, controls = [], []
    for name, listed in lists.items():
        table = enrich_list(listed, usable, genes)
        size = int(table["listed"].iloc[0])
        drawn = rng.random((RANDOM_LISTS, len(genes))).argsort(axis=1)[:, :size]
        common = np.stack([member[:, chosen].sum(axis=1) for chosen in drawn])
        p = hypergeom.sf(common - 1, len(genes), member.sum(axis=1), size)
        significant = (false_discovery_control(p, axis=1) <= LARGEST_FDR).sum(axis=1)
        table = table.assign(
            list=name,
            random=np.median(common, axis=0),
            random_high=np.quantile(common, 0.975, axis=0),
        )
        tables.append(table.sort_values("p", kind="stable")[RESULT])
        controls.append(
            {
                "list": name,
                "listed": size,
                "sets": len(usable),
                "significant": int((table["fdr"] <= LARGEST_FDR).sum()),
                "random": np.median(significant),
                "random_high": np.quantile(significant, 0.975),
            }
        )
    return pd.concat(tables, ignore_index=True), pd.DataFrame(controls, columns=CONTROL)
