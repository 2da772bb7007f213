"""Whose lock it is: each run of Snakemake leaves its name beside its lock.

Snakemake's lock says which files are locked and not by whom. A run that was killed cannot remove
it, and from the files alone nobody can tell it from that of a run on another host.
"""

import json
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

from lacuna.io.atomic import explain_write_errors
from lacuna.io.process import Process
from lacuna.project.ending import say_last, told_alone

BESIDE = Path(".snakemake/locks")  # below the folder of a run, where Snakemake keeps its locks
LOCAL = "local"  # as Snakemake calls jobs that run where it runs


class Owner(NamedTuple):
    """A run that holds a lock.

    Attributes
    ----------
    process : Process
        The run's, by the name of its file.
    host, since : str
        Its host, and when it took the lock.
    executor : str
        Where its jobs run, as Snakemake calls it.
    """

    process: Process
    host: str
    since: str
    executor: str

    @classmethod
    def here(cls, executor: str) -> "Owner":
        """Return this process as one that takes a lock now."""
        since = time.strftime("%Y-%m-%d %H:%M")
        return cls(Process.this(), socket.gethostname(), since, executor)

    @property
    def file(self) -> str:
        """The name of its file."""
        return f"owner-{self.process.tag}.json"

    def __str__(self) -> str:
        return f"process {self.process.pid} on host {self.host}, since {self.since}"


def owners(locks: Path) -> list[Owner]:
    """Return the runs that hold the locks of a folder, or that are about to take one."""
    found = []
    for path in sorted(locks.glob("owner-*.json")):
        with suppress(ValueError):
            process = Process.of(path.stem.removeprefix("owner-"))
            said = _said(path)
            known = [str(said.get(key, "?")) for key in ("host", "since", "executor")]
            found.append(Owner(process, *known))
    return found


def own_locks(persistence: Any) -> None:
    """Have each run of this process leave its name beside its lock, and remove its own lock alone.

    Snakemake removes the locks of all runs in a folder when one of them ends. Its `--unlock` still
    does. A dry run takes no lock, and leaves no name.

    Parameters
    ----------
    persistence
        Snakemake's class that keeps locks in files.
    """
    if getattr(persistence, "owns_locks", False):
        return  # a script may run several workflows
    lock, delete = persistence.lock, persistence._delete_locks

    @contextmanager
    def owned(self: Any) -> Iterator[None]:
        locks = Path(self.path) / BESIDE.name
        workflow = self.dag.workflow
        executor = LOCAL if workflow.local_exec else workflow.executor_plugin.name
        with _named(locks, executor) as others, _told_of(others):
            self.lock_is_owned = True
            with lock(self):
                yield

    def delete_own(self: Any) -> None:
        if not getattr(self, "lock_is_owned", False):
            return delete(self)
        for file in self._lockfile.values():
            Path(file).unlink(missing_ok=True)
        self._lockfile.clear()

    persistence.lock, persistence._delete_locks = owned, delete_own
    persistence.owns_locks = True


@contextmanager
def _named(locks: Path, executor: str) -> Iterator[list[Owner]]:
    """Leave a name beside the lock as long as the block goes on; yield those that stood there."""
    others, owner = owners(locks), Owner.here(executor)
    file = locks / owner.file
    with told_alone(), explain_write_errors(file):
        locks.mkdir(parents=True, exist_ok=True)
        said = {"host": owner.host, "since": owner.since, "executor": owner.executor}
        file.write_text(json.dumps(said | {"pid": owner.process.pid}) + "\n")
    try:
        yield others
    finally:
        with suppress(OSError):
            file.unlink(missing_ok=True)


@contextmanager
def _told_of(others: list[Owner]) -> Iterator[None]:
    """Name those who hold the lock, where Snakemake finds the folder locked."""
    try:
        yield
    except Exception as error:
        if type(error).__name__ == "LockException":
            held = "".join(f"It is held by {other}.\n" for other in others)
            say_last(f"{held}`lacuna unlock` removes the lock, if it is that of a killed run.")
        raise


def _said(path: Path) -> dict[str, Any]:
    try:
        said = json.loads(path.read_text())
    except (OSError, ValueError):  # its name alone says which process it is
        return {}
    return said if isinstance(said, dict) else {}
