"""The published numbers of the study from cell to cell are found by analysis and setting."""

import pandas as pd

from lacuna.cell_to_cell.published import numbers_of_transfer, numbers_of_variations


def test_settings_and_ways_are_found_by_their_names():
    row = {"value": [0.5], "low": [0.4], "high": [0.6]}
    variations = pd.DataFrame({"analysis": ["thinned"], "setting": ["MCF7"], **row})
    numbers = numbers_of_variations(variations).set_index("key")
    assert numbers.loc["thinned/MCF7", ["ours", "low", "high"]].tolist() == [0.5, 0.4, 0.6]
    transfer = numbers_of_transfer(pd.DataFrame({"what": ["copy"], **row}))
    assert transfer["key"].tolist() == ["transfer/copy"]
