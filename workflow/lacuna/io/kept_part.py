"""What an interrupted download leaves: its first bytes, and of which version of the file."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from lacuna.errors import LacunaError
from lacuna.io.atomic import replace_file, write_whole


@dataclass(frozen=True)
class Version:
    """A version of a server's file, as the answer described it that began the part.

    Attributes
    ----------
    url : str
        The address that was asked.
    came_from : str
        The address that answered, after redirects, without its query.
    validator : str or None
        A strong entity tag or date of change, as `lacuna.io.answers.strong_validator` gives it;
        None if the server gave none, so that the part cannot be gone on with.
    total : int or None
        The bytes of the whole file, None where the answer did not say.
    """

    url: str
    came_from: str
    validator: str | None
    total: int | None


def check_place(path: Path) -> None:
    """Refuse a place where something lies that a file cannot be put in place of.

    Raises
    ------
    LacunaError
        If it is a folder.
    """
    if path.is_dir() and not path.is_symlink():
        raise LacunaError(
            f"{path} is a folder; expected nothing or a file of an earlier run, as a file is to "
            "be put there. Move or remove it, and run again."
        )


def check_part(part: Path) -> None:
    """Refuse to write into what is no file of an earlier download.

    Raises
    ------
    LacunaError
        If the part, or the note beside it, is a link, a folder or a device.
    """
    for path in (part, _note(part)):
        if path.is_symlink():
            kind = f"a link to {path.readlink()}"
        elif path.is_file() or not path.exists():
            continue
        else:
            kind = "a folder" if path.is_dir() else "no plain file"
        raise LacunaError(
            f"{path} is {kind}; expected nothing, or what an interrupted download left. Move or "
            "remove it, and run again."
        )


def read_version(part: Path) -> Version | None:
    """Return of which version of the file the part is; None without a part, or if nobody knows."""
    try:
        said = json.loads(_note(part).read_text(encoding="utf-8"))
        version = Version(**said)
    except (FileNotFoundError, ValueError, TypeError):
        return None
    texts = (version.url, version.came_from, version.validator or "")
    sound = all(isinstance(text, str) for text in texts)
    sound &= version.total is None or type(version.total) is int
    return version if sound and part.exists() else None


def begin(part: Path, version: Version) -> None:
    """Note of which version the part will be, before its first byte; `discard` what was there."""
    with write_whole(_note(part)) as unfinished:
        unfinished.write_text(json.dumps(asdict(version), indent=1) + "\n", encoding="utf-8")


def discard(part: Path) -> None:
    """Remove the part, then the note: a note without a part says nothing, and is no harm."""
    for path in (part, _note(part)):
        if not path.is_dir():
            path.unlink(missing_ok=True)


def keep(part: Path, destination: Path) -> None:
    """Rename the finished part to its destination, and remove the note."""
    replace_file(destination, part)
    _note(part).unlink(missing_ok=True)


def _note(part: Path) -> Path:
    return part.with_name(f"{part.name}.json")
