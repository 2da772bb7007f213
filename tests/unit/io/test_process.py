"""Whether a process is gone: said where it is certain, and not before."""

import os
import subprocess
import sys

import pytest

from lacuna.io import process
from lacuna.io.process import OUTERMOST, Fate, Process

NAMED = "import lacuna.io.process as p; print(p.Process.this().tag, flush=True); input()"


@pytest.fixture
def other():
    """Another process, which ends when it is sent a line."""
    words = [sys.executable, "-c", NAMED]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        yield other
        other.kill()


def outermost(monkeypatch):
    """Take this process for one outside of all containers, wherever the tests run."""
    here = Process.this()._replace(machine="abc", namespace=OUTERMOST)
    monkeypatch.setattr(Process, "this", classmethod(lambda cls: here))
    return here


def test_a_process_is_alive_until_it_ends(other):
    named = Process.of(other.stdout.readline().strip())
    assert named.pid == other.pid
    assert named.fate() is Fate.ALIVE
    other.kill()
    os.waitid(os.P_PID, other.pid, os.WEXITED | os.WNOWAIT)
    assert named.fate() is Fate.GONE  # it has ended, though nobody has asked how
    other.wait()
    assert named.fate() is Fate.GONE


def test_another_process_that_has_its_number_is_not_it():
    here = Process.this()
    assert here.fate() is Fate.ALIVE
    assert here._replace(start=str(int(here.start) - 1)).fate() is Fate.GONE


def test_its_word_says_all_of_it():
    here = Process.this()
    assert Process.of(here.tag) == here
    for tag in ("", "12345", here.tag + "-1", here.tag.replace("-", " "), "../" + here.tag):
        with pytest.raises(ValueError):
            Process.of(tag)


def test_of_another_host_nothing_is_known(monkeypatch):
    here = outermost(monkeypatch)
    for elsewhere in ({"machine": "def"}, {"machine": process.UNKNOWN}, {"namespace": "12"}):
        assert here._replace(boot="0e", start="1", **elsewhere).fate() is Fate.ELSEWHERE


def test_a_reboot_ends_all_processes_but_not_those_of_containers(monkeypatch):
    here = outermost(monkeypatch)
    assert here._replace(boot="0e").fate() is Fate.GONE
    inside = here._replace(namespace="4026532177")
    monkeypatch.setattr(Process, "this", classmethod(lambda cls: inside))
    assert inside._replace(boot="0e").fate() is Fate.ELSEWHERE
    assert inside.contained and not here.contained


def test_of_another_container_nothing_is_known():
    here = Process.this()
    assert here._replace(namespace="12", pid=2**22 - 1).fate() is Fate.CONTAINED


def test_one_that_is_hidden_is_taken_for_alive(monkeypatch):
    """Some hosts show nobody the processes of others."""
    here = Process.this()
    monkeypatch.setattr(process, "_state_and_start", lambda name: None)
    assert here._replace(start="1").fate() is Fate.ALIVE


def test_one_that_sees_the_processes_of_others_looks_at_no_start(monkeypatch):
    """As in a namespace of its own whose /proc is that of another."""
    here = Process.this()
    monkeypatch.setattr(process, "_sees_its_own", lambda: False)
    assert here._replace(start="1").fate() is Fate.ALIVE
    assert here._replace(pid=2**22 - 1).fate() is Fate.GONE


def test_other_systems_than_linux_are_asked_through_psutil(monkeypatch):
    monkeypatch.setattr(process, "_read", lambda path: "")
    monkeypatch.setattr(process.Path, "exists", lambda path: False)
    here = Process.this()
    assert here.boot == process.UNKNOWN
    assert here.start not in ("", process.UNKNOWN)
    assert here.fate() is Fate.ALIVE
    assert here._replace(start="1").fate() is Fate.GONE
    assert here._replace(machine="def").fate() is Fate.ELSEWHERE
