"""The tables of plates: medians over plates, and the worst plates first."""

import pandas as pd
import pytest

from lacuna.signatures.tables import MOST_PLATES, PLATE_SCORES, plate_medians, worst_plates


@pytest.fixture
def quality():
    """Fifty plates under two references; "common" grows under one and falls under the other."""
    rows = [
        {
            **{"series": "S", "reference": reference, "plate": f"P{number}"},
            **{"vehicle_wells": 24, "compound_wells": 300, "common": sign * number / 100},
            **{"replicate_cosine": 0.5, "mismatch_cosine": 0.1, "significant": float("nan")},
        }
        for reference, sign in (("vehicle", 1), ("plate", -1))
        for number in range(50)
    ]
    return pd.DataFrame(rows)


def test_medians_are_over_the_plates_of_one_reference(quality):
    table = plate_medians(quality).set_index("reference")
    common = PLATE_SCORES["common"]
    assert table.loc["vehicle", common] == pytest.approx(0.245, abs=1e-3)
    assert table.loc["plate", common] == pytest.approx(-0.245, abs=1e-3)
    assert table["plates"].tolist() == [50, 50]
    assert (table[PLATE_SCORES["significant"]] == "").all()  # no median of nothing


def test_the_worst_plates_come_first_and_are_those_of_one_reference(quality):
    assert worst_plates(quality, "vehicle")["plate"].tolist() == [
        f"P{number}" for number in range(49, 49 - MOST_PLATES, -1)
    ]
    assert worst_plates(quality, "plate")["plate"].iloc[0] == "P0"
