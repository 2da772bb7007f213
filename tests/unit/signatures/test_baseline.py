"""Expression without treatment: measured in vehicle wells, or read from a matrix."""

import numpy as np
import pandas as pd
import pytest
from wells import join, noise, plate, write_matrix

from lacuna.errors import LacunaError
from lacuna.io.gctx import Gctx, write_gctx
from lacuna.signatures.baseline import average_plates, join_baselines, read_baseline
from lacuna.signatures.series import make_signatures


def test_the_baseline_is_the_mean_of_plates_of_the_mean_of_their_vehicle_wells(tmp_path):
    wells = join(
        plate("P1_X1", ["a", "b"], vehicles=3),
        plate("P1_X2", ["a"], vehicles=5),
        plate("Q_X1", ["a"], vehicles=2, cell="PC3"),
        plate("R_X1", ["a"], vehicles=0, cell="VCAP"),
        plate("S_X1", ["a"], vehicles=1, cell="HL60"),  # too few for a signature
    )
    expression = noise(wells)
    genes = write_matrix(tmp_path / "a.gctx", wells, expression)
    with Gctx(tmp_path / "a.gctx") as matrix:
        settings = {"gamma": 0.5, "reference": "vehicle", "null_draws": 100, "seed": 1}
        made = list(make_signatures(matrix, wells, genes, **settings))
    table = average_plates([plate for batch in made for plate in batch.vehicles], genes)
    table = table.set_index("cell")
    assert list(table.index) == ["A375", "HL60", "PC3"]
    vehicle = wells["kind"].eq("ctl_vehicle")
    of_plate = [
        expression[vehicle & wells["plate"].eq(name)].mean(axis=0)
        for name in ("P1_X1", "P1_X2", "Q_X1", "S_X1")
    ]
    assert np.allclose(table.loc["A375"], (of_plate[0] + of_plate[1]) / 2, atol=1e-5)
    assert np.allclose(table.loc["PC3"], of_plate[2], atol=1e-5)
    assert np.allclose(table.loc["HL60"], of_plate[3], atol=1e-5)
    assert {batch.signatures.table["cell"][0] for batch in made if batch.signatures} == {
        *("A375", "PC3")
    }


@pytest.fixture
def matrix(tmp_path):
    values = np.arange(6, dtype=np.float32).reshape(2, 3)
    write_gctx(
        tmp_path / "b.gctx",
        values,
        pd.DataFrame(index=["g1", "g2", "g3"]),
        pd.DataFrame(index=["A", "B"]),
    )
    with Gctx(tmp_path / "b.gctx") as opened:
        yield opened


def test_a_matrix_of_cells_is_read_for_the_screens_genes_and_cells(matrix):
    table = read_baseline(matrix, ["g3", "g1"], ["B", "C", "B"])
    assert table.to_dict("list") == {"cell": ["B"], "g3": [5.0], "g1": [3.0]}


def test_a_matrix_that_does_not_fit_is_named(matrix):
    with pytest.raises(LacunaError, match=r"b.gctx: 1 genes have no baseline expression: 'g9'"):
        read_baseline(matrix, ["g1", "g9"], ["A"])
    with pytest.raises(
        LacunaError, match=r"b.gctx: no column is one of the screen's cells.*'A', 'B'"
    ):
        read_baseline(matrix, ["g1"], ["PC3"])


@pytest.mark.fault(
    "a table of baseline expression with -666, 1e30, or intensities",
    "refused, with the first cell and gene",
)
@pytest.mark.parametrize("value", [-666, 1e30, 3000])
def test_a_baseline_that_is_no_log2_expression_is_refused(tmp_path, value):
    values = np.full((2, 3), 8.0)
    values[1, 2] = value
    genes, cells = pd.DataFrame(index=["g1", "g2", "g3"]), pd.DataFrame(index=["A", "B"])
    write_gctx(tmp_path / "b.gctx", values, genes, cells)
    with Gctx(tmp_path / "b.gctx") as matrix:
        assert len(read_baseline(matrix, ["g1", "g2"], ["A", "B"])) == 2
        with pytest.raises(LacunaError, match=r"b\.gctx: cell 'B', gene 'g3' is .* log2"):
            read_baseline(matrix, ["g1", "g3"], ["A", "B"])


def test_series_are_averaged_and_cells_stand_in_the_tensors_order():
    one = pd.DataFrame({"cell": ["B", "A"], "g1": [1.0, 2.0]})
    other = pd.DataFrame({"cell": ["A", "X"], "g1": [4.0, 9.0]})
    other["g2"] = 0.0  # which the first series lacks
    table = join_baselines([one, other], np.array(["A", "M", "B"]), np.array(["g1"]))
    assert table.to_dict("list") == {"cell": ["A", "B"], "g1": [3.0, 1.0]}
    assert join_baselines([], np.array(["A"]), np.array(["g1"])).empty
