"""What a user asks a trained network about: structures and doses, each checked and compared."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from lacuna.errors import LacunaError, listed
from lacuna.io.geo import check_present, read_columns
from lacuna.io.quantities import to_micromolar
from lacuna.io.smiles import DRUG, SMILES
from lacuna.single_cell.interface import CONTROL, CONTROL_SMILES
from lacuna.single_cell.model.molecules import Molecules
from lacuna.single_cell.model_file import Predictor
from lacuna.structures.cache import encode_structures
from lacuna.structures.card import available
from lacuna.structures.identity import count_reasons, identify
from lacuna.structures.similar import FAR, similarity

UNIT = "nM"  # of a dose that names none
AND = " + "  # between the drugs, and the doses, of a combination
NEAREST = 3  # training drugs that are named
MOST_NAMED = 5  # structures that are warned of one by one
SAME = 1e-3  # by which vectors of one structure may differ between versions of packages


@dataclass(frozen=True)
class Treatment:
    """One thing to predict.

    Attributes
    ----------
    drug : str
        As tables call it: a name, or those of a combination.
    structures : tuple of int
        Rows of `Treatments.structures`; none where nothing is left of what has dose 0.
    doses : tuple of float
        Micromolar, of each.
    dose : str
        As tables have it, micromolar.
    """

    drug: str
    structures: tuple[int, ...]
    doses: tuple[float, ...]
    dose: str

    @property
    def given(self) -> list[tuple[int, float]]:
        """Structures with a dose above 0."""
        pairs = zip(self.structures, self.doses, strict=True)
        return [(row, dose) for row, dose in pairs if dose > 0]


@dataclass(frozen=True)
class Treatments:
    """All that is to be predicted.

    Attributes
    ----------
    structures : DataFrame
        A row per structure: given (SMILES of the user), smiles (of the parent), inchi_key, block,
        known (its name in the training; empty of a new one), nearest (the training drugs most alike
        to it, in words), similarity (to the first of these).
    all : list of Treatment
    """

    structures: pd.DataFrame
    all: list[Treatment]


def of_words(smiles: Sequence[str], doses: Sequence[str], model: Predictor) -> Treatments:
    """Read what stands on a command line: one drug at some doses, or a combination.

    Parameters
    ----------
    smiles
        One structure, or those that are given together.
    doses
        Of one structure, one prediction each; of a combination, one dose for each structure.
        Numbers without a unit are nanomolar.
    model
        Whose training drugs they are compared with.

    Raises
    ------
    LacunaError
        If a structure or a dose cannot be read, or their numbers differ.
    """
    if not smiles or not doses:
        raise LacunaError("no structure or no dose is given; expected --smiles and --dose.")
    if len(smiles) > 1 and len(doses) != len(smiles):
        raise LacunaError(
            f"{len(smiles)} --smiles and {len(doses)} --dose: several structures are a "
            "combination; expected a dose for each, in the same order. Drugs one by one are given "
            "in a table: --drugs."
        )
    known = identify(list(smiles), progress=False)
    for text, said in zip(smiles, known["said"], strict=True):
        if said:
            raise LacunaError(f"--smiles {text!r}: {said}; expected the SMILES of a molecule.")
    if twice := known["inchi_key"].duplicated().to_numpy().nonzero()[0].tolist():
        raise LacunaError(
            f"--smiles {smiles[twice[0]]!r} stands twice in the combination (with or without "
            "salt); expected each drug once, at its whole dose."
        )
    micromolar = _doses(list(doses), "--dose")
    structures = compared(known.assign(given=list(smiles)), model)
    names = structures["known"].where(structures["known"] != "", structures["given"]).tolist()
    if len(smiles) == 1:
        each = [Treatment(names[0], (0,), (dose,), f"{dose:g}") for dose in micromolar]
        return Treatments(structures, list(dict.fromkeys(each)))
    rows = tuple(range(len(smiles)))
    dose = AND.join(f"{dose:g}" for dose in micromolar)
    return Treatments(structures, [Treatment(AND.join(names), rows, tuple(micromolar), dose)])


def of_table(path: str | Path, doses: Sequence[str], model: Predictor) -> tuple[Treatments, str]:
    """Read a table of drugs, each row a prediction of its own.

    Parameters
    ----------
    path
        Tab-separated, plain or gzipped: a drug (or name), smiles, and dose. Without a column of
        doses, each drug is predicted at all of `doses`.
    doses
        See `of_words`.
    model
        Whose training drugs they are compared with.

    Returns
    -------
    treatments : Treatments
    said : str
        What was left out; empty where nothing was.

    Raises
    ------
    LacunaError
        If a column is missing, no structure can be read, a drug has two, or doses are given twice
        or not at all.
    """
    table = read_columns(path, {"drug": DRUG, "smiles": SMILES}, {"dose": ("dose",)})
    if table.empty:
        raise LacunaError(f"{path}: has no row; expected a drug, its smiles and a dose in each.")
    check_present(table, "drug", path)
    has_doses = bool(table["dose"].notna().any())
    if has_doses == bool(doses):
        raise LacunaError(
            f"{path}: has {'a' if has_doses else 'no'} column of doses, and --dose is "
            f"{'given, too' if doses else 'not given'}; expected one of both."
        )
    for name in ("drug", "smiles"):
        table[name] = table[name].where(table[name].isna(), table[name].astype(str).str.strip())
    if (table["drug"] == CONTROL).any():
        raise LacunaError(
            f"{path}: a drug is called {CONTROL!r}, as untreated cells are here. Rename it."
        )
    known = identify(table["smiles"], progress=len(table) > 1000)
    reasons = ", ".join(f"{count} ({why})" for why, count in count_reasons(known).items())
    readable = known["said"] == ""
    if not readable.any():
        raise LacunaError(
            f"{path}: none of its {len(table)} structures can be read ({reasons}); expected SMILES."
        )
    who = table.join(known[["smiles", "inchi_key", "block"]], rsuffix="_parent")[readable]
    several = who.groupby("drug")["inchi_key"].nunique()
    if (several > 1).any():
        raise LacunaError(
            f"{path}: {listed(several.index[several > 1])} have more than one structure; expected "
            "a name for each. Rename the others."
        )
    unique = who.drop_duplicates("inchi_key")
    structures = compared(
        pd.DataFrame(
            {
                "given": unique["smiles"],
                "smiles": unique["smiles_parent"],
                "inchi_key": unique["inchi_key"],
                "block": unique["block"],
            }
        ),
        model,
    )
    row_of = dict(zip(structures["inchi_key"], range(len(structures)), strict=True))
    if has_doses:
        check_present(who, "dose", path)
        each = _doses(who["dose"].tolist(), f"{path}: column dose")
        pairs = list(zip(who["drug"], who["inchi_key"], each, strict=True))
    else:
        every = _doses(list(doses), "--dose")
        drugs = who[["drug", "inchi_key"]].drop_duplicates().itertuples(index=False, name=None)
        pairs = [(drug, key, dose) for drug, key in drugs for dose in every]
    found = [Treatment(drug, (row_of[key],), (dose,), f"{dose:g}") for drug, key, dose in pairs]
    unlike = list(dict.fromkeys(found))
    left = f"{path}: left out: {reasons} structures." if reasons else ""
    return Treatments(structures, unlike), left


def compared(structures: pd.DataFrame, model: Predictor) -> pd.DataFrame:
    """Add to structures whether they were trained on, and the training drugs nearest to them."""
    drugs = model.drugs
    names = pd.Series(drugs.index.to_numpy(object), drugs["inchi_key"].to_numpy(object))
    known = structures["inchi_key"].map(names[~names.index.duplicated()]).fillna("")
    alike = similarity(structures["smiles"].tolist(), drugs["smiles"].tolist())
    # A stable order of equal ones, and the drug itself before its stereo twins.
    itself = structures["inchi_key"].to_numpy()[:, None] == drugs["inchi_key"].to_numpy()[None]
    order = np.argsort(-(alike + itself), axis=1, kind="stable")[:, :NEAREST]
    nearest = [
        "; ".join(f"{drugs.index[drug]} ({alike[number, drug]:.2f})" for drug in row)
        for number, row in enumerate(order)
    ]
    similar = alike[np.arange(len(alike)), order[:, 0]]
    found = structures.assign(known=known, nearest=nearest, similarity=similar)
    return found.reset_index(drop=True)


def molecules_of(
    structures: pd.DataFrame, model: Predictor, vectors: Mapping[str, np.ndarray] | None = None
) -> tuple[Molecules, list[str]]:
    """Encode structures as the network reads them.

    Parameters
    ----------
    structures
        See `Treatments`.
    model
        Whose encoder reads them.
    vectors
        Of a table from outside, by InChIKey, where the model was trained on one.

    Returns
    -------
    molecules : Molecules
        By the names that `keys_of` gives; the vehicle among them.
    said : list of str
        What is to be warned of.

    Raises
    ------
    LacunaError
        If the model cannot read a structure.
    """
    source, trained = model.trained.source, model.trained
    texts = dict(zip(keys_of(structures), structures["smiles"], strict=True))
    if source.is_learned:
        new = structures.loc[structures["known"] == "", "given"]
        if len(new):
            raise LacunaError(
                f"this model learnt a vector for each of its {len(model.drugs)} training drugs, "
                f"and reads no other structure ({listed(new)}); expected one of these drugs: "
                f"{listed(model.drugs.index)}. Train with an encoder of structures, such as "
                "descriptors."
            )
        return Molecules.of(source, texts), []
    if source.is_trained:
        return Molecules.of(source, texts), []
    smiles, said = list(dict.fromkeys(texts.values())), []
    if source.encoder in available():
        found = encode_structures(
            source.encoder, [*smiles, CONTROL_SMILES], progress=False, **source.options
        )
        vehicle = trained.vehicle[0]
        if found[-1].shape != vehicle.shape:
            raise LacunaError(
                f"{source.encoder} computes {found.shape[1]} numbers of a structure, and did "
                f"{len(vehicle)} in the training. Install its versions: {model.facts['versions']}."
            )
        if not np.allclose(found[-1], vehicle, rtol=SAME, atol=SAME, equal_nan=True):
            said.append(
                f"{source.encoder} computes another vector of DMSO than in the training: "
                "predictions are not of the encoder that was judged. Install the versions of the "
                f"training: {model.facts['versions']}."
            )
        table = pd.DataFrame(found[:-1], index=smiles)
    elif vectors is None:
        raise LacunaError(
            f"this model reads structures by {source.encoder}, a table of vectors from outside; "
            "expected that table, with the structures that are asked for: --vectors."
        )
    else:
        keys = dict(zip(structures["smiles"], structures["inchi_key"], strict=True))
        gap = np.full(trained.vehicle.shape[1], np.nan, np.float32)
        rows = [vectors.get(keys[text], gap) for text in smiles]
        if missing := [text for text in smiles if keys[text] not in vectors]:
            raise LacunaError(
                f"--vectors: has no vector of {listed(missing)}, expected one of each structure. "
                f"Add them as {source.encoder} computes them, or leave these drugs out."
            )
        table = pd.DataFrame(np.stack(rows), index=smiles)
    if CONTROL_SMILES not in table.index:
        table.loc[CONTROL_SMILES] = trained.vehicle[0]
    return Molecules.of(source, texts, table), said


def keys_of(structures: pd.DataFrame) -> list[str]:
    """Return a name for each structure that no other has: of the training, or its InChIKey."""
    known = structures["known"]
    return known.where(known != "", structures["inchi_key"]).tolist()


def warnings_of(treatments: Treatments, model: Predictor) -> list[str]:
    """Return what is to be warned of: structures unlike all training drugs, and doses beyond."""
    table = treatments.structures
    far = table[table["similarity"] < FAR]
    said = [
        f"{row.given} is unlike all {len(model.drugs)} training drugs (Tanimoto similarity below "
        f"{FAR:g}): the nearest are {row.nearest}."
        for row in far.head(MOST_NAMED).itertuples()
    ]
    if len(far) > MOST_NAMED:
        said.append(f"So are {len(far) - MOST_NAMED} more: see the column similarity of the table.")
    doses = np.unique([dose for one in treatments.all for dose in one.doses if dose > 0])
    low, high = (model.doses.min(), model.doses.max()) if len(model.doses) else (0, np.inf)
    beyond = doses[(doses < low) | (doses > high)]
    if len(beyond) and model.is_of_cells:
        said.append(
            f"{_listed(beyond)} uM: beyond the doses of the training, {_listed(model.doses)} uM."
        )
    return said


def nearest_of(treatments: Treatments) -> list[str]:
    """Return which training drugs are nearest to the first few structures, in words."""
    return [
        f"{row.given}: {'trained on' if row.known else 'new'}; nearest training drugs, by Tanimoto "
        f"similarity: {row.nearest}."
        for row in treatments.structures.head(MOST_NAMED).itertuples()
    ]


def _listed(doses: np.ndarray) -> str:
    return ", ".join(f"{dose:g}" for dose in doses)


def _doses(texts: list[object], where: str) -> list[float]:
    given = pd.Series(texts, dtype=object)
    found = to_micromolar(given, UNIT, where)
    if found.isna().any():
        raise LacunaError(
            f"{where}: {given[found.isna()].iloc[0]!r} is no dose; expected a number of {UNIT}, or "
            "one with its unit, such as 1uM."
        )
    return found.tolist()
