"""What a run says of drugs of the user's own, as `lacuna predict` prints it."""

from pathlib import Path

from lacuna.completion.registry import method_label
from lacuna.explore.answers import Answer as Printed
from lacuna.explore.answers import Table
from lacuna.explore.remarks import EXPECTED_R, SIMULATED
from lacuna.predict.answer import Answer
from lacuna.predict.said import general_sentences
from lacuna.predict.shown import profiles_of, top_genes

FACTS = {"smiles": "smiles", "inchi_key": "inchi_key", "nearest": "nearest_measured"}
ABOUT = ["name", "smiles", "inchi_key", "measured", "nearest", "tanimoto"]


def as_printed(answer: Answer, output: Path | None = None) -> Printed:
    """Return an answer as `lacuna.explore.printing` prints all of them.

    Parameters
    ----------
    answer
        What to print.
    output
        Where all genes of the profiles were written, if they were.
    """
    table, profiles = profiles_of(answer)
    about, run = answer.table(), answer.run
    label = method_label(run.model.name)
    alone = len(about) == 1
    facts = {"run": f"{run.facts.get('dataset', '')}, completed by {label}"}
    tables = {"profiles": Table("Profiles", table.join(top_genes(answer, profiles)))}
    if alone:
        facts |= {fact: about[name].iloc[0] for name, fact in FACTS.items()}
    else:
        known_by = about[ABOUT].rename(columns={"measured": "measured as"})
        tables["drugs"] = Table("The drugs, and the measured ones most like them", known_by)
    pairs = zip(about["name"], about["said"], strict=True)
    said = [str(text) if alone else f"{name}: {text}" for name, text in pairs]
    notes = [*said, *general_sentences(run.accuracy, label)]
    if table["expected_r"].notna().any():
        notes.append(EXPECTED_R)
    if run.facts.get("simulated"):
        notes.append(SIMULATED)
    if output is not None:
        notes.append(f"All genes of all profiles: {output}")
    asked = about["name"].iloc[0] if alone else f"{len(about)} drugs"
    return Printed(
        f"{asked}, by structure, from what {label} learnt",
        facts,
        tables,
        list(dict.fromkeys(notes)),
    )
