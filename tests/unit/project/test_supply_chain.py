"""What Lacuna is installed from: exact versions by their hashes, and addresses that do not move"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import PackageNotFoundError, requires, version
from itertools import chain
from pathlib import Path

import pandas as pd
import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[3]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
LISTS = {path.stem: path.read_text() for path in (ROOT / "requirements").glob("*.txt")}
OF_A_RUN = [*PROJECT["project"]["dependencies"]]
EXTRAS = PROJECT["project"]["optional-dependencies"]


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def listed(*names):
    """Requirement and hashes of each package of some lists, by its name and marker."""
    found = {}
    for name in names:
        text = re.sub(r"^#.*\n", "", LISTS[name], flags=re.M).replace("\\\n", "")
        for line in text.splitlines():
            requirement, *hashes = line.split("--hash=sha256:")
            parsed = Requirement(requirement)
            found[parsed.name, str(parsed.marker)] = parsed, {sum_.strip() for sum_ in hashes}
    return found


def pinned(*names):
    return {name for name, _ in listed(*names)}


def test_every_file_is_named_by_its_hash():
    for name in LISTS:
        for requirement, hashes in listed(name).values():
            assert [each.operator for each in requirement.specifier] == ["=="], requirement
            assert hashes and all(re.fullmatch("[0-9a-f]{64}", each) for each in hashes)


def test_hashes_are_of_all_platforms():
    """Those of one machine alone would be one or two a package."""
    of_numpy = listed("all")["numpy", "None"][1]
    assert len(of_numpy) > 40  # five Pythons; Linux of two kinds, macOS of two, Windows
    assert len(listed("torch")["torch", "None"][1]) > 15


def test_the_lists_and_constraints_are_in_step():
    lines = (ROOT / "constraints.txt").read_text().splitlines()[1:]
    constraints = {str(Requirement(line)) for line in lines}
    whole = {str(each) for each, _ in listed("all", "torch", "build").values()}
    assert {each.split(";")[0] for each in constraints} == {each.split(";")[0] for each in whole}
    assert constraints <= whole
    versions = {each.split(";")[0] for each in constraints}  # markers may be narrower
    assert {str(each).split(";")[0] for each, _ in listed("run").values()} <= versions
    ((cpu, _),) = listed("torch-cpu").values()
    plain, _ = listed("torch")["torch", "None"]
    assert str(cpu) == f"{plain}+cpu"


@pytest.mark.parametrize(("name", "extras"), [("all", EXTRAS), ("run", ["slurm"])])
def test_the_lists_have_what_the_project_asks_for(name, extras):
    lines = [*OF_A_RUN, *chain.from_iterable(EXTRAS[extra] for extra in extras)]
    wanted = {canonicalize_name(Requirement(line).name) for line in lines}
    assert wanted - {"torch"} <= pinned(name)
    assert {
        canonicalize_name(Requirement(line).name) for line in PROJECT["build-system"]["requires"]
    } <= pinned("build")
    assert not pinned(name) & {"torch", "triton"}  # they come with CUDA, or without


@pytest.mark.parametrize("name", ["all", "run", "torch"])
def test_the_lists_are_whole(name):
    """They are installed without being resolved: nothing that a package needs may be missing."""
    have = pinned(name, "torch-cpu", "build")
    for requirement, _ in listed(name).values():
        try:
            if requirement.marker and not requirement.marker.evaluate():
                continue
            if version(requirement.name).split("+")[0] not in str(requirement.specifier):
                pytest.skip(f"{requirement.name} is installed in another version")
        except PackageNotFoundError:
            continue  # what only CUDA needs, say
        for line in requires(requirement.name) or []:
            needed = Requirement(line)
            if needed.marker is None or needed.marker.evaluate({"extra": ""}):
                assert canonicalize_name(needed.name) in have, (requirement.name, line)


class Shop:
    """A project of which all packages are tiny wheels in a folder, that install.sh installs."""

    def __init__(self, folder: Path):
        self.wheels, self.lists = folder / "wheels", folder / "requirements"
        self.installed = folder / "installed"
        for made in (self.wheels, self.lists, folder / "workflow"):
            made.mkdir()
        self.script = folder / "workflow/install.sh"
        shutil.copy(ROOT / "workflow/install.sh", self.script)
        (folder / "pyproject.toml").write_text(
            '[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n'
            '[project]\nname = "tiny"\nversion = "1"\n[tool.setuptools]\npackages = []\n'
        )
        for name in ("build", "all"):
            self.offer(name, f"of_{name}", "1")
        self.offer("torch-cpu", "torch", "1+cpu")
        self.offer("torch", "torch", "1")
        self.python = folder / "python"
        self.python.write_text(
            f'#!/bin/sh\nexec "{sys.executable}" "$@" --target "{self.installed}"\n'
        )
        self.python.chmod(0o755)

    def offer(self, name, package, number):
        wheel = self.wheels / f"{package}-{number}-py3-none-any.whl"
        about = f"{package}-{number}.dist-info"
        of_the_wheel = {
            f"{package}.py": f"NUMBER = '{number}'\n",
            f"{about}/METADATA": f"Metadata-Version: 2.1\nName: {package}\nVersion: {number}\n",
            f"{about}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        }
        of_the_wheel[f"{about}/RECORD"] = "".join(f"{file},,\n" for file in of_the_wheel)
        with zipfile.ZipFile(wheel, "w") as archive:
            for file, text in of_the_wheel.items():
                archive.writestr(file, text)
        self.list(name, package, number, sha256(wheel))
        return wheel

    def list(self, name, package, number, *sums):
        hashes = "".join(f" --hash=sha256:{each}" for each in sums)
        (self.lists / f"{name}.txt").write_text(f"{package}=={number}{hashes}\n")

    def install(self):
        pip = {
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": str(self.wheels),
            "PIP_CONFIG_FILE": os.devnull,
        }
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
        return subprocess.run(
            ["sh", self.script, self.python, "all"],
            env=kept | pip,
            capture_output=True,
            text=True,
        )


@pytest.fixture
def shop(tmp_path):
    return Shop(tmp_path)


def altered(wheel):
    with zipfile.ZipFile(wheel, "a") as file:
        file.writestr("evil.py", "raise SystemExit('run')\n")


def test_what_is_listed_is_installed(shop):
    done = shop.install()
    assert done.returncode == 0, done.stderr
    assert (shop.installed / "of_all.py").exists()
    assert "1+cpu" in (shop.installed / "torch.py").read_text()


def test_the_build_of_the_index_is_taken_where_there_is_no_cpu_build(shop):
    (shop.wheels / "torch-1+cpu-py3-none-any.whl").unlink()
    done = shop.install()
    assert done.returncode == 0, done.stderr
    assert "'1'" in (shop.installed / "torch.py").read_text()


@pytest.mark.fault(
    "a package on the index, of a build tool's, or torch's CPU build, altered",
    "pip names both hashes and stops; nothing of it is installed or run",
)
@pytest.mark.parametrize("wheel", ["of_build-1", "of_all-1", "torch-1+cpu"])
def test_an_altered_package_is_refused(shop, wheel):
    path = shop.wheels / f"{wheel}-py3-none-any.whl"
    expected = sha256(path)
    altered(path)
    done = shop.install()
    assert done.returncode != 0
    assert "THESE PACKAGES DO NOT MATCH THE HASHES" in done.stderr
    assert expected in done.stderr or wheel.startswith("torch")
    assert sha256(path) in done.stderr
    assert not list(shop.installed.glob("evil.py"))
    assert not (shop.installed / f"{wheel.split('-')[0]}.py").exists()


@pytest.mark.fault(
    "a package in a list without a hash", "pip stops and says which; nothing of it is installed"
)
def test_a_package_without_a_hash_is_refused(shop):
    shop.list("all", "of_all", "1")
    done = shop.install()
    assert done.returncode != 0
    assert "of_all==1 --hash" in done.stderr
    assert not (shop.installed / "of_all.py").exists()


def fake(folder, name, prints):
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\necho {prints}\n")
    (folder / name).chmod(0o755)


def write_digest(folder):
    return subprocess.run(
        ["sh", ROOT / "workflow/base_image.sh", folder / "Dockerfile"],
        env={"PATH": f"{folder / 'bin'}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
    )


def test_the_base_image_is_pinned_by_what_the_registry_says(tmp_path):
    shutil.copy(ROOT / "Dockerfile", tmp_path / "Dockerfile")
    for digit in "ab":  # and again when it has another one
        fake(tmp_path / "bin", "skopeo", digest := f"sha256:{digit * 64}")
        assert write_digest(tmp_path).returncode == 0
        text = (tmp_path / "Dockerfile").read_text()
        assert re.findall(r"^FROM .*", text, re.M) == [f"FROM python:3.11-slim-bookworm@{digest}"]
        assert "NOT PINNED" not in text


def test_an_answer_that_is_no_digest_changes_nothing(tmp_path):
    shutil.copy(ROOT / "Dockerfile", tmp_path / "Dockerfile")
    fake(tmp_path / "bin", "skopeo", "'<html>'")
    done = write_digest(tmp_path)
    assert done.returncode == 1
    assert "<html>" in done.stderr
    assert (tmp_path / "Dockerfile").read_text() == (ROOT / "Dockerfile").read_text()


def test_the_container_is_installed_by_hash_and_runs_as_nobody_special():
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    assert "RUN sh workflow/install.sh python run" in lines
    assert not any("pip install" in line for line in lines)
    (user,) = [line.split()[1] for line in lines if line.startswith("USER ")]
    assert int(user.split(":")[0]) > 0
    (base,) = [line for line in lines if line.startswith("FROM ")]
    assert re.search("@sha256:[0-9a-f]{64}$", base) or any("NOT PINNED" in line for line in lines)


def test_actions_are_named_by_commit():
    used = []
    for path in (ROOT / ".github/workflows").glob("*.yml"):
        jobs = yaml.safe_load(path.read_text())["jobs"].values()
        used += [step["uses"] for job in jobs for step in job["steps"] if "uses" in step]
    assert used
    assert all(re.search("@[0-9a-f]{40}$", name) for name in used), used


def test_no_file_comes_from_a_branch_that_moves():
    urls = pd.read_csv(ROOT / "resources/sources.tsv", sep="\t")["url"].dropna()
    of_github = [url for url in urls if "github" in url]
    assert of_github
    assert all(re.search("/[0-9a-f]{40}/", url) for url in of_github), of_github


def test_a_run_imports_no_package_of_an_extra():
    """What a container has of requirements/run.txt is enough to plan the demo."""
    of_extras = {"pyarrow", "optuna", "ot", "umap", "scanpy", "chemprop", "admet_ai", "tensorly"}
    blocked = "; ".join(f"sys.modules[{name!r}] = None" for name in sorted(of_extras))
    walked = (
        "for found in pkgutil.walk_packages(lacuna.__path__, 'lacuna.'): import_module(found.name)"
    )
    code = f"import sys, pkgutil; from importlib import import_module; {blocked}\nimport lacuna\n"
    done = subprocess.run([sys.executable, "-c", code + walked], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
