"""Parts of the product as files, against the whole."""

import anndata
import numpy as np
import pandas as pd
import pytest
from indexed import planted, write_index

from lacuna.errors import LacunaError
from lacuna.explore import export as exporting
from lacuna.explore.answers_gene import Wanted
from lacuna.explore.export import export
from lacuna.explore.index import Index
from lacuna.io.convert import convert
from lacuna.io.gctx import Gctx


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run of 8 drugs in 4 cells, with its product and its index."""
    folder = tmp_path_factory.mktemp("results") / "toy"
    for part in ("completed", "explore"):
        (folder / part).mkdir(parents=True)
    write_index(folder, *planted(drugs=8, cells=4))
    for ending in ("gctx", "h5ad"):
        (folder / f"product.{ending}").rename(folder / f"completed/kernel.{ending}")
    (folder / "index.h5").rename(folder / "explore/index.h5")
    return folder


@pytest.fixture
def index(run):
    with Index.open(run / "explore/index.h5") as opened:
        yield opened


def test_a_part_as_h5ad_is_that_part_of_the_whole(run, index, tmp_path, monkeypatch):
    monkeypatch.setattr(exporting, "AT_ONCE", 3)
    out = tmp_path / "part.h5ad"
    made = export(index, run, out, ("D3", "name d5"), Wanted(("c1", "c2", "c3")))
    assert (made.profiles, made.of_all, made.genes, made.paths) == (6, 32, 40, [out])
    part, whole = anndata.read_h5ad(out), anndata.read_h5ad(run / "completed/kernel.h5ad")
    names = [f"{drug}:{cell}" for drug in ("d3", "d5") for cell in ("c1", "c2", "c3")]
    expected = whole[names]
    assert part.obs_names.tolist() == names
    assert np.array_equal(part.X, expected.X)
    assert set(part.layers) == set(whole.layers)
    for name in whole.layers:
        assert np.array_equal(part.layers[name], expected.layers[name], equal_nan=True)
    pd.testing.assert_frame_equal(part.obs.astype(object), expected.obs.astype(object))
    assert part.obs["pert_id"].cat.categories.tolist() == ["d3", "d5"]
    pd.testing.assert_frame_equal(part.var, whole.var)
    assert set(part.uns) == set(whole.uns)


@pytest.mark.parametrize("ending", [".gctx", ".gct", ".tsv", ".csv.gz"])
def test_a_part_in_other_layouts_holds_the_same(run, index, tmp_path, ending):
    out = tmp_path / f"part{ending}"
    made = export(index, run, out, (), Wanted(source="predicted"))
    gaps = (index.profiles["source"] == "predicted").sum()
    assert made.profiles == gaps
    convert(out, tmp_path / "back.gctx")
    with Gctx(tmp_path / "back.gctx") as part, Gctx(run / "completed/kernel.gctx") as whole:
        assert len(part.columns) == gaps
        same = whole.read(part.rows, part.columns)
        assert part.read(part.rows, part.columns) == pytest.approx(same, rel=1e-5)


def test_beside_a_table_stands_of_what_its_columns_are(run, index, tmp_path):
    out = tmp_path / "part.tsv"
    made = export(index, run, out, ("d1",), Wanted())
    beside = tmp_path / "part_profiles.tsv"
    assert made.paths == [out, beside]
    facts = pd.read_csv(beside, sep="\t")
    assert facts["profile"].tolist() == ["d1:c0", "d1:c1", "d1:c2", "d1:c3"]
    assert set(facts["source"]) == {"measured", "predicted"}
    assert facts.loc[facts["source"] == "predicted", "replicates"].isna().all()
    assert list(pd.read_csv(out, sep="\t", index_col=0)) == facts["profile"].tolist()


def test_the_whole_is_written_without_filters(run, index, tmp_path):
    assert export(index, run, tmp_path / "all.gctx", (), Wanted()).profiles == 32


def test_what_cannot_be_written_is_told(run, index, tmp_path):
    with pytest.raises(LacunaError, match=r"part.h5: the ending '.h5' says no layout .did you mea"):
        export(index, run, tmp_path / "part.h5", (), Wanted())
    product = run / "completed/kernel.gctx"
    with pytest.raises(LacunaError, match=r"kernel.gctx: is a file of the run; expected another"):
        export(index, run, product, (), Wanted())
    with pytest.raises(LacunaError, match=r"no profile of the 32 is left"):
        export(index, run, tmp_path / "a.gctx", (), Wanted(min_r=1.1))
    with pytest.raises(LacunaError, match=r"no profile of these drugs is left"):
        measured = index.profiles["source"] == "measured"
        cell = int(index.profiles.loc[measured & (index.profiles["drug"] == 0), "cell"].iloc[0])
        export(index, run, tmp_path / "a.gctx", ("d0",), Wanted((f"c{cell}",), "predicted"))
    with pytest.raises(LacunaError, match=r"completed/kernel.gctx: no such file. The index alone"):
        export(index, tmp_path, tmp_path / "a.gctx", (), Wanted())
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("ending", ["gctx", "h5ad"])
def test_a_product_that_is_not_the_indexed_one_is_refused(index, tmp_path, ending):
    folder = tmp_path / "other"
    (folder / "completed").mkdir(parents=True)
    write_index(folder, *planted(drugs=5, cells=4))
    (folder / f"product.{ending}").rename(folder / f"completed/kernel.{ending}")
    with pytest.raises(LacunaError, match=r"it is not the product that was indexed. Run again"):
        export(index, folder, tmp_path / f"a.{ending}", (), Wanted())
