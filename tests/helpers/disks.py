"""Disks without room, and folders that may not be written to."""

import os
import resource
import shutil
import subprocess
from contextlib import contextmanager

import pytest


def mounted(*options):
    """Mount something; return whether that was allowed."""
    if os.geteuid():
        return False
    return not subprocess.run(["mount", *map(str, options)], capture_output=True).returncode


@contextmanager
def no_room(folder):
    """Mount a small disk in a folder and fill it; or allow small files only, without the right."""
    if mounted("-t", "tmpfs", "-o", "size=64m", "tmpfs", folder):
        try:
            yield lambda: fill(folder), (folder / "ballast").unlink
        finally:
            subprocess.run(["umount", "--lazy", str(folder)], check=True)
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    limit = resource.setrlimit
    try:
        yield (
            lambda: limit(resource.RLIMIT_FSIZE, (100_000, hard)),
            lambda: limit(resource.RLIMIT_FSIZE, (soft, hard)),
        )
    finally:
        limit(resource.RLIMIT_FSIZE, (soft, hard))


def fill(folder):
    with (folder / "ballast").open("wb") as ballast:
        ballast.write(bytes(shutil.disk_usage(folder).free - 400_000))


@contextmanager
def read_only(folder):
    """Make a folder read-only, for root too."""
    if os.geteuid():
        folder.chmod(0o555)
        yield
        folder.chmod(0o755)
        return
    if not mounted("--bind", folder, folder):
        pytest.skip("root, but not allowed to mount: nothing can be made read-only")
    try:
        assert mounted("-o", "remount,ro,bind", folder)
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
