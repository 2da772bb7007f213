"""What is known of how drugs act, for colours on a map."""

from collections.abc import Mapping

import pandas as pd

from lacuna.io.annotations import annotate, read_sources


def mechanisms_of(molecules: pd.DataFrame, annotations: Mapping[str, str]) -> pd.Series:
    """Return the mechanism of each molecule, matched by structure, then by name.

    Parameters
    ----------
    molecules
        Indexed by InChIKey: name.
    annotations
        Tables about drugs, by kind, as `acquire: annotations` names them.

    Returns
    -------
    Series of str, in the order of molecules
        Empty where none is known; of several, all, joined by "|".
    """
    unknown = pd.Series("", index=molecules.index)
    if not annotations:
        return unknown
    # Gene symbols would only be needed for targets, which a map does not show.
    tables = read_sources(dict(annotations), pd.Series(dtype=object))
    drugs = pd.DataFrame(
        {
            "drug": molecules.index,
            "name": molecules["name"].to_numpy(),
            "inchi_key": molecules.index,
        }
    )
    labels, _ = annotate(drugs, tables)
    return labels["mechanisms"].fillna("").set_axis(molecules.index)
