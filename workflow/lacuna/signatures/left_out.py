"""Drugs of which no well became a signature."""

import pandas as pd

from lacuna.io.sig_info import COMPOUND
from lacuna.signatures.make import sort_wells

LEFT_OUT = ["drug", "name", "why"]


def drugs_left_out(wells: pd.DataFrame) -> pd.DataFrame:
    """Return the compounds all of whose wells are left out, with how many for what.

    Parameters
    ----------
    wells
        As `lacuna.io.geo.read_wells` returns them.

    Returns
    -------
    DataFrame with the columns `LEFT_OUT`, one row per drug
    """
    use = sort_wells(wells)
    compounds = wells[wells["kind"].eq(COMPOUND)].assign(use=use)
    used = compounds.loc[compounds["use"].eq("compound"), "drug"]
    gone = compounds[~compounds["drug"].isin(used)]
    if gone.empty:
        return pd.DataFrame(columns=LEFT_OUT)
    gone = gone.astype({"drug": object, "name": object})
    counts = gone.groupby(["drug", "use"]).size().reset_index(name="wells")
    texts = counts["wells"].map("{:,}".format) + " wells " + counts["use"]
    why = texts.groupby(counts["drug"]).agg(", ".join).rename("why")
    names = gone.groupby("drug")["name"].first()
    return pd.concat([names, why], axis=1).rename_axis("drug").reset_index()[LEFT_OUT]
