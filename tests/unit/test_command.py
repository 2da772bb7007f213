"""The console script, called as a user would."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from snakemake.utils import update_config

import lacuna
from lacuna import command
from lacuna.errors import LacunaError
from lacuna.project import reproduce


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_version_and_the_commands_are_printed(capsys):
    with pytest.raises(SystemExit) as ended:
        command.main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"lacuna {lacuna.__version__}\n"
    with pytest.raises(SystemExit):
        command.main(["--help"])
    printed = capsys.readouterr().out
    assert all(name in printed for name in ("plan", "reproduce", "unlock"))
    with pytest.raises(SystemExit) as ended:
        command.main([])
    assert ended.value.code == 2


def test_a_mistake_is_said_without_a_traceback(folder):
    ended = subprocess.run(
        [sys.executable, "-m", "lacuna.command", "reproduce", "nothing"],
        capture_output=True,
        text=True,
    )
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith(f"Error: {folder}/results/nothing/provenance.yaml: no such file")
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(("same", "status"), [(True, 0), (False, 1)])
def test_a_run_made_again_succeeds_when_everything_is_the_same(folder, monkeypatch, same, status):
    made = []
    monkeypatch.setattr(reproduce, "reproduce", lambda *run: made.append(run) or same)
    assert command.main(["reproduce", "demo", "--cores", "3"]) == status
    assert made == [(folder, "demo", 3)]


STAGE = """
NAME, HELP = "weigh", "Weigh a drug."


def add_arguments(parser):
    parser.add_argument("drug")


def run(arguments):
    from lacuna.errors import LacunaError

    if arguments.drug == "unknown":
        raise LacunaError("no drug 'unknown'; ask for another.")
    print(f"{arguments.drug}: heavy")
    return 3
"""


def test_a_stage_brings_its_own_command(tmp_path, monkeypatch, capsys):
    for stage, files in {"weighing": ["__init__", "command"], "silent": ["__init__"]}.items():
        (tmp_path / stage).mkdir()
        for file in files:
            text = STAGE if file == "command" else ""
            (tmp_path / stage / f"{file}.py").write_text(text)
    assert "weigh" not in [found.name for found in command.find_commands()]
    monkeypatch.setattr(lacuna, "__path__", [*lacuna.__path__, str(tmp_path)])
    assert "weigh" in [found.name for found in command.find_commands()]
    assert command.main(["weigh", "vorinostat"]) == 3
    assert capsys.readouterr().out == "vorinostat: heavy\n"
    assert command.main(["weigh", "unknown"]) == 1
    assert capsys.readouterr().err == "Error: no drug 'unknown'; ask for another.\n"
    for name in ("lacuna.weighing.command", "lacuna.weighing", "lacuna.silent"):
        sys.modules.pop(name, None)


def test_a_stage_brings_several_commands(tmp_path, monkeypatch, capsys):
    folder = tmp_path / "measuring/commands"
    folder.mkdir(parents=True)
    (folder.parent / "__init__.py").touch()
    (folder / "__init__.py").touch()
    for word in ("weigh", "smell"):
        (folder / f"{word}_drugs.py").write_text(STAGE.replace("weigh", word))
    monkeypatch.setattr(lacuna, "__path__", [*lacuna.__path__, str(tmp_path)])
    assert {"weigh", "smell"} <= {found.name for found in command.find_commands()}
    assert command.main(["smell", "vorinostat"]) == 3
    assert capsys.readouterr().out == "vorinostat: heavy\n"
    for name in [name for name in sys.modules if name.startswith("lacuna.measuring")]:
        sys.modules.pop(name)


LOWER = {"dataset": "mine", "a": {"b": 1, "c": {"d": [1, 2], "e": 5}}, "f": {"g": 1}, "h": 2}
UPPER = {"a": {"c": {"d": [3]}}, "f": None, "h": {"i": 1}, "j": "new"}


def test_files_are_merged_as_snakemake_does(tmp_path):
    paths = [tmp_path / "lower.yaml", tmp_path / "upper.yaml"]
    for path, content in zip(paths, (LOWER, UPPER), strict=True):
        path.write_text(yaml.safe_dump(content))
    merged = command.read_config(paths)
    assert merged["a"] == {"b": 1, "c": {"d": [3], "e": 5}}
    expected = command.read_config(paths[:1])
    assert expected == LOWER
    update_config(expected, UPPER)
    assert merged == expected


def test_only_files_without_a_data_set_change_the_demo(folder):
    (folder / "config").mkdir()
    (folder / command.DEMO).write_text("{dataset: demo, seed: 1, tensor: {small: 2, large: 3}}")
    for text, expected in {
        "{tensor: {small: 5}}": {"dataset": "demo", "seed": 1, "tensor": {"small": 5, "large": 3}},
        "{dataset: mine, seed: 7}": {"dataset": "mine", "seed": 7},
    }.items():
        (folder / "own.yaml").write_text(text)
        assert command.read_config([Path("own.yaml")]) == expected
    assert command.read_config([])["dataset"] == "demo"


def test_what_is_no_configuration_is_named(folder):
    (folder / "broken.yaml").write_text("a: [1")
    (folder / "list.yaml").write_text("- 1")
    for name, said in {
        "absent.yaml": "absent.yaml: cannot be read as a configuration: .*No such file",
        "broken.yaml": "broken.yaml: cannot be read as a configuration",
        "list.yaml": "list.yaml: expected keys with values",
    }.items():
        with pytest.raises(LacunaError, match=said):
            command.read_config([Path(name)])


def test_the_plan_of_a_configuration_is_printed(folder, capsys):
    config = {
        "dataset": "mine",
        "acquire": {"source": "simulator"},
        "completion": {"methods": ["mean_1d", "dnpp"], "completed": ["dnpp"]},
        "classification": {"completed": []},
    }
    (folder / "mine.yaml").write_text(yaml.safe_dump(config))
    assert command.main(["plan", "--configfile", "mine.yaml", "--figures"]) == 0
    rules = capsys.readouterr().out.split()
    assert {"draw_overview", "draw_density"} <= set(rules)
    assert "draw_class_gain" not in rules
    assert command.main(["plan", "--configfile", "mine.yaml"]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed[:3] == ["mine: 2 methods", "  mean_1d", "  dnpp"]
    assert "  results/mine/metrics.tsv" in printed
    assert "  results/mine/completed/dnpp.gctx" in printed


def test_a_reader_that_has_enough_is_no_error(folder):
    (folder / "mine.yaml").write_text("dataset: mine\nacquire: {source: simulator}\n")
    words = [sys.executable, "-m", "lacuna.command", "plan", "--configfile", "mine.yaml"]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.close()
    _, errors = process.communicate(timeout=120)
    assert (process.returncode, errors) == (0, b"")


def test_the_lock_of_a_killed_run_is_removed(folder, capsys):
    assert command.main(["unlock"]) == 0
    assert capsys.readouterr().out == ""
    locks = folder / ".snakemake/locks"
    locks.mkdir(parents=True)
    (locks / "0.input.lock").touch()
    assert command.main(["unlock"]) == 0
    assert capsys.readouterr().out == f"Removed the lock that a killed run left in {folder}.\n"
    assert not list(locks.iterdir())


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("bin/snakemake", "Another run is going on"),
        (".snakemake/scripts/tmp1.fit.py", "A job of a killed run is going on"),
    ],
)
def test_the_lock_of_what_still_runs_stays(folder, capsys, script, said):
    locks = folder / ".snakemake/locks"
    locks.mkdir(parents=True)
    (locks / "0.input.lock").touch()
    (folder / script).parent.mkdir(parents=True)
    (folder / script).write_text("print('here', flush=True)\ninput()")
    words = [sys.executable, str(folder / script)]
    with subprocess.Popen(
        words, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as alive:
        assert alive.stdout.readline() == "here\n"
        assert command.main(["unlock"]) == 1
        refused = capsys.readouterr().err
        assert f"{said} in {folder} (process {alive.pid}); wait for it or stop it." in refused
        assert locks.is_dir()
        alive.communicate("\n")
    assert command.main(["unlock"]) == 0
    assert not list(locks.iterdir())
