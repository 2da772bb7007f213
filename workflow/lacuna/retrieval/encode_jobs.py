"""From the table of molecules to their vectors."""

from collections.abc import Mapping
from typing import Any

from lacuna.io.tsv import read_table
from lacuna.retrieval.molecules import write_encoded
from lacuna.structures.cache import encode_structures


def encode_molecules(
    molecules: str, output: str, encoder: str, options: Mapping[str, Any], cache: str | None
) -> None:
    """Encode the molecules of the cut.

    Parameters
    ----------
    molecules
        The table of the cut, with smiles.
    output
        Where to write: see `lacuna.retrieval.molecules.write_encoded`.
    encoder, options
        Which, and its options.
    cache
        Where vectors are kept from run to run; None for nowhere.

    Raises
    ------
    LacunaError
        If a package is missing.
    """
    smiles = read_table(molecules)["smiles"].drop_duplicates().tolist()
    write_encoded(output, smiles, encode_structures(encoder, smiles, cache, **options))
    print(f"{len(smiles):,} molecules by {encoder}.")
