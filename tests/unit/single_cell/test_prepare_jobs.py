"""From the files of others to a fold, over files alone."""

import numpy as np
import pandas as pd
import pytest
from cells_file import COLUMNS, DRUGS, screen

from lacuna.errors import LacunaError
from lacuna.single_cell.interface import CONTROL, TEST, TRAINING, Fold
from lacuna.single_cell.observations import open_observations
from lacuna.single_cell.prepare_jobs import prepare_bulk, prepare_cells, split_cells

KINDS = {"observations": "h5ad", "drugs": "tsv", "account": "tsv", "left_out": "tsv"}
ASKED = {
    "split": {"folds": 3},
    "genes": {"total": 4, "of": "training"},
    "degs": {"number": 2, "of": "training"},
    "validation": {"by": "cells", "share": 0.1},
    "seed": 1,
}
DESCRIBED = {"scale": "counts", "columns": COLUMNS, "unit": "nM", "control": "Vehicle"}


def outputs(folder, name):
    return {kind: folder / f"{name}_{kind}.{ending}" for kind, ending in KINDS.items()}


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cells")
    screen().write_h5ad(folder / "cells.h5ad")
    made = outputs(folder, "cells")
    prepare_cells({"expression": folder / "cells.h5ad"}, DESCRIBED, None, made)
    return made


def split(files, output, name, bulk=None, **changes):
    split_cells(
        files["observations"],
        files["drugs"],
        bulk and bulk["observations"],
        bulk and bulk["drugs"],
        output,
        fold_name=name,
        **ASKED | changes,
    )
    return Fold.load(output)


def test_folds_of_a_run_judge_each_drug_once(files, tmp_path, capsys):
    read = open_observations(files["observations"], files["drugs"])
    judged = []
    for number in range(3):
        fold = split(files, tmp_path / "f.h5", f"drugs_{number}")
        assert set(read.obs["drug"][fold.role == TEST]) == {*fold.held_out, CONTROL}
        assert fold.shared == 0
        assert len(fold.genes) == 4
        judged += fold.held_out
    assert sorted(judged) == sorted(DRUGS)
    assert "1 drugs held out; 4 genes, 0 of the bulk screen" in capsys.readouterr().out


def test_the_same_seed_writes_the_same_bytes(files, tmp_path):
    for name in ("one.h5", "two.h5", "other.h5"):
        seed = 2 if name == "other.h5" else 1
        split(files, tmp_path / name, "random_0", seed=seed)
    one, two, other = ((tmp_path / name).read_bytes() for name in ("one.h5", "two.h5", "other.h5"))
    assert one == two
    assert one != other


def test_tables_say_what_was_left_out(files):
    account = pd.read_csv(files["account"], sep="\t")
    assert list(account.columns) == ["step", "observations", "drugs", "lines"]
    assert account["observations"].tolist()[-1] == 112
    assert list(pd.read_csv(files["left_out"], sep="\t")) == ["what", "name", "why", "count"]


def test_real_cells_share_genes_with_real_wells(mini, shared_data, tmp_path):
    bulk = outputs(tmp_path, "bulk")
    prepare_bulk([mini], [], bulk)
    made = outputs(tmp_path, "gbm")
    (tmp_path / "drugs.tsv").write_text("drug\tsmiles\npanobinostat\tCc1[nH]c2ccccc2c1CCN\n")
    folder = shared_data / "single-cell" / "glioblastoma-panobinostat"
    prepare_cells(
        {"expression": folder / "zhao2021_5000x300.h5ad", "structures": tmp_path / "drugs.tsv"},
        {
            "scale": "counts",
            "columns": {"drug": "condition", "line": "patient_id"},
            "control": "ctrl",
        },
        shared_data / "genes" / "human_genes.tsv.gz",
        made,
    )
    fold = split(made, tmp_path / "f.h5", "lines_1", bulk, genes={"total": 100, "of": "training"})
    wells = open_observations(bulk["observations"], bulk["drugs"])
    assert fold.shared == 34
    places = wells.genes.get_indexer(fold.genes)
    assert (places[:34] >= 0).all()
    assert (np.diff(places[:34]) > 0).all()  # in the order of the bulk screen
    assert (places[34:] < 0).all()
    assert len(fold.genes) == 100
    degs = fold.degs[fold.degs["dose"].isna()]
    assert degs.groupby("line").size().tolist() == [2] * 5
    assert (fold.role == TRAINING).sum() > 3000


def test_files_of_no_known_kind_are_refused(tmp_path):
    with pytest.raises(LacunaError, match="expected expression, ranks or level5"):
        prepare_cells({"structures": ""}, {}, None, outputs(tmp_path, "x"))
    with pytest.raises(LacunaError, match="come without structures"):
        prepare_cells({"ranks": "r.npz"}, {}, None, outputs(tmp_path, "x"))
