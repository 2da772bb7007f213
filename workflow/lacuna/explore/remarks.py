"""What is to be known of every answer, a sentence each."""

from pathlib import Path

from lacuna.explore.index import Index

EXPECTED_R = (
    "expected r: the correlation to expect between this profile and a fresh measurement of the "
    "same drug in the same cell."
)
NOT_KNOWN = (
    "The product states no expected r: its method was not cross-validated in this run, so nobody "
    "knows how good its predictions are."
)
NO_REPLICATES = "It is known of predictions alone: measured profiles came without replicates."
SIMULATED = "The data are SIMULATED: drugs, cells and genes are made up."
# Files of other stages that can be asked, and how. {} is the file.
ASKED = {
    "completed/deepcellstate.model.h5": "a profile in another cell: lacuna predict --model {} "
    "--profile TABLE --to CELL",
    "retrieval/model.h5": "structures for a profile: lacuna retrieve --model {}",
    "translation/model.h5": "RNA-seq-like profiles of all genes: lacuna translate --model {}",
    "single_cell/model.h5": "single cells under any drug: lacuna predict-cells --model {}",
}


def remarks(index: Index, folder: Path) -> list[str]:
    """Return the footer of an answer.

    Parameters
    ----------
    index
        What was asked.
    folder
        results/{dataset}.
    """
    known = index.profiles["expected_r"].notna()
    said = [EXPECTED_R if known.any() else NOT_KNOWN]
    if known.any() and not known[index.profiles["source"] == "measured"].any():
        said.append(NO_REPLICATES)
    if index.facts.get("simulated"):
        said.append(SIMULATED)
    return said + other_questions(folder)


def other_questions(folder: Path) -> list[str]:
    """Say which other stages of a run can be asked, and how."""
    there = {file: how for file, how in ASKED.items() if (folder / file).is_file()}
    said = [how.format(folder / file) for file, how in there.items()]
    if (folder / "explore/index.html").is_file():
        said.append(f"the same as a page: {folder / 'explore/index.html'}")
    return [f"This run can also be asked for {'; '.join(said)}."] if said else []
