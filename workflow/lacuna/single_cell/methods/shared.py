"""What several plain methods share: where they look, similarities, and how penalties are chosen.

A method weighs, for a line and a dose, the changes of the drugs measured there: a row of weights
for each wanted drug. Its prediction is the control of the line and the weighed changes; where the
weights of a drug sum to 1, that is the weighed mean of the profiles themselves.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from lacuna.errors import LacunaError, listed
from lacuna.single_cell.interface import CONDITION, Predicted, Seen
from lacuna.single_cell.rows import rows_by
from lacuna.single_cell.seen import Known

# Ridge penalties to choose from, in units of the mean diagonal of the centred kernel. The largest
# one leaves the mean of the training drugs.
PENALTIES = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 1000.0)
GROUPS = 5  # of training drugs, to choose a penalty by

# Takes known drugs and wanted drugs; returns weights, shape (wanted, known).
Weigh = Callable[[np.ndarray, np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Place:
    """A line and a dose where something is wanted, and where it is learnt from.

    Attributes
    ----------
    wanted : int array
        Rows of the wanted conditions.
    sources : list of int array
        Rows of the known conditions: of the line at the dose, or at the nearest dose that was
        measured; of a line that was not, those of each other line at its nearest dose.
    how : str
        "", "another dose" or "other lines".
    """

    wanted: np.ndarray
    sources: list[np.ndarray]
    how: str


def places(known: Known, wanted: pd.DataFrame) -> Iterator[Place]:
    """Yield each line and dose of wanted conditions, and what is known nearest to it."""
    line, dose = (known.conditions[name].to_numpy() for name in ("line", "dose"))
    for rows in rows_by(wanted, ["line", "dose"]):
        want_line, want_dose = wanted["line"].iloc[rows[0]], wanted["dose"].iloc[rows[0]]
        own = np.flatnonzero(line == want_line)
        lines = [own] if len(own) else [np.flatnonzero(line == name) for name in np.unique(line)]
        sources = []
        for among in lines:
            off = np.abs(np.log(dose[among]) - np.log(want_dose))
            nearest = dose[among][int(off.argmin())]
            sources.append(among[dose[among] == nearest])
        how = "" if len(own) else "other lines"
        if len(own) and dose[sources[0][0]] != want_dose:
            how = "another dose"
        yield Place(rows, sources, how)


def predict_weighed(
    name: str, seen: Seen, wanted: pd.DataFrame, weigh: Weigh, *, convex: bool
) -> Predicted:
    """Predict conditions by weighing what drugs did in the same line at the same dose.

    Parameters
    ----------
    name
        Of the method, for messages.
    seen, wanted
        As a method is given them.
    weigh
        Is called for every line and dose.
    convex
        Whether weights are never negative and sum to 1: variances are then weighed, too. Else the
        method says none.
    """
    known, wanted = Known.of(seen), checked(name, seen, wanted)
    change, drug = known.change, known.conditions["drug"].to_numpy()
    want_drug = wanted["drug"].to_numpy()
    mean, _ = known.control_of(wanted["line"])
    variance = np.full(mean.shape, np.nan)
    fallen: dict[str, int] = {}
    for place in places(known, wanted):
        rows, share = place.wanted, 1 / len(place.sources)
        spread = np.zeros((len(rows), mean.shape[1]))
        for source in place.sources:
            weights = weigh(drug[source], want_drug[rows])
            mean[rows] += share * (weights @ change[source])
            spread += share * (weights @ known.variance[source])
        if convex:
            variance[rows] = spread
        fallen[place.how] = fallen.get(place.how, 0) + len(rows)
    say_fallen(name, fallen, len(wanted))
    return predicted(wanted, mean, variance)


def predict_by_kernel(
    name: str,
    seen: Seen,
    wanted: pd.DataFrame,
    kernel: pd.DataFrame,
    penalty: float,
    rng: np.random.Generator,
) -> Predicted:
    """Predict conditions by kernel ridge regression, in each line at each dose by itself.

    Parameters
    ----------
    name, seen, wanted
        As `predict_weighed` takes them.
    kernel : DataFrame, drugs x drugs
    penalty
        See `ridge_weights`; 0 where it is to be chosen: one for all lines and doses.
    rng
        Deals training drugs into groups.
    """
    chosen = penalty or choose_penalty(name, Known.of(seen), kernel, rng)
    values = kernel.to_numpy()

    def weigh(known: np.ndarray, drugs: np.ndarray) -> np.ndarray:
        at, to = in_table(name, kernel, known), in_table(name, kernel, drugs)
        return ridge_weights(values[np.ix_(at, at)], values[np.ix_(to, at)], chosen)

    return predict_weighed(name, seen, wanted, weigh, convex=False)


def say_fallen(name: str, fallen: dict[str, int], wanted: int) -> None:
    """Print of how many conditions the line at the dose was not known."""
    for how, count in fallen.items():
        if how:
            print(f"{name}: {count} of {wanted} conditions are predicted from {how}.")


def checked(name: str, seen: Seen, wanted: pd.DataFrame) -> pd.DataFrame:
    """Return wanted conditions by position.

    Raises
    ------
    LacunaError
        If a dose is not above 0, or a mean that was seen is not finite.
    """
    if not (wanted["dose"] > 0).all():
        row = wanted[~(wanted["dose"] > 0)].iloc[0]
        raise LacunaError(
            f"single_cell: {name}: {row['drug']} in {row['line']} at dose {row['dose']}; expected "
            "a dose above 0. Untreated cells are not predicted."
        )
    if not np.isfinite(seen.mean).all():
        row = seen.conditions[~np.isfinite(seen.mean).all(axis=1)].iloc[0]
        raise LacunaError(
            f"single_cell: {name}: the mean of {row['drug']} in {row['line']} is not finite. "
            "Prepare the fold anew."
        )
    return wanted[CONDITION].reset_index(drop=True)


def predicted(wanted: pd.DataFrame, mean: np.ndarray, variance: np.ndarray | None) -> Predicted:
    """Return predictions as float32; without variance, NaN."""
    none = np.full(mean.shape, np.nan, np.float32)
    spread = none if variance is None else variance.astype(np.float32)
    return Predicted(wanted, mean.astype(np.float32), spread)


def alike(known: np.ndarray) -> np.ndarray:
    """Return weights of a plain mean, shape (1, known)."""
    return np.full((1, len(known)), 1 / len(known))


def vectors_of(name: str, seen: Seen, encoder: str) -> pd.DataFrame:
    """Return the vectors of drugs by one encoder.

    Raises
    ------
    LacunaError
        If there are none by it.
    """
    if encoder not in seen.vectors:
        raise LacunaError(
            f"single_cell: {name}: no vectors by the encoder {encoder!r}; known are "
            f"{listed(sorted(seen.vectors)) or 'none'}. Encode structures by it, or leave the "
            "method out."
        )
    return seen.vectors[encoder]


def tanimoto(name: str, vectors: pd.DataFrame) -> pd.DataFrame:
    """Return the Tanimoto similarity of all drugs, |A and B| / |A or B|; 0 without a structure.

    Raises
    ------
    LacunaError
        If vectors hold other than 0 and 1.
    """
    bits = vectors.to_numpy(np.float64)
    known = np.isfinite(bits).all(axis=1)
    bits[~known] = 0
    if not ((bits == 0) | (bits == 1)).all():
        raise LacunaError(
            f"single_cell: {name}: vectors hold other values than 0 and 1; expected fingerprints. "
            "Choose an encoder such as morgan."
        )
    both = bits @ bits.T
    count = bits.sum(axis=1)
    either = count[:, None] + count - both
    similarity = np.divide(both, either, out=np.zeros_like(both), where=either > 0)
    np.fill_diagonal(similarity, 1)
    return pd.DataFrame(similarity, vectors.index, vectors.index)


def in_table(name: str, table: pd.DataFrame, drugs: Sequence[str] | np.ndarray) -> np.ndarray:
    """Return the rows of drugs in a table.

    Raises
    ------
    LacunaError
        If a drug is not in it.
    """
    names = pd.Index(drugs, dtype=object)
    at = table.index.get_indexer(names)
    if (at < 0).any():
        missing = sorted(set(names[at < 0]))
        raise LacunaError(
            f"single_cell: {name}: no structure of {listed(missing)} was encoded. Delete "
            "single_cell/encoded and run again."
        )
    return at


def ridge_weights(kernel: np.ndarray, to_wanted: np.ndarray, penalty: float) -> np.ndarray:
    """Return the weights of kernel ridge regression with an intercept that is not penalised.

    With K the kernel centred on the n known drugs, weights are 1/n + k (K + λI)⁻¹ (I - 11'/n),
    λ = penalty x mean diagonal of K (Saunders et al. 1998, Proc 15th ICML, 515). With a linear
    kernel this is ridge regression.

    Parameters
    ----------
    kernel : array of shape (n, n)
    to_wanted : array of shape (wanted, n)
    penalty

    Returns
    -------
    float64 array of shape (wanted, n)
        Rows sum to 1.
    """
    n = len(kernel)
    mean, overall = kernel.mean(axis=0), kernel.mean()
    centred = kernel - mean - mean[:, None] + overall
    across = to_wanted - to_wanted.mean(axis=1, keepdims=True) - mean + overall
    scale = np.trace(centred) / n
    if scale <= 0:  # drugs are all alike
        return np.full(to_wanted.shape, 1 / n)
    shares = np.linalg.solve(centred + penalty * scale * np.eye(n), across.T).T
    return 1 / n + shares - shares.mean(axis=1, keepdims=True)


def choose_penalty(
    name: str, known: Known, kernel: pd.DataFrame, rng: np.random.Generator
) -> float:
    """Choose a ridge penalty by the squared error of known drugs that are left out in groups.

    Drugs that the kernel cannot tell apart, such as stereo twins, are left out together, in all
    lines at all doses. The error is summed over all of these. Of equal ones the largest is taken,
    and so it is where there are too few drugs to leave any out.
    """
    drugs = np.unique(known.conditions["drug"].to_numpy(object))
    at = in_table(name, kernel, drugs)
    _, twins = np.unique(kernel.to_numpy()[at].round(9), axis=0, return_inverse=True)
    twins = twins.ravel()
    order = rng.permutation(twins.max() + 1)
    if len(order) < GROUPS:
        return PENALTIES[-1]
    group = pd.Series(order[twins] % GROUPS, drugs)
    change, drug = known.change, known.conditions["drug"].to_numpy(object)
    error = np.zeros(len(PENALTIES))
    for rows in rows_by(known.conditions, ["line", "dose"]):
        own = kernel.to_numpy()[np.ix_(*[in_table(name, kernel, drug[rows])] * 2)]
        of_row = group[drug[rows]].to_numpy()
        for left in np.unique(of_row):
            out = of_row == left
            if out.all():
                continue
            inside, across = own[np.ix_(~out, ~out)], own[np.ix_(out, ~out)]
            for number, penalty in enumerate(PENALTIES):
                guess = ridge_weights(inside, across, penalty) @ change[rows[~out]]
                error[number] += ((guess - change[rows[out]]) ** 2).sum()
    best = len(error) - 1 - int(error[::-1].argmin())
    print(f"{name}: penalty {PENALTIES[best]:g}, chosen on {len(drugs)} training drugs.")
    return PENALTIES[best]
