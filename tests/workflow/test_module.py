"""The workflow as a module of another one, in a folder of its own, without Lacuna installed."""

import functools
import os
import subprocess
import sysconfig
import threading
import venv
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest
import yaml
from project import ROOT, TINY, Project
from snakemake.utils import update_config

SNAKEFILE = """
configfile: "config.yaml"


module lacuna:
    snakefile: "{snakefile}"
    config: config


use rule * from lacuna


rule mine:
    default_target: True
    input:
        "results/demo/report.html",
        "results/demo/completed/blend.gctx",
"""
SIMULATED = "results/demo/acquire/simulated/SIMULATED_gene_sets.gmt"
ACQUIRED = "results/mine/acquire/gene_sets/mine.gmt"
FILES = {
    "dataset": "mine",
    "acquire": {
        "source": "files",
        "mirror": "mirror",
        "series": {"GSE1": {"level5": "level5.gctx", "sig_info": "sig.txt", "pert_info": "p.txt"}},
        "gene_sets": ["mine.gmt"],
    },
}


@pytest.fixture(scope="module")
def python(tmp_path_factory):
    """A Python that has all that Lacuna needs, but not Lacuna."""
    folder = tmp_path_factory.mktemp("bare") / "venv"
    venv.create(folder, symlinks=True)
    packages = sysconfig.get_path("purelib")
    bare = folder / "lib" / f"python{sysconfig.get_python_version()}" / "site-packages"
    # .pth files of that folder, such as that of an editable Lacuna, count for its own Python alone.
    (bare / "packages.pth").write_text(packages)
    return folder / "bin/python"


@pytest.fixture
def user(tmp_path):
    """The folder of a user's workflow, beside a copy of Lacuna."""
    Project(tmp_path / "lacuna")
    folder = tmp_path / "user"
    (folder / "mirror").mkdir(parents=True)
    (folder / "mirror/mine.gmt").write_text("S\tsource\tTP53\tMYC\n")
    (folder / "Snakefile").write_text(SNAKEFILE.format(snakefile="../lacuna/Snakefile"))
    config = yaml.safe_load((ROOT / "config/config.yaml").read_text())
    update_config(config, TINY)
    (folder / "config.yaml").write_text(yaml.safe_dump(config))
    (folder / "files.yaml").write_text(yaml.safe_dump(FILES))
    return folder


def run(python, folder, *options, fails=False):
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    started = functools.partial(subprocess.run, cwd=folder, env=env, capture_output=True, text=True)
    assert started([python, "-c", "import lacuna"]).returncode == 1, "install Lacuna as editable"
    ended = started([python, "-m", "snakemake", *options])
    printed = ended.stdout + ended.stderr
    assert (ended.returncode != 0) == fails, printed[-4000:]
    return printed


def test_another_workflow_has_everything_of_it(python, user):
    planned = run(python, user, "--dry-run", "--quiet", "rules")
    assert {"mine", "write_report", "complete_tensor", "compare_published"} <= set(planned.split())
    run(python, user, "--cores", "1", "--", SIMULATED)
    assert (user / SIMULATED).is_file()
    acquire = ("--cores", "1", "--configfile", "files.yaml", "--", ACQUIRED)
    run(python, user, *acquire)
    assert (user / ACQUIRED).read_text() == (user / "mirror/mine.gmt").read_text()
    # What comes with the workflow is the same file on every run.
    assert "Nothing to be done" in run(python, user, *acquire)
    assert not (user.parent / "lacuna/results").exists()


def test_a_workflow_from_elsewhere_says_what_to_install(python, user):
    handler = functools.partial(SimpleHTTPRequestHandler, directory=user.parent / "lacuna")
    handler.log_message = lambda *_: None
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}/Snakefile"
        (user / "Snakefile").write_text(SNAKEFILE.format(snakefile=address))
        printed = run(python, user, "--dry-run", fails=True)
        server.shutdown()
    assert f"{address.removesuffix('/Snakefile')}/workflow" in printed
    assert "Lacuna's library is not installed" in printed
    assert "pip install" in printed
