"""The record of a run: versions, and time by rule."""

from importlib.metadata import version

from lacuna.run_record import time_per_rule, versions


def test_every_dependency_has_its_version():
    table = versions().set_index("package")["version"]
    assert table["h5py"] == version("h5py")
    assert table["lacuna"] == version("lacuna")
    assert "pytest" not in table  # wanted by developers alone
    assert (table != "not installed").all()


def test_jobs_of_a_rule_add_up(tmp_path):
    def measured(path, seconds, memory):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"s\th:m:s\tmax_rss\n{seconds}\t0:00:01\t{memory}\n")

    measured(tmp_path / "build_tensor.tsv", 2.5, 100)
    measured(tmp_path / "predict/large_a.tsv", 10, 300)
    measured(tmp_path / "predict/large_b.tsv", 30, "-")
    table = time_per_rule(tmp_path)
    assert table["rule"].tolist() == ["predict", "build_tensor"]
    assert table.iloc[0].tolist() == ["predict", 2, 40, 30, 300]
