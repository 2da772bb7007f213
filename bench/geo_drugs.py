"""Drugs of a rehearsal and what is known of them: real where the tables are at hand, or made up."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from lacuna.simulation.biology import draw_structures

HUB_DRUGS, HUB_SAMPLES = "repurposing_drugs_20200324.txt", "repurposing_samples_20200324.txt"
DRUGBANK, PROTEINS, ATC = "drugbank.tsv", "proteins.tsv", "WHO_ATC-DDD_2026-04-25.csv"
ANNOTATION = (DRUGBANK, PROTEINS, HUB_DRUGS, HUB_SAMPLES, ATC)
PERT_ID = 13  # letters of a Broad id that name the compound, not the sample
CONNECTIVITY = 14  # letters of an InChIKey that name the connections
MECHANISMS = 40
LETTERS = "ACDGHJLMNR"
TARGETS = 8


def real_drugs(
    number: int,
    shown: Sequence[str],
    smiles: Path,
    held: Mapping[str, Path],
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Return LINCS compounds: those first whose ATC code is known, then those of the Hub.

    Parameters
    ----------
    number
        How many.
    shown
        Names that must be among the first, whatever is known of them.
    smiles
        Table of pert_id and SMILES, without a header.
    held
        The annotation tables, by name.
    rng
        Draws the mechanism of drugs without one.

    Returns
    -------
    DataFrame
        pert_id, name, inchi_key and smiles (NaN where not known), mechanism (a number).
    """
    options = {"sep": "\t", "comment": "!", "encoding": "latin-1", "dtype": str}
    samples = pd.read_csv(held[HUB_SAMPLES], **options)
    drugs = pd.read_csv(held[HUB_DRUGS], **options)
    samples["pert_id"] = samples["broad_id"].str[:PERT_ID]
    hub = samples.dropna(subset=["InChIKey"]).drop_duplicates("pert_id")
    hub = hub.drop_duplicates("pert_iname").merge(drugs[["pert_iname", "moa"]], on="pert_iname")
    lincs = pd.read_csv(smiles, names=["pert_id", "smiles"], dtype=str)
    bank = pd.read_csv(held[DRUGBANK], sep="\t", dtype=str).dropna(subset=["atc_codes", "inchikey"])
    coded = set(bank["inchikey"].str.removeprefix("InChIKey=").str[:CONNECTIVITY])
    hub["rank"] = 2 - hub["InChIKey"].str[:CONNECTIVITY].isin(coded)
    hub.loc[hub["moa"].isna(), "rank"] = 3
    hub.loc[hub["pert_iname"].isin(shown), "rank"] = 0
    # Drugs of frequent mechanisms first, so that there are tasks among few drugs.
    hub["common"] = -hub.groupby("moa")["moa"].transform("size").fillna(0)
    in_lincs = hub["pert_id"].isin(lincs["pert_id"]) | hub["rank"].eq(0)
    hub = hub[in_lincs].sort_values(["rank", "common", "pert_id"])
    rest = lincs[~lincs["pert_id"].isin(hub["pert_id"])].assign(pert_iname=lambda t: t["pert_id"])
    named = hub.rename(columns={"InChIKey": "inchi_key"})
    table = pd.concat([named, rest]).rename(columns={"pert_iname": "name"}).head(number)
    if missing := [name for name in shown if name not in set(table["name"])]:
        table.iloc[-len(missing) :, table.columns.get_loc("name")] = missing
        table = pd.concat([table.tail(len(missing)), table.iloc[: -len(missing)]])
    mechanism, known = pd.factorize(table["moa"])
    drawn = rng.integers(max(len(known), 1), size=len(table))
    columns = ["pert_id", "name", "inchi_key", "smiles"]
    table = table[columns].assign(mechanism=np.where(mechanism < 0, drawn, mechanism))
    return table.reset_index(drop=True)


def made_up(
    number: int, shown: Sequence[str], folder: Path, rng: np.random.Generator
) -> pd.DataFrame:
    """Return drugs that nobody knows, and write tables of what is known of them.

    Structures, ATC codes and targets follow the mechanism. Arguments and the table are those of
    `real_drugs`.
    """
    from rdkit import Chem

    mechanism = rng.integers(MECHANISMS, size=number)
    smiles = draw_structures(mechanism, rng)
    table = pd.DataFrame(
        {
            "pert_id": [f"BRD-K{drug:08d}" for drug in range(number)],
            "name": [*shown, *(f"made-up-{drug}" for drug in range(number))][:number],
            "inchi_key": [Chem.MolToInchiKey(Chem.MolFromSmiles(text)) for text in smiles],
            "smiles": smiles,
            "mechanism": mechanism,
        }
    )
    ids = [f"DB{drug:05d}" for drug in range(number)]
    letter = [LETTERS[of % len(LETTERS)] for of in mechanism]
    codes = [f"{first}01AA{of % 100:02d}" for first, of in zip(letter, mechanism, strict=True)]
    write = {"sep": "\t", "index": False}
    bank = pd.DataFrame({"drugbank_id": ids, "name": table["name"], "atc_codes": codes})
    bank.assign(inchikey="InChIKey=" + table["inchi_key"]).to_csv(folder / DRUGBANK, **write)
    proteins = pd.DataFrame({"drugbank_id": ids, "category": "target", "organism": "Human"})
    target = mechanism % TARGETS + 1
    proteins.assign(entrez_gene_id=target).to_csv(folder / PROTEINS, **write)
    hub = pd.DataFrame({"pert_iname": table["name"], "moa": [f"moa {of}" for of in mechanism]})
    hub.assign(target=[f"GENE{gene}" for gene in target]).to_csv(folder / HUB_DRUGS, **write)
    samples = pd.DataFrame({"pert_iname": table["name"], "InChIKey": table["inchi_key"]})
    samples.to_csv(folder / HUB_SAMPLES, **write)
    substances = pd.DataFrame({"atc_code": codes, "atc_name": table["name"]})
    substances.to_csv(folder / ATC, index=False)
    return table
