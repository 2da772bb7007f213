"""An h5ad of the size of the published screen is written in blocks that fit in little memory."""

import anndata
import numpy as np
import pytest

from lacuna.errors import LacunaError
from lacuna.simulation import write_single_cell
from lacuna.simulation.cells import CELLS_AT_ONCE, CellModel

pytestmark = pytest.mark.filterwarnings("ignore:Observation names are not unique")


@pytest.fixture
def sizes(monkeypatch):
    """The number of cells of each block that was drawn, and how many were in memory at once."""
    drawn, expect = [], CellModel.expect

    def watched(model, cells):
        drawn.append(len(cells))
        return expect(model, cells)

    monkeypatch.setattr(CellModel, "expect", watched)
    return drawn


def test_a_large_file_has_the_size_asked_and_is_as_sparse_as_published(tmp_path, sizes):
    write_single_cell.write_large(tmp_path / "large.h5ad", cells=20_000, genes=2000)
    read = anndata.read_h5ad(tmp_path / "large.h5ad")
    assert read.shape == (20_000, 2000)
    assert read.X.format == "csr"
    assert 0.05 < read.X.nnz / 20_000 / 2000 < 0.2
    assert read.obs["product_name"].nunique() == 188 + 1 + 1  # another name of one, and vehicle
    assert read.obs["cell_type"].nunique() == 3
    vehicle = read.obs[read.obs["vehicle"]]
    assert len(vehicle) >= 0.02 * len(read)
    assert vehicle["cell_type"].value_counts().min() > 0.3 * len(vehicle)
    assert np.ptp(read.X.sum(axis=1)) > 0
    assert sum(sizes) == 20_000
    assert max(sizes) <= CELLS_AT_ONCE


@pytest.mark.parametrize("size", [{"cells": 9000}, {"cells": 20_000, "genes": 900}])
def test_what_is_too_small_is_refused(tmp_path, size):
    with pytest.raises(LacunaError, match=r"expected at least \d+ cells for 188 drugs, and 978"):
        write_single_cell.write_large(tmp_path / "large.h5ad", **size)
