"""The numbers that papers print, beside this run's."""

import pandas as pd

# How the steps of `lacuna.tensor.build.build_tensor` begin, by the name that published numbers use.
STEPS = {
    "signatures": "signatures",
    "consistent": "ACD p-value",
    "covered": "at least",
    "averaged": "averaged",
}
OURS = ["table", "key", "ours", "low", "high", "interval"]


def numbers_of_filters(filters: pd.DataFrame) -> pd.DataFrame:
    """Return the counts after each step; key: step/profiles, step/drugs, step/cells.

    Parameters
    ----------
    filters
        As `lacuna.tensor.build.build_tensor` returns them.
    """
    steps = {
        name: filters[filters["step"].str.startswith(begins)].iloc[0]
        for name, begins in STEPS.items()
    }
    return _numbers(
        "filters",
        {
            f"{name}/{count}": step[count]
            for name, step in steps.items()
            for count in ("profiles", "drugs", "cells")
        },
    )


def numbers_of_grid(large: pd.DataFrame, small: pd.DataFrame) -> pd.DataFrame:
    """Return the observed share of each tensor, and the number of profiles in each cell.

    Parameters
    ----------
    large, small : bool DataFrames, drugs in rows, cells in columns
        Where there is a profile.
    """
    observed = {"large": large.to_numpy().mean(), "small": small.to_numpy().mean()}
    return pd.concat(
        [_numbers("observed", observed), _numbers("cells", large.sum(axis=0).to_dict())]
    )


def numbers_of_specificity(specificity: pd.DataFrame) -> pd.DataFrame:
    """Return the cell specificity of each drug (name, specificity), by its name."""
    named = specificity.drop_duplicates("name").set_index("name")["specificity"]
    return _numbers("specificity", named.to_dict())


def numbers_of_metrics(metrics: pd.DataFrame) -> pd.DataFrame:
    """Return the scores, by size/split/method/metric.

    Parameters
    ----------
    metrics
        size, split, method, metric, value, low, high.
    """
    key = metrics[["size", "split", "method", "metric"]].agg("/".join, axis=1)
    return pd.DataFrame(
        {
            "table": "metrics",
            "key": key,
            "ours": metrics["value"],
            "low": metrics["low"],
            "high": metrics["high"],
            "interval": "95 %, over drugs",
        }
    )


def numbers_of_density(density: pd.DataFrame) -> pd.DataFrame:
    """Return the accuracy against density (method, percent, mean, sd), by method/percent."""
    return pd.DataFrame(
        {
            "table": "density",
            "key": density["method"] + "/" + density["percent"].astype(str),
            "ours": density["mean"],
            "low": density["mean"] - density["sd"],
            "high": density["mean"] + density["sd"],
            "interval": "mean and sd of repeats",
        }
    )


def numbers_of_classes(tests: pd.DataFrame, method: str) -> pd.DataFrame:
    """Return the tests of classifiers, by question/protocol/grouped_by/group/number.

    Parameters
    ----------
    tests
        As `lacuna.classification.tests.paired_tests` returns them, of all questions.
    method
        The completion method whose tests to take: the paper has DNPP.
    """
    rows = tests[tests["method"].eq(method)]
    if rows.empty:
        return pd.DataFrame(columns=OURS)
    key = rows[["question", "protocol", "grouped_by", "group"]].agg("/".join, axis=1)
    parts = []
    for number in ("experiments", "dropped", "better", "difference"):
        part = _numbers("classes", dict(zip(key + f"/{number}", rows[number], strict=True)))
        if number == "difference":
            part["low"], part["high"] = rows["low"].to_numpy(), rows["high"].to_numpy()
            part["interval"] = "95 %, over drugs"
        parts.append(part)
    return pd.concat(parts)


def numbers_of_variations(variations: pd.DataFrame) -> pd.DataFrame:
    """Return the mean correlations of the study from cell to cell, by analysis/setting.

    Parameters
    ----------
    variations
        analysis, setting, value, low, high.
    """
    return pd.DataFrame(
        {
            "table": "cell_to_cell",
            "key": variations["analysis"] + "/" + variations["setting"],
            "ours": variations["value"],
            "low": variations["low"],
            "high": variations["high"],
            "interval": "95 %, over drugs",
        }
    )


def numbers_of_transfer(summary: pd.DataFrame) -> pd.DataFrame:
    """Return the scores on external profiles (what, value, low, high), by transfer/what."""
    named = summary.rename(columns={"what": "setting"})
    return numbers_of_variations(named.assign(analysis="transfer"))


def numbers_of_factors(factors: pd.DataFrame) -> pd.DataFrame:
    """Return the mean fold enrichment (fold: one row per gene set and cell)."""
    return _numbers("cell_to_cell", {"factors/fold": factors["fold"].mean()})


def compare(published: pd.DataFrame, ours: pd.DataFrame) -> pd.DataFrame:
    """Join published numbers and this run's.

    Parameters
    ----------
    published
        paper, place, what, table, key, value: resources/published.tsv.
    ours
        table, key, ours, low, high, interval: what the functions above return, together. Names in
        keys match whatever their case.

    Returns
    -------
    DataFrame with columns paper, place, what, published, ours, difference, low, high, interval
        In the order of `published`; NaN where this run has no such number.
    """
    keyed = ours.assign(match=ours["key"].str.casefold()).drop(columns="key")
    asked = published.assign(match=published["key"].fillna("").str.casefold())
    both = asked.merge(
        keyed.drop_duplicates(["table", "match"]), on=["table", "match"], how="left"
    ).rename(columns={"value": "published"})
    both["difference"] = both["ours"] - both["published"]
    columns = ["paper", "place", "what", "published", "ours", "difference", "low", "high"]
    return both[[*columns, "interval"]]


def _numbers(table: str, values: dict[str, float]) -> pd.DataFrame:
    rows = pd.DataFrame({"table": table, "key": list(values), "ours": list(values.values())})
    return rows.reindex(columns=OURS)
