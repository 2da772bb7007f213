"""What the figures of pairs show."""

import numpy as np
import pandas as pd
import pytest

from lacuna.drawing.style import save_figure
from lacuna.translation.assess import Paired
from lacuna.translation.figures import (
    pair_components,
    pair_samples,
    pair_scores,
    translation_losses,
)
from lacuna.translation.views import principal_components, single_samples


@pytest.fixture
def paired():
    rng = np.random.default_rng(0)
    real = rng.normal(size=(9, 6)) + np.linspace(0, 5, 6)
    return Paired(
        names=pd.Index([f"s{number}" for number in range(9)]),
        seen=real[:, :4] + 5,
        real=real,
        group=np.arange(9),
        kind=np.array(["liver"] * 5 + ["skin"] * 4)[[*range(8), 8]],
        mean=real.mean(axis=0),
        landmarks_at=np.arange(4),
    )


def test_components_are_of_all_platforms_of_a_tissue(paired):
    predicted = paired.real + 0.1
    table = principal_components(paired, predicted, np.array(["a"] * 6 + ["b"] * 2 + ["c"]))
    assert set(table["kind"]) == {"a"}  # of the others there are too few samples
    assert table.groupby("platform")["sample"].nunique().to_dict() == {
        "L1000": 6,
        "RNA-seq": 6,
        "translated": 6,
    }
    means = table.groupby("platform")[["pc1", "pc2"]].mean()
    near, far = (
        np.linalg.norm(means.loc["RNA-seq"] - means.loc[other]) for other in ("translated", "L1000")
    )
    assert near < 0.1 * far
    assert 0 < table["share2"].iloc[0] <= table["share1"].iloc[0] <= 1
    assert principal_components(paired, predicted, np.arange(9).astype(str)).empty


def test_single_samples_are_the_worst_the_middle_and_the_best(paired):
    noise = np.random.default_rng(1).normal(size=paired.real.shape)
    predicted = paired.real + np.arange(9)[:, None] * noise
    table = single_samples(paired, predicted, list("abcdef"))
    scores = table.groupby("place", sort=False)["pearson"].first()
    assert scores["low"] < scores["middle"] < scores["high"]
    row = table[table["place"] == "high"]
    number = int(row["sample"].iloc[0].removeprefix("s"))
    np.testing.assert_array_equal(row["predicted"], predicted[number])
    np.testing.assert_array_equal(row["real"], paired.real[number])


def drawn(paired):
    predicted = paired.real + 0.1
    components = principal_components(paired, predicted, paired.kind)
    single = single_samples(paired, predicted, list("abcdef"))
    scores = pd.DataFrame(
        [
            (of, genes, comparison, value, value, 1 - value)
            for of in ("sample", "gene")
            for genes in ("landmarks", "new", "all")
            for comparison in ("predicted / real", "real / random real")
            for value in (0.2, 0.5, 0.6)
        ],
        columns=["of", "genes", "comparison", "pearson", "spearman", "rmse"],
    )
    losses = pd.DataFrame(
        {"kind": "landmarks", "step": "cyclegan", "epoch": [0, 1], "loss": "gan", "value": [1, 0.5]}
    )
    return {
        "components": lambda: pair_components.draw(components, "made up"),
        "samples": lambda: pair_samples.draw(single, "made up"),
        "scores": lambda: pair_scores.draw(scores, "made up"),
        "losses": lambda: translation_losses.draw(losses, "made up"),
    }


@pytest.mark.parametrize("name", ["components", "samples", "scores", "losses"])
def test_a_figure_is_the_same_bytes_each_time(paired, tmp_path, name):
    draw = drawn(paired)[name]
    table = pd.DataFrame({"a": [1]})
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        paths = [tmp_path / folder / f"figure.{ending}" for ending in ("svg", "png", "tsv")]
        save_figure(draw(), table, paths)
    for ending in ("svg", "png"):
        one, two = ((tmp_path / f / f"figure.{ending}").read_bytes() for f in ("one", "two"))
        assert one == two


def test_panels_show_each_tissue_and_each_sample(paired):
    figure = drawn(paired)["components"]()
    titles = [axes.get_title() for axes in figure.axes if axes.axison]
    assert titles == ["liver, 5 samples", "skin, 4 samples"]
    figure = drawn(paired)["samples"]()
    assert [axes.get_title().split(":")[0] for axes in figure.axes] == ["low", "middle", "high"]
    assert (
        "no step"
        in translation_losses.draw(
            pd.DataFrame(columns=translation_losses.COLUMNS), "x"
        ).get_suptitle()
    )


def test_no_empty_panel_is_shown():
    """Five tissues stand in eight places."""
    table = pd.DataFrame(
        {"kind": list("abcde"), "sample": "s", "platform": "L1000", "pc1": 0.0, "pc2": 1.0}
    ).assign(share1=0.6, share2=0.1)
    figure = pair_components.draw(table, "made up")
    assert [axes.axison for axes in figure.axes] == [True] * 5 + [False] * 3
