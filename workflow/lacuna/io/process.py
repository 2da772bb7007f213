"""Which process this is, and whether another one is gone for certain.

A number alone does not name a process: numbers are given again, and those of another host, of a
container or of the time before a reboot are others.
"""

import hashlib
import os
import re
import socket
import sys
from enum import Enum
from pathlib import Path
from typing import NamedTuple, Self

UNKNOWN = "0"  # of a system that does not say
# Linux gives this number to the namespace of processes that it starts with; containers have others.
OUTERMOST = "4026531836"
TAG = r"[0-9a-f]+-[0-9a-f]+-\d+-\d+-\d+"  # how a process is written in a file's name


class Fate(Enum):
    """What can be known here of a process."""

    ALIVE = "alive"
    GONE = "gone"
    ELSEWHERE = "on another host"
    CONTAINED = "in another container or namespace of processes"


class Process(NamedTuple):
    """A process, wherever it runs.

    Attributes
    ----------
    machine, boot : str
        Digests of the installed system and its host name, and of the time since it was started.
    namespace : str
        The namespace that its number belongs to.
    pid : int
        Its number.
    start : str
        When it was started, in ticks of this boot.
    """

    machine: str
    boot: str
    namespace: str
    pid: int
    start: str

    @classmethod
    def this(cls) -> Self:
        """Return the process that runs this."""
        try:
            namespace = re.sub(r"\D", "", os.readlink("/proc/self/ns/pid"))
        except OSError:
            namespace = ""
        boot = _read("/proc/sys/kernel/random/boot_id")
        system = _read("/etc/machine-id") or ("" if boot else sys.platform)
        start = _state_and_start("self") or _asked_of_psutil(os.getpid())
        return cls(
            machine=_digest(socket.gethostname(), system),
            boot=_digest(boot),
            namespace=namespace or UNKNOWN,
            pid=os.getpid(),
            start=start[1] if start else UNKNOWN,
        )

    @classmethod
    def of(cls, tag: str) -> Self:
        """Return the process of a tag.

        Raises
        ------
        ValueError
            If it is none.
        """
        if not re.fullmatch(TAG, tag):
            raise ValueError(tag)
        machine, boot, namespace, pid, start = tag.split("-")
        return cls(machine, boot, namespace, int(pid), start)

    @property
    def tag(self) -> str:
        """The process in one word, fit for the name of a file."""
        return "-".join(map(str, self))

    @property
    def contained(self) -> bool:
        """Whether it runs in a container, or otherwise sees a part of all processes."""
        return self.namespace not in (OUTERMOST, UNKNOWN)

    def fate(self) -> Fate:
        """Return what can be known here of it; it is gone where that is certain, and not before."""
        here = Process.this()
        if self.boot != here.boot or (self.boot == UNKNOWN and self.machine != here.machine):
            # The same system started anew; a container may have its name and files on any host.
            same = self.machine == here.machine != UNKNOWN
            rebooted = same and self.namespace == here.namespace == OUTERMOST
            return Fate.GONE if rebooted else Fate.ELSEWHERE
        if self.namespace != here.namespace:
            return Fate.CONTAINED
        return Fate.ALIVE if self._runs() else Fate.GONE

    def _runs(self) -> bool:
        try:
            os.kill(self.pid, 0)  # asks, and sends nothing
        except ProcessLookupError:
            return False
        except OSError:  # of another user
            pass
        if not _sees_its_own():
            return True
        found = _state_and_start(str(self.pid)) or _asked_of_psutil(self.pid)
        if found is None or self.start == UNKNOWN:  # another user's, and hidden
            return True
        state, start = found
        return state not in "ZX" and start == self.start


def _sees_its_own() -> bool:
    """Return whether /proc, if there is one, is of the namespace that this process is in."""
    try:
        return os.readlink("/proc/self") == str(os.getpid())
    except OSError:
        return True


def _state_and_start(name: str) -> tuple[str, str] | None:
    """Return a process's state and start by Linux; None where nobody says."""
    text = _read(f"/proc/{name}/stat")
    fields = text.rpartition(")")[2].split()  # its program's name, before that, may have blanks
    return (fields[0], fields[19]) if len(fields) > 19 else None


def _asked_of_psutil(pid: int) -> tuple[str, str] | None:
    """The same on other systems."""
    if Path("/proc/self/stat").exists():
        return None
    import psutil  # every job imports this module

    try:
        process = psutil.Process(pid)
        zombie = process.status() == psutil.STATUS_ZOMBIE
        return "Z" if zombie else "R", str(round(process.create_time() * 100))
    except psutil.Error:
        return None


def _digest(*parts: str) -> str:
    """Return a short digest; `UNKNOWN` if the last part is empty."""
    if not parts[-1]:
        return UNKNOWN
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:8]


def _read(path: str) -> str:
    try:
        return Path(path).read_text(errors="replace").strip()
    except OSError:
        return ""
