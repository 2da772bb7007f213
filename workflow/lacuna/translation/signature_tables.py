"""What signatures of translated wells say of known drugs and genes, as the report shows it."""

from collections.abc import Mapping

import pandas as pd

from lacuna.translation.studies import MEAN_OF, METRICS, STUDY
from lacuna.translation.target_jobs import OTHER_WELLS, SHUFFLED

METHOD = "cd"  # of the studies' table; the file has all methods
P_OF = {OTHER_WELLS: "p, other wells", SHUFFLED: "p, shuffled genes"}
BRIDGE = ["drug", "set", "universe", "platform", "method"]
STUDIES = ["drug", "study", "universe", "platform"]
METRIC_LABELS = dict(
    zip(METRICS, ("Pearson r", "Spearman r", "raised most", "lowered most"), strict=True)
)


def sentences(tables: Mapping[str, pd.DataFrame]) -> list[str]:
    """Say how to read the tables, and what came out of knock-downs.

    Parameters
    ----------
    tables
        As of `sections`.
    """
    said = []
    if "bridges" in tables:
        said.append(
            "p is the share of random signatures with a peak (or correlation) at least as high. "
            "Those of other wells take wells of other drugs on the same plates for the drug's: "
            "their genes go up and down together, as the drug's do. Shuffled genes do not, and "
            "their p is too small."
        )
    if "studies" in tables and len(tables["studies"]):
        said.append(
            "No step was trained on a sample of the studies. What the studies reach against one "
            "another is as much as can be expected."
        )
    if "knock_downs" in tables:
        downs = tables["knock_downs"].dropna(subset=["share_before", "share_after"])
        if len(downs):
            before, after = downs["share_before"].median(), downs["share_after"].median()
            said.append(
                f"Of {len(downs)} knock-downs whose target is measured, the target stands in the "
                f"median below all but {before:.1%} of the genes before translation, and all but "
                f"{after:.1%} after it; by chance 50 %."
            )
    return said


def sections(tables: Mapping[str, pd.DataFrame]) -> list[tuple[str, pd.DataFrame]]:
    """Return the tables of the page, each under its heading.

    Parameters
    ----------
    tables
        bridges, library, studies and knock_downs, as the jobs of the stage write them; those that
        were not made are left out.
    """
    makers = {
        "bridges": ("Targets among the strongest genes of a drug's signatures", bridge_table),
        "library": ("Where the targets stand among all sets of genes", library_table),
        "studies": ("Against RNA-seq studies of the same drug, by CD", study_table),
        "knock_downs": ("Ranks of knocked-down genes, the most lowered first", knock_down_table),
    }
    return [
        (heading, make(tables[name]))
        for name, (heading, make) in makers.items()
        if name in tables and len(tables[name])
    ]


def bridge_table(bridges: pd.DataFrame) -> pd.DataFrame:
    """Return a row per drug, set, genes, platform and method: the unweighted walk, and both p."""
    table = bridges[bridges["walk"] == "unweighted"]
    first = table.drop_duplicates(BRIDGE).set_index(BRIDGE)
    wide = first[["signatures", "genes", "targets"]].assign(peak=first["peak"].map("{:.3f}".format))
    for control, label in P_OF.items():
        p = table[table["control"] == control].set_index(BRIDGE)["p"]
        wide[label] = p.reindex(wide.index).map("{:.2g}".format, na_action="ignore").fillna("")
    return wide.reset_index().assign(universe=lambda of: of["universe"].str.replace("_", " "))


def library_table(library: pd.DataFrame) -> pd.DataFrame:
    """Return the rank of each set that was asked for, among all sets of the library."""
    of = library.groupby(["drug", "platform", "walk"])["set"].transform("size")
    table = library.assign(rank=library["rank"].astype(str) + " of " + of.astype(str))
    table = table[table["asked"].astype(bool)]
    table = table[["drug", "platform", "set", "walk", "rank", "peak", "p_adjusted"]]
    rounded = {column: table[column].map("{:.3g}".format) for column in ("peak", "p_adjusted")}
    return table.assign(**rounded).rename(columns={"p_adjusted": "p adjusted"})


def study_table(studies: pd.DataFrame) -> pd.DataFrame:
    """Return a row per drug, study, genes and platform; of other studies, their mean."""
    shown = studies[studies["method"] == METHOD]
    mean = shown[shown["signature"] == MEAN_OF]
    others = shown[shown["platform"] == STUDY].groupby([*STUDIES, "metric", "genes"])["value"]
    table = pd.concat([mean, others.mean().reset_index()])
    said = table["value"].map("{:.3f}".format)
    known = table["p"].notna()
    said = said.where(~known, said + ", p " + table["p"].map("{:.2g}".format))
    wide = table.assign(said=said).pivot_table(
        index=[*STUDIES, "genes"], columns="metric", values="said", aggfunc="first", sort=False
    )
    wide = wide[list(METRICS)].rename(columns=METRIC_LABELS).rename_axis(columns=None).reset_index()
    wide["platform"] = wide["platform"].replace({STUDY: "other studies"})
    return wide.sort_values(STUDIES[:3], kind="stable").assign(
        universe=lambda of: of["universe"].str.replace("_", " ")
    )


def knock_down_table(downs: pd.DataFrame) -> pd.DataFrame:
    """Return the rank of each knocked-down gene, before and after translation."""
    table: dict[str, pd.Series] = {name: downs[name] for name in ("signature", "target")}
    for when in ("before", "after"):
        rank, genes = downs[f"rank_{when}"], downs[f"genes_{when}"]
        said = rank.map("{:.0f}".format, na_action="ignore") + " of " + genes.astype(str)
        table[f"{when} translation"] = said.where(rank.notna(), "not measured")
    return pd.DataFrame(table)
