"""Words that commands take; this module imports nothing heavy, since `lacuna` always reads it."""

from typing import NamedTuple

# What is asked, below results/{dataset}.
INDEX, PAGE = "explore/index.h5", "explore/index.html"
FORMATS = ("table", "tsv", "json")
SOURCES = ("measured", "predicted")
BY = PROFILE, DRUG, MECHANISM = ("profile", "drug", "mechanism")  # what a search lists


class Scale(NamedTuple):
    """A scale of the entries of profiles, see `lacuna.explore.scales`.

    Attributes
    ----------
    label
        What the values are, for headings.
    about
        One line on what they mean.
    form
        How they are written for people.
    """

    label: str
    about: str
    form: str = "+.3f"


SCALES = {
    "unit": Scale("change", "each profile at length 1: where it points, however sure"),
    "expected": Scale(
        "expected change", "expected r times the profile at length 1: what a fresh one will show"
    ),
    "z": Scale("z", "what a fresh measurement will show, in its own standard deviations", "+.1f"),
}
HIDDEN = {"z": ("error",)}  # columns that a scale makes needless for people: an error of 1
# By which profiles of a gene are ordered: the most right on simulated screens, docs/evaluation.md.
DEFAULT_SCALE = "z"
PROFILE_SCALE = "expected"  # on which one profile is shown
