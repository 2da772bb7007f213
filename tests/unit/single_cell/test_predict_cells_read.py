"""Cells of a user's own are brought to a model's genes and level; or a reason why not."""

from dataclasses import replace

import anndata
import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from used_model import ASPIRIN, call, controls, rewritten, used_model

from lacuna.errors import LacunaError
from lacuna.io.tsv import read_table, write_table
from lacuna.single_cell.new_cells import Asked, read_cells

ANY = Asked()


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return used_model(tmp_path_factory)


@pytest.fixture(scope="module")
def held_out(made):
    """Two held-out drugs: names and SMILES."""
    drugs = made.observations.drugs.loc[made.fold.held_out[:2]]
    return list(zip(drugs.index, drugs["smiles"], strict=True))


@pytest.fixture
def folder(made, tmp_path):
    """A folder with the untreated cells of both lines."""
    controls(made).write_h5ad(tmp_path / "cells.h5ad")
    return tmp_path


def as_log1p(cells, total=1e4):
    counts = cells.X.toarray().astype(np.float64)
    values = np.log1p(counts * total / counts.sum(axis=1, keepdims=True))
    cells.X = sparse.csr_matrix(values.astype(np.float32))
    return cells


def test_counts_and_logarithms_of_any_sum_are_the_same(made, folder, held_out):
    asked = Asked(line="SIMBRE1")
    found = [read_cells(folder / "cells.h5ad", made.predictor, asked)]
    for total in (1e4, 300.0):
        controls(made).write_h5ad(folder / "cells.h5ad")
        rewritten(folder, lambda cells, total=total: as_log1p(cells, total))
        found.append(read_cells(folder / "cells.h5ad", made.predictor, asked))
        assert "log(1 + normalised counts)" in found[-1].said[0]
        assert found[-1].library is None
    for other in found[1:]:
        np.testing.assert_allclose(other.rows, found[0].rows, atol=2e-3)
    control = np.flatnonzero(made.observations.obs["control"])
    rows = made.observations.rows(control, made.predictor.trained.genes)
    np.testing.assert_allclose(found[0].rows, rows, atol=1e-4)
    counts = made.observations.counts(control, made.predictor.trained.genes).sum(axis=1)
    np.testing.assert_allclose(found[0].library, counts, rtol=1e-3)


def test_a_file_of_few_genes_is_brought_to_the_level_of_these(made, folder):
    """Its counts are few, and are not blown up to those of all genes."""
    own = made.predictor.trained.genes
    rewritten(folder, lambda cells: cells[:, own].copy())
    cells = read_cells(folder / "cells.h5ad", made.predictor, ANY)
    level = made.predictor.level[own].sum()
    assert level < 0.3 * made.predictor.level.sum()
    assert np.expm1(cells.rows.astype(float)).sum(axis=1).mean() == pytest.approx(level, rel=1e-4)
    np.testing.assert_allclose(cells.rows.mean(axis=0), made.predictor.trained.typical, atol=0.15)


def test_scale_and_layer_are_taken_at_their_word_and_checked(made, folder, capsys):
    def layered(cells):
        cells.layers["counts"] = cells.X.copy()
        return as_log1p(cells)

    rewritten(folder, layered)
    asked = Asked(line="SIMBRE1", layer="counts")
    by_layer = read_cells(folder / "cells.h5ad", made.predictor, asked)
    by_x = read_cells(folder / "cells.h5ad", made.predictor, Asked(scale="log1p"))
    np.testing.assert_allclose(by_layer.rows, by_x.rows, atol=2e-3)
    for words, said in (
        (["--scale", "counts"], "counts are whole numbers"),
        (["--scale", "log1p", "--layer", "counts"], "never above 30"),
        (["--layer", "raw"], "has no layer 'raw'"),
    ):
        assert call(folder, made, "--smiles", ASPIRIN, "--dose", "1", *words) == 1
        assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    "named",
    ["symbols", "versions and symbols", "versions and a table", "versions that the model knows"],
)
def test_genes_are_met_by_symbol_or_ensembl_id(made, folder, named):
    expected = read_cells(folder / "cells.h5ad", made.predictor, ANY)
    symbols, model, table = made.predictor.level.index, made.predictor, None
    ids = [f"ENSG{number:011d}" for number in range(len(symbols))]

    def renamed(cells):
        if named != "symbols":
            cells.var_names = [f"{name}.{3 + n % 4}" for n, name in enumerate(ids)]
        if named == "versions and symbols":
            cells.var["gene_symbols"] = symbols.to_numpy()
        return cells[:, ::-1].copy()

    rewritten(folder, renamed)
    if named == "versions and a table":
        table = folder / "genes.tsv"
        write_table(pd.DataFrame({"symbol": symbols, "ensembl": ids}), table)
    if named == "versions that the model knows":
        known = pd.Series(ids, symbols)
        model = replace(model, ensembl=known[model.trained.genes])
    cells = read_cells(folder / "cells.h5ad", model, Asked(genes=table))
    assert cells.measured.all()
    tolerance = 0.15 if named == "versions that the model knows" else 1e-5
    np.testing.assert_allclose(cells.rows.mean(axis=0), expected.rows.mean(axis=0), atol=tolerance)


def test_missing_genes_are_filled_and_said_and_too_many_refused(made, folder, capsys):
    own = list(made.predictor.trained.genes)
    gone = own[:24]
    rewritten(folder, lambda cells: cells[:, ~cells.var_names.isin(gone)].copy())
    assert call(folder, made, "--smiles", ASPIRIN, "--dose", "1uM") == 0
    assert "24 of the model's 80 genes are not in the file" in capsys.readouterr().out
    found = anndata.read_h5ad(folder / "out.h5ad")
    assert found.var_names[~found.var["measured"]].tolist() == gone
    typical = made.predictor.trained.typical[:24]
    np.testing.assert_allclose(found[:, gone].layers["control"], np.tile(typical, (320, 1)))
    assert (typical > 0).any()
    measured = read_table(folder / "out_genes.tsv").set_index("gene")["measured"]
    assert not measured.loc[gone].any() and measured.drop(gone).all()
    rewritten(folder, lambda cells: cells[:, ~cells.var_names.isin(own[:41])].copy())
    assert call(folder, made, "--smiles", ASPIRIN, "--dose", "1uM") == 1
    assert "has 39 of the model's 80 genes (49%" in capsys.readouterr().err


def test_a_symbol_that_stands_twice_is_the_gene_of_more_counts(made, folder):
    expected = read_cells(folder / "cells.h5ad", made.predictor, ANY)
    first = made.predictor.trained.genes[0]

    def doubled(cells):
        extra = cells[:, [first]].copy()
        extra.X = sparse.csr_matrix(extra.shape, dtype=np.float32)
        return anndata.concat([extra, cells], axis=1, merge="first")

    rewritten(folder, doubled)
    cells = read_cells(folder / "cells.h5ad", made.predictor, ANY)
    np.testing.assert_allclose(cells.rows, expected.rows, atol=1e-5)
    assert any("1 genes have the symbol of one with more counts" in said for said in cells.said)


def test_controls_are_told_by_a_column(made, folder, capsys):
    def mixed(cells):
        cells.obs["untreated"] = np.arange(len(cells)) % 2 == 0
        cells.obs["product"] = np.where(cells.obs["untreated"], "DMSO", "drug")
        return cells

    rewritten(folder, mixed)
    every = read_cells(folder / "cells.h5ad", made.predictor, ANY)
    for asked in (
        Asked(control_column="untreated"),
        Asked(control_column="product", control="DMSO"),
    ):
        asked = asked._replace(line_column="cell_type")
        cells = read_cells(folder / "cells.h5ad", made.predictor, asked)
        assert cells.names.tolist() == every.names[::2].tolist()
        assert cells.line.tolist() == controls(made).obs["cell_type"].tolist()[::2]
    for words, said in (
        (["--control", "DMSO"], "expected --control-column, too"),
        (["--control-column", "produkt"], "no column 'produkt' (--control-column) (did you mean"),
        (["--control-column", "product"], "expected true and false"),
        (["--control-column", "product", "--control", "dmso"], "did you mean 'DMSO'?"),
    ):
        assert call(folder, made, "--smiles", ASPIRIN, "--dose", "1", *words) == 1
        assert said in capsys.readouterr().err


def holed(cells):
    cells.obs["cell_type"] = cells.obs["cell_type"].astype(object)
    cells.obs.iloc[3, 0] = None
    return cells


def valued(value):
    def change(cells):
        cells.X = sparse.csr_matrix(np.full(cells.shape, value, np.float32))
        return cells

    return change


def one_value(value):
    def change(cells):
        dense = cells.X.toarray()
        dense[5, 7] = value
        cells.X = dense
        return cells

    return change


def mouse(cells):
    cells.var_names = cells.var_names.str.capitalize() + "rik"
    return cells


def ids(cells):
    cells.var_names = [f"ENSG{number:011d}" for number in range(cells.n_vars)]
    return cells


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (one_value(-1.0), "nothing is negative"),
        (one_value(np.nan), "expected finite numbers"),
        (one_value(100.5), "neither counts (not all are whole) nor logarithms"),
        (valued(0.0), "all values are 0"),
        (valued(3.0), "has one value in all of the model's genes"),
        (holed, "column 'cell_type' is empty for 1 of 320 cells"),
        (ids, "names genes by ids"),
        (mouse, "as symbols of mice"),
        (lambda cells: cells[:0].copy(), "has no cells"),
        (lambda cells: cells[:, :40].copy(), "of the model's 80 genes"),
    ],
)  # fmt: skip
@pytest.mark.fault("cells for `lacuna predict-cells`", "named, without a traceback")
def test_cells_that_do_not_fit_are_named(made, folder, capsys, change, said):
    rewritten(folder, change)
    assert call(folder, made, "--smiles", ASPIRIN, "--dose", "1") == 1
    shown = capsys.readouterr().err
    assert said in shown and "cells.h5ad" in shown and "Traceback" not in shown
    assert not list(folder.glob("*out*"))


def test_cells_that_express_nothing_are_left_out_and_said(made, folder, capsys):
    def emptied(cells):
        dense = cells.X.toarray()
        dense[[3, 9]] = 0
        cells.X = sparse.csr_matrix(dense)
        return cells

    rewritten(folder, emptied)
    assert call(folder, made, "--smiles", ASPIRIN, "--dose", "1") == 0
    assert "2 cells express none of the genes, and are left out" in capsys.readouterr().out
    assert len(anndata.read_h5ad(folder / "out.h5ad")) == 318


def test_dense_cells_are_read_as_sparse_ones(made, folder):
    expected = read_cells(folder / "cells.h5ad", made.predictor, ANY)

    def dense(cells):
        cells.X = cells.X.toarray()
        return cells

    rewritten(folder, dense)
    cells = read_cells(folder / "cells.h5ad", made.predictor, ANY)
    np.testing.assert_allclose(cells.rows, expected.rows, atol=1e-6)


def test_real_cells_of_ensembl_ids_with_versions_are_read(made, folder, shared_data):
    """Glioblastoma: 300 genes, counts; a model of their genes finds all that have a symbol."""
    data = shared_data / "single-cell" / "glioblastoma-panobinostat" / "zhao2021_5000x300.h5ad"
    table = shared_data / "genes" / "human_genes.tsv.gz"
    cells = anndata.read_h5ad(data)
    known = pd.read_csv(table, sep="\t").dropna(subset=["ensembl"])
    known = known.drop_duplicates("ensembl").set_index("ensembl")["symbol"]
    symbols = cells.var_names.str.replace(r"\.\d+$", "", regex=True).map(known)
    assert 250 < symbols.notna().sum() < 300
    trained = made.predictor.trained
    genes = pd.Index(symbols[symbols.notna()][:80].astype(object))
    level = pd.Series(1.0, genes)
    model = replace(made.predictor, trained=replace(trained, genes=genes), level=level)
    asked = Asked(genes=table, control_column="condition", control="ctrl", line_column="patient_id")
    found = read_cells(data, model, asked)
    assert found.measured.all() and len(found.rows) == (cells.obs["condition"] == "ctrl").sum()
    assert set(found.line) <= set(cells.obs["patient_id"])
    own = cells[cells.obs["condition"] == "ctrl"].X.toarray()
    share = own / own.sum(axis=1, keepdims=True)
    share = share[:, symbols.notna()][:, :80]
    expected = np.log1p(share * 80 / share.sum(axis=1).mean())
    np.testing.assert_allclose(found.rows, expected, atol=1e-4)
    with pytest.raises(LacunaError, match=r"names genes by ids .*symbol and ensembl: --genes"):
        read_cells(data, model, Asked())
    kang = shared_data / "single-cell" / "kang-ifnb" / "valid.h5ad"
    with pytest.raises(LacunaError, match=r"valid\.h5ad: has \d+ of the model's 80 genes"):
        read_cells(kang, model, Asked(control_column="condition", control="control"))
