"""What every script of the workflow does around its work."""

import signal
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from pathlib import Path
from typing import NoReturn, TextIO

from lacuna.errors import DamagedFile, LacunaError
from lacuna.io.atomic import explain, set_aside


@contextmanager
def logged(log: str) -> Iterator[None]:
    """Send what the block prints to the rule's log, and say on the terminal why it failed.

    A user's mistake, a damaged file, a full disk or a folder that may not be written to end the job
    with the message alone, Ctrl-C without one; anything else shows its traceback.
    """
    file = open(log, "w", encoding="utf-8", buffering=1)  # noqa: SIM115, closed below
    try:
        with redirect_stdout(file), redirect_stderr(file):
            yield
    except DamagedFile as error:
        _write(file, traceback.format_exc())  # what the reader said, were it not damage after all
        _end(file, f"{error} {_remedy(error.path)}")
    except LacunaError as error:
        _end(file, str(error))
    except Exception as error:
        _write(file, traceback.format_exc())
        if explanation := explain(error, None):
            _end(file, str(explanation))
        raise
    except KeyboardInterrupt:
        _write(file, traceback.format_exc())
        sys.exit(128 + signal.SIGINT)
    except BaseException:
        _write(file, traceback.format_exc())
        raise
    finally:
        with suppress(OSError):  # a full disk must not hide why the job failed
            file.close()


def _remedy(path: Path) -> str:
    if path.is_symlink():
        return f"It is a link to {path.resolve()}: get that file again, and run again."
    aside = set_aside(path)
    kept = f"It is now named {aside.name}. " if aside else ""
    return (
        f"{kept}Run again: the workflow makes it anew. If that fails in the same way, the files it "
        "is made from are damaged."
    )


def _end(file: TextIO, message: str) -> NoReturn:
    print(f"\nError: {message}\n", file=sys.stderr, flush=True)
    _write(file, f"Error: {message}\n")
    sys.exit(1)


def _write(file: TextIO, text: str) -> None:
    with suppress(OSError):
        file.write(text)
