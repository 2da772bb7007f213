"""Which wells are cut out of a screen, and what their controls say."""

import numpy as np
import pandas as pd
import pytest
from wells import inst_info, write_text

from lacuna.errors import LacunaError
from lacuna.io.gctx import Gctx, write_gctx
from lacuna.io.geo import read_wells
from lacuna.io.level3 import open_level3
from lacuna.retrieval import cut

ASKED = {"lines": ["A375", "HT115"], "time": 6, "dose": 10, "in_all_lines": True}


def screen(folder, *changes):
    return read_wells(write_text(inst_info(*changes), folder / "inst_info.txt"))


def test_each_filter_is_counted_and_names_of_one_structure_are_one_drug(tmp_path):
    wells = screen(
        tmp_path,
        {"inst_id": "kept-1", "pert_id": "a"},
        {"inst_id": "kept-2", "pert_id": "a-again", "cell_id": "HT115", "pert_dose": "9.99982"},
        {"inst_id": "kept-3", "pert_id": "a"},
        {"inst_id": "other line", "pert_id": "a", "cell_id": "PC3"},
        {"inst_id": "other time", "pert_id": "a", "pert_time": "24"},
        {"inst_id": "other dose", "pert_id": "a", "pert_dose": "11.11"},
        {"inst_id": "no structure", "pert_id": "b"},
        {"inst_id": "one line alone", "pert_id": "c"},
        {"inst_id": "vehicle", "pert_id": "DMSO", "pert_type": "ctl_vehicle"},
    )
    keys = pd.Series({"a": "KEY-A", "a-again": "KEY-A", "c": "KEY-C", "b": None})
    chosen = cut.choose_wells(wells, keys, **ASKED)
    assert chosen.wells.index.tolist() == ["kept-1", "kept-2", "kept-3"]
    assert chosen.wells["drug"].tolist() == ["KEY-A"] * 3
    assert chosen.wells["pert_id"].tolist() == ["a", "a-again", "a"]
    assert chosen.account["wells"].tolist() == [8, 7, 6, 5, 4, 3]
    assert chosen.account["drugs"].tolist() == [4, 4, 4, 4, 2, 1]


def test_drugs_that_a_line_lacks_stay_where_that_is_asked_for(tmp_path):
    wells = screen(tmp_path, {"pert_id": "a"}, {"pert_id": "c", "cell_id": "HT115"})
    keys = pd.Series({"a": "KEY-A", "c": "KEY-C"})
    assert len(cut.choose_wells(wells, keys, **ASKED | {"in_all_lines": False}).wells) == 2


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"lines": ["A375", "MCF-7"]}, "no well is of 'MCF-7'; the screen has 'A375', 'HT115'"),
        ({"time": 24}, "'after 24 h' of 2 before it; there are '6 h'"),
        ({"dose": 3}, "'at 3 uM' of 2 before it; there are '10 uM'"),
    ],
)
def test_what_leaves_nothing_is_named(tmp_path, asked, said):
    wells = screen(tmp_path, {"pert_id": "a"}, {"pert_id": "a", "cell_id": "HT115"})
    with pytest.raises(LacunaError, match=said):
        cut.choose_wells(wells, pd.Series({"a": "KEY-A"}), **ASKED | asked)


def test_without_any_readable_structure_it_stops(tmp_path):
    wells = screen(tmp_path, {"pert_id": "a"}, {"pert_id": "a", "cell_id": "HT115"})
    with pytest.raises(LacunaError, match="of a structure that can be read"):
        cut.choose_wells(wells, pd.Series({"a": None}), **ASKED)


@pytest.fixture
def level3(tmp_path):
    """A matrix of 5 genes: wells t0 to t5 treated, c0 to c5 controls; plates P (even) and Q."""
    genes = pd.DataFrame({"gene": list("12345"), "symbol": list("ABCDE"), "landmark": True})
    names = [f"{kind}{number}" for kind in "tc" for number in range(6)]
    values = np.random.default_rng(0).uniform(4, 14, (12, 5)).astype(np.float32)
    write_gctx(
        tmp_path / "a.gctx", values, pd.DataFrame(index=genes["gene"]), pd.DataFrame(index=names)
    )
    with Gctx(tmp_path / "a.gctx") as matrix:
        yield open_level3(matrix, genes), pd.DataFrame(values, index=names)


CONTROLS = pd.DataFrame({"well": [f"c{n}" for n in range(6)], "plate": list("PQPQPQ")})


def test_controls_of_the_same_plate_are_averaged(level3):
    matrix, values = level3
    found = cut.mean_controls(matrix, CONTROLS, ["Q", "P", "P"])
    of_plate = {
        "P": values.loc[["c0", "c2", "c4"]].mean(),
        "Q": values.loc[["c1", "c3", "c5"]].mean(),
    }
    assert np.allclose(found, [of_plate["Q"], of_plate["P"], of_plate["P"]], atol=1e-5)


def test_a_control_drawn_is_one_well_of_the_same_plate(level3):
    matrix, values = level3
    plates = ["Q", "P"] * 30
    found = cut.drawn_controls(matrix, CONTROLS, plates, np.random.default_rng(0))
    drawn = [int(np.argmin(np.abs(values.to_numpy() - row).sum(axis=1))) for row in found]
    assert np.array_equal(found, values.to_numpy()[drawn])
    assert {values.index[row] for row in drawn[::2]} == {"c1", "c3", "c5"}
    assert {values.index[row] for row in drawn[1::2]} == {"c0", "c2", "c4"}
    again = cut.drawn_controls(matrix, CONTROLS, plates, np.random.default_rng(0))
    assert np.array_equal(found, again)


def test_wells_are_read_in_the_order_asked_for(level3):
    matrix, values = level3
    assert np.array_equal(cut.read_profiles(matrix, ["t3", "t0"]), values.loc[["t3", "t0"]])
