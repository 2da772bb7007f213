"""What every script of the workflow does around its work."""

import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout

from lacuna.errors import LacunaError


@contextmanager
def logged(log: str) -> Iterator[None]:
    """Send what the block prints to the rule's log, and say on the terminal why it failed.

    A user's mistake ends the job with the message alone; anything else shows its traceback.
    """
    with open(log, "w", encoding="utf-8", buffering=1) as file:
        try:
            with redirect_stdout(file), redirect_stderr(file):
                yield
        except LacunaError as error:
            print(f"Error: {error}", file=file)
            print(f"\nError: {error}\n", file=sys.stderr)
            sys.exit(1)
        except BaseException:
            traceback.print_exc(file=file)
            raise
