"""What a cluster would be asked for; `make slurm-test` asks a real one."""

import re

import pytest
from project import Project

pytest.importorskip("snakemake_executor_plugin_slurm")

LOCAL = "acquire_file|check_tables|tabulate_run|write_report|assemble_report|all"


def test_jobs_of_seconds_share_jobs_and_gpus_go_to_methods_that_ask(tmp_path, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")  # as on most login nodes
    project = Project(tmp_path)
    options = ["--profile", "profiles/slurm", "-n", "--configfile", "config/lincs.yaml"]
    planned = project.run(*options)
    groups = re.findall(r"^\[.*Group job (\w+)", planned, re.MULTILINE)
    jobs = re.findall(r"^( *)(?:local)?rule \w+:", planned, re.MULTILINE)
    local = re.findall(rf"^(?:local)?rule (?:{LOCAL}):", planned, re.MULTILINE)
    grouped = sum(bool(indented) for indented in jobs)
    submitted = len(groups) + len(jobs) - grouped - len(local)
    print(f"{len(jobs)} jobs, {grouped} of them in {len(groups)} groups: {submitted} SLURM jobs")
    assert set(groups) == {"tensor", "quick", "score", "summary"}
    assert grouped > 0.8 * len(jobs)
    assert submitted < 0.2 * len(jobs)
    assert "gpu=1" not in planned

    with_gpu = {"completion": {"options": {"falrtc": {"device": "cuda"}}}}
    planned = project.run(*options, *project.configure(with_gpu)[2:])
    asking = [part for part in planned.split("\n\n") if "gpu=1" in part]
    assert asking and all("method=falrtc" in part for part in asking)
