"""Whole files are translated in blocks."""

import anndata
import numpy as np
import pandas as pd
import pytest
from bilingual import bilingual, translation

from lacuna.errors import LacunaError
from lacuna.io.gctx import Gctx, write_gctx
from lacuna.translation import translate


@pytest.fixture
def files(tmp_path):
    world = bilingual(np.random.default_rng(11))
    ids = [f"id{number}" for number in range(14)]
    symbols = pd.Series([f"G{number}" for number in range(14)], index=ids)
    wells = pd.DataFrame({"cell": "A"}, index=[f"well{number}" for number in range(50)])
    order = np.random.default_rng(0).permutation(14)  # rows in another order, two genes too many
    wide = np.hstack([world.seen, np.zeros((50, 2), "f4")])[:, order]
    rows = pd.DataFrame({"pr_gene_symbol": symbols.to_numpy()[order]}, index=symbols.index[order])
    write_gctx(tmp_path / "level3.gctx", wide, rows, wells)
    return world, translation(world), tmp_path, symbols, wells


def test_both_formats_hold_what_the_model_says_whatever_the_blocks(files, monkeypatch):
    world, model, folder, symbols, wells = files
    monkeypatch.setattr(translate, "WELLS_AT_ONCE", 7)
    for name in ("out.gctx", "out.h5ad"):
        with Gctx(folder / "level3.gctx") as matrix:
            translate.write_translated(folder / name, model, matrix, symbols, wells)
    expected = model.predict(world.seen)
    with Gctx(folder / "out.gctx") as matrix:
        np.testing.assert_allclose(matrix.read(model.genes.genes, wells.index), expected, atol=1e-4)
    made = anndata.read_h5ad(folder / "out.h5ad")
    np.testing.assert_allclose(made.X, expected, atol=1e-4)
    assert list(made.obs_names) == list(wells.index)
    assert list(made.var["pr_gene_symbol"]) == model.genes.genes
    assert made.var["landmark"].sum() == 12
    assert list(made.uns["steps"]) == ["moments", "ridge"]


def test_signatures_carry_their_caveat(files):
    world, model, folder, symbols, wells = files
    with Gctx(folder / "level3.gctx") as matrix:
        translate.write_translated(
            folder / "out.h5ad", model, matrix, symbols, wells, differences=True
        )
    made = anndata.read_h5ad(folder / "out.h5ad")
    np.testing.assert_allclose(made.X, model.difference(world.seen), atol=1e-3)
    assert "linear part" in made.uns["caveat"]
    assert made.uns["unit"].startswith("differences")


def test_a_landmark_without_a_row_is_named_and_nothing_is_written(files):
    _, model, folder, symbols, wells = files
    with Gctx(folder / "level3.gctx") as matrix:
        with pytest.raises(LacunaError, match=r"1 of the model's 12 landmarks.*G3"):
            translate.write_translated(
                folder / "out.gctx", model, matrix, symbols.drop("id3"), wells
            )
        with pytest.raises(LacunaError, match=r"ending '\.csv'"):
            translate.write_translated(folder / "out.csv", model, matrix, symbols, wells)
    assert not list(folder.glob("out.*"))
