"""Drugs of which no well became a signature."""

import pandas as pd

from lacuna.signatures.make import are_treated, sort_wells, wanted_types

LEFT_OUT = ["drug", "name", "pert_type", "why"]


def drugs_left_out(wells: pd.DataFrame) -> pd.DataFrame:
    """Return the wanted treatments all of whose wells are left out, with how many for what.

    Parameters
    ----------
    wells
        As `lacuna.io.geo.read_wells` returns them, or `lacuna.signatures.make.choose_types`.

    Returns
    -------
    DataFrame with the columns `LEFT_OUT`, one row per drug and pert_type
    """
    keys = ["drug", "pert_type"]
    wells = wells.assign(use=sort_wells(wells), pert_type=wanted_types(wells).astype(object))
    wanted = wells[wells["pert_type"].notna()].astype({"drug": object, "name": object})
    any_used = are_treated(wanted["use"]).groupby([wanted[key] for key in keys]).transform("any")
    gone = wanted[~any_used]
    if gone.empty:
        return pd.DataFrame(columns=LEFT_OUT)
    counts = gone.groupby([*keys, "use"]).size().reset_index(name="wells")
    texts = counts["wells"].map("{:,}".format) + " wells " + counts["use"]
    why = texts.groupby([counts[key] for key in keys]).agg(", ".join).rename("why")
    names = gone.groupby(keys)["name"].first()
    return pd.concat([names, why], axis=1).rename_axis(keys).reset_index()[LEFT_OUT]
