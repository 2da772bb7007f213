"""The tables of plates, as the report shows them."""

import pandas as pd

PLATE_SCORES = {
    "common": "shared by all wells",
    "replicate_cosine": "cosine, replicates",
    "mismatch_cosine": "cosine, different drugs",
    "significant": "experiments with p at most 0.1",
}
MOST_PLATES = 40  # rows of the table of the worst plates


def plate_medians(quality: pd.DataFrame) -> pd.DataFrame:
    """Return the median over plates of each score, one row per reference.

    Parameters
    ----------
    quality
        series, reference and the scores of every plate, as `lacuna.signatures.plate_quality`
        returns them.
    """
    keys = ["series", "reference"]
    medians = quality.groupby(keys, sort=False)[list(PLATE_SCORES)].median().round(3)
    counts = quality.groupby(keys, sort=False)["plate"].nunique().rename("plates")
    return medians.join(counts).rename(columns=PLATE_SCORES).reset_index().fillna("")


def worst_plates(quality: pd.DataFrame, reference: str) -> pd.DataFrame:
    """Return the plates whose wells have most in common under one reference, worst first.

    Parameters
    ----------
    quality
        As in `plate_medians`.
    reference
        One of `lacuna.signatures.reference.REFERENCES`.
    """
    plates = quality[quality["reference"] == reference].nlargest(MOST_PLATES, "common")
    columns = ["series", "plate", "vehicle_wells", "compound_wells", *PLATE_SCORES]
    shown = plates[columns].round(3).rename(columns=PLATE_SCORES)
    return shown.rename(columns=lambda name: name.replace("_", " ")).fillna("")
