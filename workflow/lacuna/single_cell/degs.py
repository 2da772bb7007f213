"""The genes that a drug changes most, against controls of its line.

With scanpy's rank_genes_groups (Wolf et al. 2018, https://doi.org/10.1186/s13059-017-1382-0): the
score of Welch's t-test, whichever its sign, as in the authors' code of chemCPA
(https://doi.org/10.48550/arXiv.2204.13545). They list genes over all doses of a drug; here each
dose has its own list, too. Of bulk, their list is by the difference of means, over all lines.
"""

import warnings
from collections.abc import Iterator, Sequence
from itertools import product

import numpy as np
import pandas as pd

from lacuna.single_cell.interface import (
    CONDITION,
    CONTROL,
    DEGS,
    FEWEST_CELLS,
    TEST,
    TRAINING,
    UNUSED,
    Observations,
)
from lacuna.single_cell.moments import sum_groups
from lacuna.single_cell.observations import sparse_rows
from lacuna.single_cell.one_thread import one_thread

NUMBER = 50
REFERENCE = "controls"  # the name of their group; all others are numbers


def list_degs(
    observations: Observations,
    role: np.ndarray,
    genes: pd.Index,
    *,
    number: int = NUMBER,
    of: str = "training",
) -> pd.DataFrame:
    """List the genes that change most.

    Parameters
    ----------
    observations
        Of a target, or the bulk screen.
    role
        Of each observation in a fold. Those that are `UNUSED` count nowhere.
    genes
        To choose from.
    number
        Genes in a list.
    of
        "training": a condition is judged by its training observations, and where it has too few
        (the drug or the line is held out) by all of its own; against controls of the training, and
        what has observations of the test against controls of the test. "all": by all, as
        published.

    Returns
    -------
    DataFrame with columns `interface.DEGS`
        For each drug, line and dose of more than `FEWEST_CELLS` observations, and of all doses
        together (dose NaN). Lines without as many controls on the side have none.
    """
    used = role != UNUSED
    if observations.kind == "signatures":
        parts = _largest_scores(observations, np.flatnonzero(used), genes, number)
    elif observations.kind == "bulk":
        parts = _largest_differences(observations, role, genes, number, of)
    else:
        parts = _t_tests(observations, role, genes, number, of)
    found = list(parts)
    return pd.concat(found, ignore_index=True)[DEGS] if found else _empty()


def judged_by(obs: pd.DataFrame, role: np.ndarray, by: Sequence[str], of: str) -> np.ndarray:
    """Return which observations speak for their group: see `list_degs`.

    Parameters
    ----------
    obs
        Of the observations.
    role
        Of each.
    by
        Columns of obs that make a group.
    of
        "training" or "all".
    """
    used = role != UNUSED
    if of == "all":
        return used
    return used & ((role == TRAINING) | ~_are_trained(obs, role, by))


def _are_trained(obs: pd.DataFrame, role: np.ndarray, by: Sequence[str]) -> np.ndarray:
    """Return which observations are of a group with enough of the training."""
    trained = pd.Series(role == TRAINING, obs.index)
    keys = [obs[column].to_numpy() for column in by]
    return trained.groupby(keys).transform("sum").to_numpy() > FEWEST_CELLS


def _sides(
    obs: pd.DataFrame, role: np.ndarray, by: Sequence[str], of: str
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return pairs of treated observations and of the controls that they are compared with.

    What is judged is compared with controls that judge, and what is learnt from with others:
    neither list knows of the other side's controls.
    """
    chosen, control = judged_by(obs, role, by, of), obs["control"].to_numpy(bool)
    if of == "all":
        return [(chosen & ~control, chosen & control)]
    tested = pd.Series(role == TEST, obs.index).groupby([obs[name].to_numpy() for name in by])
    held = ~_are_trained(obs, role, by) & tested.transform("any").to_numpy()
    return [
        (chosen & ~control & ~held, control & (role == TRAINING)),
        (chosen & ~control & held, control & (role == TEST)),
    ]


def _t_tests(
    observations: Observations, role: np.ndarray, genes: pd.Index, number: int, of: str
) -> Iterator[pd.DataFrame]:
    obs = observations.obs
    for by in (CONDITION, ["drug", "line"]):
        sides = _sides(obs, role, by, of)
        for line, (treated, reference) in product(sorted(obs["line"].unique()), sides):
            here = np.flatnonzero((treated | reference) & (obs["line"] == line).to_numpy())
            table = obs.iloc[here]
            size = table.groupby(by)["control"].transform("size").to_numpy()
            here, table = here[size > FEWEST_CELLS], table[size > FEWEST_CELLS]
            control = table["control"].to_numpy()
            if control.all() or not control.any():
                continue
            groups = table[~control].groupby(by, sort=True)
            label = np.full(len(table), REFERENCE, dtype=object)
            label[~control] = groups.ngroup().astype(str)
            ranked = _rank(observations, here, label, genes, number)
            for group, key in enumerate(groups.size().index):
                dose = float(key[2]) if len(key) > 2 else np.nan
                yield _list(str(key[0]), line, dose, ranked[str(group)])


def _rank(
    observations: Observations,
    positions: np.ndarray,
    label: np.ndarray,
    genes: pd.Index,
    number: int,
) -> np.ndarray:
    """Return the names of the first genes of each group, a record array with a field for each."""
    import anndata
    import scanpy as sc

    rows = anndata.AnnData(
        sparse_rows(observations, positions, genes),
        obs=pd.DataFrame({"group": pd.Categorical(label)}, index=positions.astype(str)),
        var=pd.DataFrame(index=genes.astype(str)),
    )
    with one_thread(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that a table of many groups is built column by column
        sc.tl.rank_genes_groups(
            rows,
            "group",
            reference=REFERENCE,
            method="t-test",
            rankby_abs=True,
            n_genes=min(number, len(genes)),
            use_raw=False,
        )
    names: np.ndarray = rows.uns["rank_genes_groups"]["names"]
    return names


def _largest_scores(
    observations: Observations, positions: np.ndarray, genes: pd.Index, number: int
) -> Iterator[pd.DataFrame]:
    """Yield lists of signatures, which are scores already."""
    for position in positions:
        scores = observations.rows(np.array([position]), genes)[0]
        order = np.argsort(-np.abs(scores), kind="stable")
        said = observations.obs.iloc[position]
        for dose in (float(said["dose"]), np.nan):
            yield _list(said["drug"], said["line"], dose, genes[order[:number]])


def _largest_differences(
    observations: Observations, role: np.ndarray, genes: pd.Index, number: int, of: str
) -> Iterator[pd.DataFrame]:
    """Yield lists of wells: one for a drug, in each line with a condition of enough wells."""
    obs = observations.obs
    chosen = judged_by(obs, role, ["drug"], of)
    drug, names = pd.factorize(obs["drug"].to_numpy()[chosen], sort=True)
    if CONTROL not in names:
        return
    means = sum_groups(observations, np.flatnonzero(chosen), drug, len(names), genes).mean
    distance = np.abs(means - means[list(names).index(CONTROL)])
    place = {name: number for number, name in enumerate(names)}
    size = obs[(role != UNUSED) & ~obs["control"].to_numpy()].groupby(CONDITION).size()
    judged = size[size > FEWEST_CELLS].reset_index()[["drug", "line"]].drop_duplicates()
    for name, line in judged.itertuples(index=False):
        if name in place:
            order = np.argsort(-distance[place[name]], kind="stable")
            yield _list(name, line, np.nan, genes[order[:number]])


def _list(drug: str, line: str, dose: float, genes: np.ndarray | pd.Index) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "drug": drug,
            "line": line,
            "dose": dose,
            "gene": np.asarray(genes, dtype=object),
            "rank": np.arange(len(genes)),
        }
    )


def _empty() -> pd.DataFrame:
    return _list("", "", 0.0, np.zeros(0, object))[DEGS]
