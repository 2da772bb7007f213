"""The log of a script of the workflow, and the message with which it fails."""

import signal
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from pathlib import Path
from typing import NoReturn, TextIO

from lacuna.errors import DamagedFile, LacunaError
from lacuna.io.atomic import explain_write_error, set_aside
from lacuna.io.links import name_origins


@contextmanager
def log_script(log: str | Path) -> Iterator[None]:
    """Send what the block prints to the rule's log, and say on the terminal why it failed.

    Parameters
    ----------
    log
        The rule's log file, which is overwritten.

    Raises
    ------
    SystemExit
        With the message alone on the terminal and the traceback in the log: after a `LacunaError`,
        on a full disk or in a folder without permission (exit status 1), and after Ctrl-C, which
        needs no message (130). A `DamagedFile` is set aside, so that the next run makes it anew.
        Every other exception passes on with its traceback.
    """
    file = open(log, "w", encoding="utf-8", buffering=1)  # noqa: SIM115, closed below
    try:
        with redirect_stdout(file), redirect_stderr(file):
            yield
    except DamagedFile as error:
        _write(file, traceback.format_exc())  # the reader's own words, in case it is not damage
        _end(file, f"{error} {_remedy(error.path)}")
    except LacunaError as error:
        _end(file, str(error))
    except Exception as error:
        _write(file, traceback.format_exc())
        if explanation := explain_write_error(error, None):
            _end(file, str(explanation))
        raise
    except KeyboardInterrupt:
        _write(file, traceback.format_exc())
        sys.exit(128 + signal.SIGINT)
    except BaseException:
        _write(file, traceback.format_exc())
        raise
    finally:
        with suppress(OSError):  # on a full disk, the reason of the failure matters more
            file.close()


def _remedy(path: Path) -> str:
    if path.is_symlink():
        return f"Get {path.resolve()} again, and run again."
    aside = set_aside(path)
    kept = f"{path.name} is now named {aside.name}. " if aside else ""
    return (
        f"{kept}Run again: the workflow makes it anew. If that fails in the same way, the files it "
        "is made from are damaged."
    )


def _end(file: TextIO, message: str) -> NoReturn:
    message = name_origins(message)  # here every reader's message passes, and no other place
    print(f"\nError: {message}\n", file=sys.stderr, flush=True)
    _write(file, f"Error: {message}\n")
    sys.exit(1)


def _write(file: TextIO, text: str) -> None:
    with suppress(OSError):
        file.write(text)
