"""Tables of ready-made signatures: GEO's of both phases, and those of Characteristic Directions."""

import numpy as np
import pandas as pd
import pytest

from lacuna.errors import LacunaError
from lacuna.io.odd_rows import Account
from lacuna.io.sig_info import read_signatures

NAN = np.nan
PHASE_1 = {
    "sig_id": "CPC006_A375_6H:BRD-1:10",
    "pert_id": "BRD-1",
    "pert_iname": "aspirin",
    "pert_type": "trt_cp",
    "cell_id": "A375",
    "pert_dose": "10.0",
    "pert_dose_unit": "µM",
    "pert_idose": "10 µM",
    "pert_time": "6",
    "pert_time_unit": "h",
    "pert_itime": "6 h",
    "distil_id": "CPC006_A375_6H_X1_B3:K06|CPC006_A375_6H_X2_B3:K06",
}
# As L1000CDS2 describes its signatures: no type, no units.
DIRECTION = {
    "sig_id": "CPC006_A375_6H:BRD-1:10",
    "pert_id": "BRD-1",
    "cell_id": "A375",
    "pert_dose": "10.0",
    "pert_time": "6.0",
    "pvalue": "0.0312",
    "replicateCount": "4",
}


def read(folder, *rows):
    table = pd.DataFrame(list(rows))
    table.to_csv(folder / "sig_info.txt", sep="\t", index=False)
    return read_signatures(folder / "sig_info.txt")


def test_both_phases_give_the_same(tmp_path):
    (phase_1,) = read(tmp_path, PHASE_1).to_dict("records")
    columns = ["sig_id", "pert_id", "pert_iname", "pert_type", "cell_id"]
    phase_2 = {name: PHASE_1[name] for name in [*columns, "pert_idose", "pert_itime", "distil_id"]}
    (other,) = read(tmp_path, phase_2).to_dict("records")
    np.testing.assert_equal(phase_1, other)
    assert phase_1 | {"acd": 0, "p_value": 0, "cc_q75": 0} == {
        "signature": PHASE_1["sig_id"],
        "drug": "BRD-1",
        "name": "aspirin",
        "kind": "trt_cp",
        "cell": "A375",
        "dose": 10.0,
        "time": 6.0,
        "replicates": 2,
        "batch": "CPC006_A375_6H",
        "acd": 0,
        "p_value": 0,
        "cc_q75": 0,
    }


def test_doses_and_times_of_phase_2_are_read_with_their_units_and_those_of_genes_are_none(tmp_path):
    columns = ["sig_id", "pert_id", "pert_iname", "pert_type", "cell_id"]
    written = [
        ("trt_cp", "10 uM", "24 h"),
        ("trt_cp", "0.04 µM", "6 h"),
        ("trt_cp", "3.33 um", "24 h"),
        ("trt_cp", "500 nM", "2 days"),
        ("trt_sh.cgs", "-666", "96 h"),
        ("trt_sh", "1.5 µL", "-666"),
    ]
    rows = [
        dict(zip(columns, [f"s{n}", f"d{n}", "n", kind, "MCF7"], strict=True))
        | {"pert_idose": dose, "pert_itime": time, "distil_id": f"P_X1:A0{n}|P_X2:A0{n}"}
        for n, (kind, dose, time) in enumerate(written)
    ]
    pd.DataFrame(rows).to_csv(tmp_path / "sig_info.txt", sep="\t", index=False)
    account: Account = []
    table = read_signatures(tmp_path / "sig_info.txt", account)
    np.testing.assert_equal(table["dose"].to_numpy(), [10, 0.04, 3.33, 0.5, NAN, NAN])
    np.testing.assert_equal(table["time"].to_numpy(), [24, 6, 24, 48, 96, NAN])
    assert table["replicates"].eq(2).all()
    (odd,) = account
    assert (odd.rows, odd.what) == (
        1,
        "dose in an unknown unit: it counts as missing ('1.5 µL')",
    )


def test_a_table_of_directions_keeps_its_p_values_and_replicates(tmp_path):
    table = read(
        tmp_path,
        DIRECTION,
        DIRECTION | {"sig_id": "b", "pvalue": "", "replicateCount": "1"},
    )
    assert table["kind"].tolist() == ["trt_cp", "trt_cp"]
    np.testing.assert_equal(table["p_value"].to_numpy(), [0.0312, NAN])
    assert table["replicates"].tolist() == [4, 1]
    assert table[["dose", "time"]].to_numpy().tolist() == [[10, 6], [10, 6]]
    assert table["name"].isna().all()
    assert table["acd"].isna().all()


def test_a_unit_that_is_given_counts(tmp_path):
    rows = [
        DIRECTION | {"pert_dose_unit": unit, "sig_id": f"s {unit}"} for unit in ("nM", "mg", "-666")
    ]
    np.testing.assert_equal(read(tmp_path, *rows)["dose"].to_numpy(), [0.01, NAN, NAN])


def test_the_text_with_a_unit_stands_in_for_a_number_that_is_missing(tmp_path):
    row = PHASE_1 | {"pert_dose": "-666", "pert_time": "-666", "pert_idose": "0.1 nM"}
    assert read(tmp_path, row)[["dose", "time"]].iloc[0].tolist() == [1e-4, 6]


def test_wells_say_how_many_replicates_and_which_batch(tmp_path):
    wells = {
        "one": "A_X1:a",
        "several": "A_X1:a|A_X2:a|A_X3_B5:a",
        "mixed": "A_X1:a|B_X1:a|A_X2:a",
        "none": "-666",
    }
    rows = [PHASE_1 | {"sig_id": name, "distil_id": ids} for name, ids in wells.items()]
    table = read(tmp_path, *rows)
    assert table["replicates"].tolist() == [1, 3, 3, 1]
    assert table["batch"].tolist() == ["A", "A", "", ""]


def test_a_count_that_is_given_wins_over_the_wells(tmp_path):
    assert read(tmp_path, PHASE_1 | {"distil_nsample": "5"})["replicates"].tolist() == [5]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"pvalue": "1.2"}, "line 2: the p-value is '1.2'"),
        ({"pvalue": "-0.1"}, "line 2: the p-value is '-0.1'"),
        ({"pvalue": "low"}, "line 2: the p-value is 'low' (1 such rows)"),
        ({"pvalue": ""}, "no column pert_type (or pvalue"),  # compounds, or what?
        ({"pert_id": ""}, "the column read as drug is empty"),
        ({"cell_id": "-666"}, "the column read as cell is empty"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, change, said):
    with pytest.raises(LacunaError) as raised:
        read(tmp_path, DIRECTION | change)
    assert str(raised.value).startswith(str(tmp_path / "sig_info.txt"))
    assert said in str(raised.value)


def test_how_alike_replicates_are_is_kept(tmp_path):
    rows = [
        PHASE_1 | {"sig_id": f"s{text}", "distil_cc_q75": text} for text in ("0.25", "-666", "-0.1")
    ]
    np.testing.assert_equal(read(tmp_path, *rows)["cc_q75"].to_numpy(), [0.25, NAN, -0.1])
