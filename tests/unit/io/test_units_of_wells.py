"""Doses and times of wells, in one text with their units or in two columns; units not known."""

import numpy as np
import pandas as pd
import pytest
from wells import inst_info, write_text

from lacuna.errors import LacunaError
from lacuna.io.geo import read_wells

DOSE_TIME = ("dose", "time")


def in_one_text(table):
    dose, time = (table[f"pert_{what}"] + " " + table[f"pert_{what}_unit"] for what in DOSE_TIME)
    left = table.drop(
        columns=[f"pert_{what}{part}" for what in DOSE_TIME for part in ("", "_unit")]
    )
    return left.assign(pert_idose=dose, pert_itime=time)


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_one_text_with_its_unit_is_as_good_as_two_columns(tmp_path, encoding):
    changes = [{"pert_dose": "0.1", "pert_dose_unit": unit} for unit in ("µM", "nM", "mM", "mg")]
    table = inst_info(*changes, {"pert_time": "24"}, {"pert_time": "30", "pert_time_unit": "min"})
    apart = read_wells(write_text(table, tmp_path / "apart.txt", encoding))
    together = read_wells(write_text(in_one_text(table), tmp_path / "together.txt", encoding))
    pd.testing.assert_frame_equal(apart, together)
    np.testing.assert_equal(apart["dose"].to_numpy(), [0.1, 1e-4, 100, np.nan, 10, 10])
    np.testing.assert_equal(apart["time"].to_numpy(), [6, 6, 6, 6, 24, 0.5])
    assert apart["unknown_dose"].dropna().to_dict() == {3: "0.1 mg"}


def test_where_a_number_is_missing_the_text_counts(tmp_path):
    table = inst_info({"pert_dose": "-666"}, {"pert_dose": "7"}).assign(
        pert_idose="3 µM", pert_itime="1 h"
    )
    wells = read_wells(write_text(table, tmp_path / "inst_info.txt"))
    assert wells["dose"].tolist() == [3, 7]
    assert wells["time"].tolist() == [6, 6]


def test_a_table_without_any_dose_is_refused_and_one_without_names_is_not(tmp_path):
    table = inst_info({}, {})
    wells = read_wells(write_text(table.drop(columns="pert_iname"), tmp_path / "a.txt"))
    assert wells["name"].isna().all()
    with pytest.raises(LacunaError, match="no column pert_dose or pert_idose"):
        read_wells(write_text(table.drop(columns="pert_dose"), tmp_path / "b.txt"))


def test_unknown_units_are_counted_with_their_text(tmp_path):
    table = inst_info(
        {"pert_dose": "1,5"}, {"pert_time_unit": "moon"}, {"pert_dose_unit": "mg"}, {}
    )
    account = []
    read_wells(write_text(table, tmp_path / "inst_info.txt"), account)
    ids = table["inst_id"]
    assert account == [
        (
            "dose in an unknown unit: of a compound, left out ('1,5 um', '10 mg')",
            2,
            f"{ids[0]!r}, {ids[2]!r}",
        ),
        ("time in an unknown unit: of a compound, left out ('6 moon')", 1, repr(ids[1])),
    ]


def test_without_any_unit_no_dose_is_known_and_times_are_hours(tmp_path):
    table = inst_info({}, {"pert_dose": "3 nM"}).drop(columns=["pert_dose_unit", "pert_time_unit"])
    wells = read_wells(write_text(table, tmp_path / "inst_info.txt"))
    np.testing.assert_equal(wells["dose"].to_numpy(), [np.nan, 0.003])
    assert wells["unknown_dose"].fillna("none").tolist() == ["10", "none"]
    assert wells["time"].tolist() == [6, 6]
