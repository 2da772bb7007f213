"""The console script `lacuna`.

A stage brings a subcommand of its own as a module lacuna.{stage}.command, and several as modules
of a package lacuna.{stage}.commands, each with

    NAME, HELP                          the word after `lacuna`, and one line on what it does
    add_arguments(parser) -> None       of argparse
    run(arguments) -> int               the exit status

They are imported whenever `lacuna` is called, so they import what is heavy in `run` alone.
"""

import argparse
import os
import pkgutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import lacuna
from lacuna.errors import DamagedFile, LacunaError
from lacuna.project.stages import packages
from lacuna.runtime.threads import on_one_thread

DEMO = Path("config/config.yaml")


@dataclass(frozen=True)
class Command:
    """A subcommand.

    Attributes
    ----------
    name
        The word after `lacuna`.
    help
        One line on what it does.
    add_arguments
        Declares its arguments.
    run
        Does it, and returns the exit status; raises `LacunaError` where the user is to act.
    """

    name: str
    help: str
    add_arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], int]


def main(words: Sequence[str] | None = None) -> int:
    """Run a subcommand and return its exit status, 1 after a mistake of the user's."""
    parser = argparse.ArgumentParser(prog="lacuna", description=_first_line(lacuna.__doc__))
    parser.add_argument("--version", action="version", version=f"lacuna {lacuna.__version__}")
    subparsers = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in [*OWN, *find_commands()]:
        subparser = subparsers.add_parser(command.name, help=command.help, description=command.help)
        command.add_arguments(subparser)
        subparser.set_defaults(run=command.run)
    arguments = parser.parse_args(words)
    try:
        with on_one_thread():
            status = arguments.run(arguments)
        sys.stdout.flush()
    except DamagedFile as error:
        remedy = "If a run made it, remove it, and run again: the workflow makes it anew."
        print(f"Error: {error} {remedy}", file=sys.stderr)
        return 1
    except LacunaError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:  # who reads has enough, as `lacuna plan | head` has
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python flushes at exit
        return 0
    return status


def find_commands() -> Iterator[Command]:
    """Find the subcommands that stages bring."""
    for name in _modules_with_commands():
        module = import_module(name)
        yield Command(module.NAME, module.HELP, module.add_arguments, module.run)


def _modules_with_commands() -> Iterator[str]:
    """Look into folders, not into packages: of these, one takes torch's second and a half."""
    for package, inside in packages().items():
        if "command" in inside:
            yield f"lacuna.{package}.command"
        if "commands" in inside:
            folders = [str(Path(folder) / package / "commands") for folder in lacuna.__path__]
            for module in pkgutil.iter_modules(folders):
                yield f"lacuna.{package}.commands.{module.name}"


def read_config(paths: Sequence[Path]) -> dict[str, Any]:
    """Read configuration files as a run with them does.

    Of keys that stand in several, the last file's count; mappings are merged key by key. Files that
    name no dataset change the demo.

    Raises
    ------
    LacunaError
        If a file cannot be read, or holds no mapping.
    """
    config: dict[str, Any] = {}
    for path in paths:
        config = _merged(config, _read_mapping(path))
    return config if "dataset" in config else _merged(_read_mapping(DEMO), config)


def _read_mapping(path: Path) -> dict[str, Any]:
    import yaml

    try:
        read = yaml.safe_load(path.read_text())
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise LacunaError(f"{path}: cannot be read as a configuration: {error}") from error
    if not isinstance(read, dict):
        raise LacunaError(f"{path}: expected keys with values, as in {DEMO}.")
    return read


def _merged(lower: object, upper: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(lower) if isinstance(lower, Mapping) else {}
    for key, value in upper.items():
        mapping = isinstance(value, Mapping)
        merged[key] = _merged(merged.get(key), value) if mapping else value
    return merged


def _add_configfile(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--configfile",
        nargs="+",
        type=Path,
        default=[],
        metavar="FILE",
        help="configurations as for Snakemake, the last one counts; without any, the demo's",
    )


def _add_plan_arguments(parser: argparse.ArgumentParser) -> None:
    _add_configfile(parser)
    parser.add_argument(
        "--figures", action="store_true", help="only the rules that draw the figures"
    )


def _plan(arguments: argparse.Namespace) -> int:
    from lacuna.project.plan import Plan

    plan = Plan.of(read_config(arguments.configfile))
    if arguments.figures:
        print(*(figure.rule for figure in plan.figures.values()), sep="\n")
        return 0
    for heading, lines in {
        "methods": plan.methods,
        "figures": plan.figures,
        "results": plan.results,
    }.items():
        print(f"{plan.dataset}: {len(lines)} {heading}", *lines, sep="\n  ")
    return 0


def _check(arguments: argparse.Namespace) -> int:
    from lacuna.project.check import check
    from lacuna.project.config import prepare

    report = check(prepare(read_config(arguments.configfile)))
    print(*report.lines(), sep="\n")
    return 1 if report.errors else 0


def _add_init_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, help="where your files lie")
    parser.add_argument("--dataset", help="the name of the run (that of the folder)")
    parser.add_argument(
        "--output",
        type=Path,
        default=Path("my.yaml"),
        metavar="FILE",
        help="the configuration to write, never over one that is there (%(default)s)",
    )


def _init(arguments: argparse.Namespace) -> int:
    from lacuna.project.initial import write_configuration

    told = write_configuration(arguments.folder, arguments.dataset, arguments.output)
    print(f"Wrote {arguments.output}:", *(f"  {line}" for line in told), "", sep="\n")
    return _check(argparse.Namespace(configfile=[arguments.output]))


def _add_reproduce_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("dataset", help="whose run: the folder results/DATASET")
    parser.add_argument("--cores", type=int, default=1, help="for Snakemake (%(default)s)")


def _reproduce(arguments: argparse.Namespace) -> int:
    from lacuna.project.reproduce import reproduce

    return 0 if reproduce(Path.cwd(), arguments.dataset, arguments.cores) else 1


def _add_no_arguments(parser: argparse.ArgumentParser) -> None:
    pass


def _unlock(_: argparse.Namespace) -> int:
    from lacuna.project.stale_lock import remove_stale_lock

    folder = Path.cwd()
    if remove_stale_lock(folder):
        print(f"Removed the lock that a killed run left in {folder}.")
    return 0


def _first_line(text: str | None) -> str:
    return (text or "").partition("\n")[0]


OWN = (
    Command(
        "init",
        "Write a configuration for the files of a folder, with thresholds that fit them.",
        _add_init_arguments,
        _init,
    ),
    Command(
        "check",
        "Look at a data set before its run: what it has, what is wrong, what will be left.",
        _add_configfile,
        _check,
    ),
    Command("plan", "Print what a run would make.", _add_plan_arguments, _plan),
    Command(
        "reproduce",
        "Run a finished run again from its stored configuration, and compare all tables.",
        _add_reproduce_arguments,
        _reproduce,
    ),
    Command(
        "unlock",
        "Remove the lock that a killed run left in this folder.",
        _add_no_arguments,
        _unlock,
    ),
)


if __name__ == "__main__":
    sys.exit(main())
