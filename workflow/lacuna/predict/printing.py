"""Prints what a run says of drugs of the user's own."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from lacuna.completion.registry import method_label
from lacuna.predict.answer import Answer
from lacuna.predict.said import general_sentences
from lacuna.predict.shown import profiles_of, top_genes

FACTS = ("smiles", "inchi_key", "nearest", "said")


def print_answer(answer: Answer, form: str | None, output: Path | None = None) -> None:
    """Print an answer: who the drugs are and what to expect, and their profiles in short.

    Parameters
    ----------
    answer
        What to print.
    form
        table, tsv or json; by default a table on a terminal, and TSV elsewhere. Of TSV, only the
        profiles go to standard output, and all else to standard error.
    output
        Where the whole profiles were written, if they were.
    """
    form = form or ("table" if sys.stdout.isatty() else "tsv")
    table, profiles = profiles_of(answer)
    shown = table.join(top_genes(answer, profiles))
    about = answer.table()
    if form == "json":
        whole = {
            "drugs": json.loads(about.to_json(orient="records")),
            "profiles": json.loads(shown.to_json(orient="records")),
            "notes": list(notes_of(answer, output)),
        }
        print(json.dumps(whole, indent=1, ensure_ascii=False))
        return
    aside = sys.stdout if form == "table" else sys.stderr
    for drug in about.to_dict("records"):
        print(drug["name"], *(f"  {name}: {drug[name]}" for name in FACTS), sep="\n", file=aside)
    if form == "table":
        with pd.option_context("display.width", None, "display.max_colwidth", None):
            print(shown.to_string(index=False, na_rep="-", float_format="{:.3g}".format))
    else:
        shown.to_csv(sys.stdout, sep="\t", index=False, float_format="%.6g")
    print(*notes_of(answer, output), sep="\n", file=aside)


def notes_of(answer: Answer, output: Path | None) -> Iterator[str]:
    """Yield what is to be known of an answer, a sentence each."""
    run = answer.run
    yield from general_sentences(run.accuracy, method_label(run.model.name))
    if output is not None:
        yield f"All genes of all profiles: {output}"
