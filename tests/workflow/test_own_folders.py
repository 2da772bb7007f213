"""From a folder of somebody's own files to a report, with what `lacuna init` wrote, unedited.

`make own-data` goes through all seven folders of bench/own_folders.py; here are the two smallest.
"""

import own_folders
import pytest


@pytest.mark.parametrize("name", ["few-drugs", "one-cell"])
def test_a_folder_becomes_a_report(shared_data, tmp_path, monkeypatch, name):
    monkeypatch.setattr(own_folders, "SHARED", shared_data)
    row = own_folders.go(name, tmp_path, cores=2)
    log = (tmp_path / f"{name}.run.log").read_text()[-3000:]
    assert (row["init"], row["check"], row["run"]) == (0, 0, 0), log
    assert row["report_kb"] > 100
    assert "Traceback" not in log


def test_every_folder_is_what_it_says(shared_data, tmp_path, monkeypatch):
    monkeypatch.setattr(own_folders, "SHARED", shared_data)
    mini = own_folders.plates()
    assert mini.expression.shape == (1429, 978)
    own_folders.full_grid(tmp_path / "grid")
    samples = own_folders.read_text_table(tmp_path / "grid/mine_samples.txt", dtype=str)
    assert samples.groupby(["pert_id", "cell_id"]).ngroups == len(samples) == 300
    own_folders.three_series(tmp_path / "three")
    genes = [
        set(own_folders.read_text_table(path, dtype=str)["pr_gene_id"])
        for path in (tmp_path / "three").glob("*_genes.txt")
    ]
    assert sorted(map(len, genes)) == [938, 938, 938]
    assert len(set.intersection(*genes)) == 978 - 3 * 40
    own_folders.doses(tmp_path / "doses")
    samples = own_folders.read_text_table(tmp_path / "doses/mine_samples.txt", dtype=str)
    assert samples["cell_id"].nunique() == 6
    assert samples["inst_id"].is_unique
