"""Standard errors of every gene, kept out of memory from where they are stated to the h5ad."""

from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryFile
from types import TracebackType
from typing import IO

import numpy as np


class ErrorsByGene:
    """A file without a name that errors go into and come out of in one order.

    Use it as a context manager: the file is gone when the block ends.

    Parameters
    ----------
    folder
        Where the file lies, once there is anything to keep.
    genes
        Their number.
    """

    def __init__(self, folder: Path, genes: int):
        self._folder, self._genes = folder, genes
        self._file: IO[bytes] | None = None
        self._stack = ExitStack()

    def __enter__(self) -> "ErrorsByGene":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stack.close()

    @property
    def are_stated(self) -> bool:
        """Whether any have been added."""
        return self._file is not None

    def add(self, errors: np.ndarray) -> None:
        """Keep errors of the next predictions, shape (n, genes)."""
        if self._file is None:
            file = TemporaryFile(dir=self._folder)  # noqa: SIM115 # closed with the block
            self._file = self._stack.enter_context(file)
        self._file.write(np.ascontiguousarray(errors, np.float32).tobytes())

    def rewind(self) -> None:
        """Begin to read, from the first prediction on."""
        if self._file is not None:
            self._file.seek(0)

    def read(self, count: int) -> np.ndarray:
        """Return errors of the next predictions, float32 of shape (count, genes)."""
        assert self._file is not None
        stored = self._file.read(4 * self._genes * count)
        return np.frombuffer(stored, np.float32).reshape(count, self._genes)
