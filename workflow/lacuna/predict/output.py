"""Which files answers can be written to."""

from pathlib import Path

from lacuna.errors import LacunaError, listed

ENDINGS = (".tsv", ".tsv.gz", ".gctx", ".h5ad")


def check_output(path: Path) -> None:
    """Check that a file can be written in the layout that its name asks for.

    Raises
    ------
    LacunaError
        If its ending is none that is known.
    """
    if not path.name.endswith(ENDINGS):
        raise LacunaError(f"--output {path}: expected a name that ends with {listed(ENDINGS)}.")
