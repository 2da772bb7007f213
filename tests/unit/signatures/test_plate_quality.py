"""Plate quality against loops over pairs of wells, and on plates where the answer is planted."""

import numpy as np
import pandas as pd
import pytest
from wells import join, plate, write_matrix

from lacuna.io.gctx import Gctx
from lacuna.signatures.figures import plate_quality as figure
from lacuna.signatures.plate_quality import SIGNIFICANT, plate_quality
from lacuna.signatures.reference import REFERENCES
from lacuna.signatures.series import make_signatures


def batch(seed=0):
    wells = join(plate("A_X1", ["a", "b", "c", "c"]), plate("A_X2", ["a", "b", "d"]))
    wells = wells[wells["kind"] == "trt_cp"].reset_index(drop=True)
    wells["pert_type"] = "trt_cp"
    wells["vehicle_wells"] = 4
    wells["p_value"] = [0.01, 0.5, 0.1, 0.1, 0.01, 0.5, np.nan]
    directions = np.random.default_rng(seed).normal(size=(len(wells), 12)).astype(np.float32)
    return wells, directions / np.linalg.norm(directions, axis=1, keepdims=True)


def test_every_score_is_the_mean_over_its_pairs():
    wells, directions = batch()
    found = plate_quality(wells, directions).set_index("plate")
    rows = list(wells.itertuples())
    for name in ("A_X1", "A_X2"):
        mine = [i for i, well in enumerate(rows) if well.plate == name]
        others = [i for i, well in enumerate(rows) if well.plate != name]
        pairs = {
            "common": [(i, j) for i in mine for j in mine if i != j],
            "replicate_cosine": [
                (i, j) for i in mine for j in others if rows[i].drug == rows[j].drug
            ],
            "mismatch_cosine": [
                (i, j) for i in mine for j in others if rows[i].drug != rows[j].drug
            ],
        }
        for score, of_score in pairs.items():
            expected = np.mean([directions[i] @ directions[j] for i, j in of_score])
            assert found.loc[name, score] == pytest.approx(expected, abs=1e-5)
        assert found.loc[name, "compound_wells"] == len(mine)
        p = wells.loc[mine, "p_value"].dropna()
        assert found.loc[name, "significant"] == pytest.approx((p <= SIGNIFICANT).mean())


def test_a_plate_alone_has_no_replicates():
    wells, directions = batch()
    alone = wells["plate"] == "A_X1"
    wells = wells[alone].reset_index(drop=True).assign(p_value=np.nan)
    found = plate_quality(wells, directions[alone]).iloc[0]
    assert np.isfinite(found["common"])
    assert found[["replicate_cosine", "mismatch_cosine", "significant"]].isna().all()


def test_a_plate_whose_vehicle_wells_are_off_is_seen(tmp_path):
    drugs = [f"d{i}" for i in range(30)]
    wells = join(plate("A_X1", drugs), plate("A_X2", drugs))
    rng = np.random.default_rng(0)
    effect = {drug: rng.normal(size=60) for drug in drugs}
    expression = rng.normal(8, 0.3, (len(wells), 60))
    expression += [effect.get(drug, np.zeros(60)) for drug in wells["drug"]]
    off = ((wells["plate"] == "A_X1") & (wells["kind"] == "ctl_vehicle")).to_numpy()
    expression[off] += rng.normal(size=60)
    genes = write_matrix(tmp_path / "a.gctx", wells, expression)
    with Gctx(tmp_path / "a.gctx") as matrix:
        settings = {"gamma": 0.5, "reference": "vehicle", "null_draws": 500, "seed": 1}
        made = make_signatures(matrix, wells, genes, **settings)
        quality = pd.concat([table for batch in made for table in batch.quality])
    assert len(quality) == 2 * len(REFERENCES)
    of = quality.set_index(["reference", "plate"])
    common = of["common"]
    assert common["vehicle", "A_X1"] > 0.2 + common["vehicle", "A_X2"]
    assert abs(common["plate", "A_X1"]) < 0.1
    assert (of["replicate_cosine"] > 0.3 + of["mismatch_cosine"]).all()
    assert (of.loc["plate", "significant"] > 0.9).all()


@pytest.mark.parametrize(
    ("cosine", "said"),
    [(0.2, "no experiment has a p-value"), (np.nan, "no plate was replicated")],
)
def test_the_figure_says_why_it_shows_no_consistent_experiments(cosine, said):
    scores = {"common": 0.1, "replicate_cosine": cosine, "mismatch_cosine": np.nan}
    plates = pd.DataFrame(
        {"plate": ["A", "B"], "vehicle_wells": 9, **scores, "significant": np.nan}
    )
    drawn = figure.draw(plates.assign(reference="vehicle"), "vehicle", "data")
    assert [text.get_text() for text in drawn.axes[3].texts] == [said]
