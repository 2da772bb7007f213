"""The digest of a job's code: what counts for it, and what does not."""

import ast
import shutil
from dataclasses import replace
from importlib.metadata import packages_distributions
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml
from project import ROOT, overlay

import lacuna
from lacuna.completion import registry
from lacuna.project import code as project_code
from lacuna.project.code import DATA, SILENT, WITHOUT, JobCode, Program
from lacuna.project.code_chosen import OF_FIGURES, REGISTRIES, SWEEPS, with_parts
from lacuna.project.code_graph import Library
from lacuna.project.plan import Plan
from lacuna.retrieval.rank_jobs import FINGERPRINT

LIBRARY, SCRIPTS = Path(lacuna.__file__).parent, ROOT / "workflow/scripts"
NAMES = sorted(str(path.relative_to(SCRIPTS).with_suffix("")) for path in SCRIPTS.rglob("*.py"))
# They import by name what no job runs: the configuration, the plan, the commands, the site.
NEVER_IN_JOBS = {
    *("lacuna", "lacuna.command", "lacuna.completion.checks", "lacuna.project.code"),
    *("lacuna.project.config", "lacuna.project.plan", "lacuna.project.site"),
    *("lacuna.project.stages",),
}
# They import what a text in the code says, or what a helper of theirs is given.
BY_TEXT = {
    *("lacuna.completion.shared.extras", "lacuna.retrieval.alignment.extras"),
    "lacuna.single_cell.model.search",
}
# They ask where the library lies, and no result holds what they find there.
NO_DATA = {
    *("lacuna.project.code_graph", "lacuna.project.console", "lacuna.project.package"),
    *("lacuna.project.code", "lacuna.project.provenance"),
    *("lacuna.runtime.job", "lacuna.runtime.library"),
    "lacuna.structures.cache",
}


def plan_of(*names, **changes):
    config = {}
    for name in ("config", *names):
        config = overlay(config, yaml.safe_load((ROOT / f"config/{name}.yaml").read_text()))
    return Plan.of(overlay(config, changes))


@pytest.fixture(scope="module")
def plan():
    return plan_of(completion={"methods": ["mean_1d", "dnpp", "kernel", "ntk", "blend"]})


def program(script, module=None):
    return Program(script, SCRIPTS / f"{script}.py", module)


def all_jobs(plan):
    """Every script, with each method where there is one, and every figure."""
    for script in NAMES:
        if script in WITHOUT or script.split("/")[0] in ("retrieval", "single_cell", "translation"):
            continue
        if script in BY_METHOD:
            for method in plan.players:
                yield f"{script} {method}", program(script), {"method": method}
        elif script != "report/draw_figure" and not script.startswith(("cell_to_cell", "predict")):
            yield script, program(script), {}
    for figure in plan.figures.values():
        yield figure.name, program("report/draw_figure", figure.module), {}


BY_METHOD = {
    *("evaluation/predict_folds", "completion/complete_tensor", "classification/classify_drugs"),
    *("evaluation/measure_density", "evaluation/score_method"),
}


@pytest.fixture(scope="module")
def digests(plan, tmp_path_factory):
    """All digests, with a library that may be a copy."""
    memory = tmp_path_factory.mktemp("memory") / "code.json"

    def made(folder=LIBRARY):
        code = JobCode(plan, None)
        code.library = Library({"lacuna": folder}, memory)
        found = {name: code.digest(*job) for name, *job in all_jobs(plan)}
        code.library.keep()
        return found

    return made


@pytest.fixture(scope="module")
def before(digests):
    return digests()


@pytest.fixture(scope="module")
def copied(tmp_path_factory):
    folder = tmp_path_factory.mktemp("copied") / "lacuna"
    return shutil.copytree(LIBRARY, folder, ignore=shutil.ignore_patterns("__pycache__", "src"))


@pytest.fixture
def changed(copied, digests, before):
    """What other digests a change of a file of the library gives."""
    kept = {}

    def change(path, old, new):
        file = copied / path
        kept[file] = text = file.read_text()
        assert old in text
        file.write_text(text.replace(old, new, 1))
        after = digests(copied)
        return {name for name in before if after[name] != before[name]}

    yield change
    for file, text in kept.items():
        file.write_text(text)


KERNEL = {
    *("evaluation/predict_folds kernel", "evaluation/predict_folds blend"),
    *("completion/complete_tensor kernel", "completion/complete_tensor blend"),
    *("evaluation/measure_density kernel", "evaluation/measure_density blend"),
}
# Here without the wildcards that they have in a run: all methods count.
WITHOUT_METHOD = {"evaluation/measure_subsets", "classification/impute_folds"}


@pytest.mark.parametrize(
    ("path", "old", "new", "jobs"),
    [
        ("completion/methods/kernel.py", "def prepare(", "CHANGED = 1\n\n\ndef prepare(", KERNEL),
        ("completion/methods/kernel.py", '"""', '"""Other words. ', set()),
        ("completion/methods/kernel.py", "def prepare(", "# A remark.\ndef prepare(", set()),
        ("evaluation/figures/overview.py", "def make(", "CHANGED = 1\n\n\ndef make(", {"overview"}),
        ("explore/page/bundle/page.css", "{", "{ ", {"explore/write_explorer"}),
        ("project/console.py", "import ", "import sys, ", set()),
        ("translation/landmarks/ratio.py", "import ", "import sys, ", set()),
    ],
)
def test_a_change_counts_for_whoever_runs_it_and_for_nobody_else(changed, path, old, new, jobs):
    found = changed(path, old, new)
    assert found - WITHOUT_METHOD == jobs


def test_everybody_who_reads_landmarks_takes_their_table_as_an_input(changed):
    found = changed("io/landmarks.tsv", "\n", "\n\n")
    assert "tensor/build_tensor" in found
    assert "signatures/make_signatures" not in found


def test_a_copy_elsewhere_gives_the_same(digests, before, copied):
    assert digests(copied) == before


def test_the_version_of_a_package_counts_for_whoever_imports_it(digests, before, monkeypatch):
    other = project_code._version
    monkeypatch.setattr(
        project_code, "_version", lambda name: "other" if name == "gseapy" else other(name)
    )
    after = digests()
    assert {name for name in before if after[name] != before[name]} == {
        "enrichment/enrich_profiles"
    }


def test_cards_count_by_value_for_whoever_shows_them(digests, before, monkeypatch):
    def other(name):
        its = card(name)
        return replace(its, label="Otherwise") if name == "kernel" else its

    card = registry.card
    monkeypatch.setattr(registry, "card", other)
    after = digests()
    found = {name for name in before if after[name] != before[name]}
    assert {"overview", "evaluation/tabulate_methods", "explore/index_profiles"} <= found
    assert not [name for name in found if "predict_folds" in name or "score_method" in name]


def test_a_method_comes_with_its_members_and_what_it_falls_back_on():
    assert with_parts("mean_1d", {}) == {"mean_1d"}
    assert with_parts("blend", {}) >= {"blend", "additive", "dnpp", "ntk", "kernel"}
    assert with_parts("blend", {"members": ["additive"]}) == {"blend", "additive"}
    assert "mean_2d" in with_parts("deepcellstate", {})
    assert "mean_2d" not in with_parts("deepcellstate", {"fallback": "mean_1d"})


def test_a_variant_runs_its_method():
    variant = {"narrow": {"method": "blend", "members": ["additive"]}}
    changes = {"classification": {"completed": []}, "enrichment": {"cell_groups": False}}
    completion = {"methods": ["mean_1d", variant], "completed": ["mean_1d"]}
    its = plan_of(completion=completion, **changes)
    code = JobCode(its, None)
    started, _ = code.reached(program("evaluation/predict_folds"), {"method": "narrow"})
    assert {name.split(".")[-1] for name in started} == {"blend", "additive"}


@pytest.mark.parametrize(
    ("configured", "script", "wildcards", "runs", "runs_not"),
    [
        ("demo-retrieval", "retrieval/align", {"alignment": "aligned"}, [], ["popularity"]),
        ("demo-retrieval", "retrieval/rank_molecules", {"fold": "0"}, ["popularity"], []),
        ("demo-retrieval", "retrieval/encode_molecules", {"encoder": "morgan"}, ["morgan"], []),
        ("demo-translation", "translation/train_genome", {"step": "ridge"}, ["ridge"], ["ratio"]),
        ("demo-single-cell", "single_cell/judge_unseen", {}, ["line_mean"], []),
    ],
)
def test_other_registries_are_asked_as_well(configured, script, wildcards, runs, runs_not):
    code = JobCode(plan_of(configured), None)
    _, reached = code.reached(program(script), wildcards)
    names = {name.split(".")[-1] for name in reached.modules}
    assert names >= {*runs}
    assert not names & {*runs_not}


def test_the_fingerprint_of_figures_counts():
    assert OF_FIGURES == FINGERPRINT


def calls(tree, *names):
    return any(
        getattr(node.func, "attr", getattr(node.func, "id", "")) in names
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
    )


@pytest.fixture(scope="module")
def trees():
    found = {}
    for path in LIBRARY.rglob("*.py"):
        parts = path.relative_to(LIBRARY.parent).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        found[name] = ast.parse(path.read_bytes())
    return found


def test_every_place_that_imports_by_name_is_known(trees):
    found = {
        name
        for name, tree in trees.items()
        if calls(tree, "import_module", "iter_modules", "walk_packages", "__import__", "exec")
        or any(isinstance(n, ast.FunctionDef) and n.name == "__getattr__" for n in tree.body)
    }
    known = {each.module for each in REGISTRIES} | SWEEPS.keys() | BY_TEXT
    assert found - known == NEVER_IN_JOBS & found
    assert known <= found


def test_every_place_that_reads_files_of_the_package_is_known(trees):
    found = {
        name
        for name, tree in trees.items()
        if any(isinstance(node, ast.Name) and node.id == "__file__" for node in ast.walk(tree))
        or calls(tree, "files")
        or any(getattr(node, "attr", "") == "__file__" for node in ast.walk(tree))
    }
    assert found >= DATA.keys()
    for patterns in DATA.values():
        for pattern in patterns:
            assert list(LIBRARY.glob(pattern)), pattern
    assert found - DATA.keys() <= NO_DATA


def test_no_job_reaches_what_imports_by_name_for_the_project(plan):
    code = JobCode(plan, None)
    for name, *job in all_jobs(plan):
        assert not code.reached(*job)[1].modules & NEVER_IN_JOBS, name


def test_every_package_that_jobs_reach_has_a_version(plan):
    code = JobCode(plan, None)
    found = {p for name in NAMES for p in code.library.reach(SCRIPTS / f"{name}.py").packages}
    here = {name for name in found - SILENT if find_spec(name)}
    assert {"numpy", "sklearn", "yaml"} <= here
    assert not [name for name in here if project_code._version(name) == "not installed"]
    assert packages_distributions().keys() >= SILENT
