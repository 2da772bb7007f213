"""The small tables of a series are read before its matrix comes."""

import pandas as pd
import pytest
from wells import inst_info, write_text

from lacuna.acquire.inputs import Inputs
from lacuna.acquire.tables import NOTHING, check_tables
from lacuna.errors import LacunaError


def test_a_matrix_waits_for_the_tables_and_they_for_nothing():
    series = {
        "plates": {"level3": "w.gctx.gz", "inst_info": "w.txt", "pert_info": "p.txt"},
        "ready": {"level5": "r.gctx", "sig_info": "r.txt"},
    }
    inputs = Inputs(False, series, {"table": "w.gctx"}, (), {}, ())
    first = "results/mine/acquire/{}/checked/tables.tsv".format
    assert inputs.comes_first("mine", "plates", "w.gctx.gz") == [first("plates")]
    assert inputs.comes_first("mine", "ready", "r.gctx") == [first("ready")]
    for series, file in [("plates", "w.txt"), ("ready", "r.txt"), ("annotations", "w.gctx")]:
        assert inputs.comes_first("mine", series, file) == []
    folder = "results/mine/acquire/plates"
    assert inputs.tables("mine", "plates") == {
        "inst_info": f"{folder}/w.txt",
        "pert_info": f"{folder}/p.txt",
    }


def test_odd_rows_of_every_table_are_counted_and_named(tmp_path):
    wells = inst_info({}, {"cell_id": "-666"}, {})
    drugs = pd.DataFrame({"pert_id": ["a", "b", "a"]})
    cells = pd.DataFrame({"cell_id": ["A375"], "primary_site": ["skin"]})
    genes = pd.DataFrame({"pr_gene_id": ["1"], "pr_gene_symbol": ["A"], "pr_is_lm": ["1"]})
    named = {"inst_info": wells, "pert_info": drugs, "cell_info": cells, "gene_info": genes}
    files = {kind: write_text(table, tmp_path / f"{kind}.txt") for kind, table in named.items()}
    assert check_tables(files).to_numpy().tolist() == [
        ["inst_info", 3, "well without cell_id: left out", 1, f"'{wells['inst_id'][1]}'"],
        ["pert_info", 2, "pert_id in more than one row: merged", 2, "'a'"],
        ["cell_info", 1, NOTHING, 0, ""],
        ["gene_info", 1, NOTHING, 0, ""],
    ]


def test_a_table_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(LacunaError, match=r"genes\.txt.*no column pr_gene_id"):
        check_tables({"gene_info": write_text(inst_info({}), tmp_path / "genes.txt")})
