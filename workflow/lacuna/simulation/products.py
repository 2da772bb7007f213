"""Which drugs single cells get, and what vendors call and draw them: the oddities of sci-Plex.

Names have slashes, underscores, brackets, signs and spaces at the end, structures are those of
salts or end with what ChemAxon says of their bonds, one cannot be read, and two products are one
drug.
"""

import numpy as np
import pandas as pd

from lacuna.errors import LacunaError
from lacuna.simulation.fragments import UNREADABLE
from lacuna.simulation.molecules import write_as_salt

SALT_SHARE, TAIL_SHARE = 0.15, 0.5  # of the products
NO_PATHWAY = "none"
STYLES = (  # what products are called, in turn; most are called by their plain name
    *("(+)-{0}", "{0} (SIM/{1})", "{0}_{1} 2HCl", "{0} (SIM{1}, SIM_{1}/A)", "{0} "),
    *("{0} (SIM{1})", "{0}", "{0}", "{0}", "{0}"),
)


def choose_drugs(
    drugs: pd.DataFrame, screened: int, number: int, rng: np.random.Generator
) -> np.ndarray:
    """Choose drugs of the bulk screen for single cells, so that all mechanisms are among them.

    Parameters
    ----------
    drugs : DataFrame
        active and mechanism.
    screened
        How many of them, the first, are in the bulk screen.
    number
        How many to choose; as many of them are active as in the bulk screen.
    rng
        The random stream of the choice.

    Returns
    -------
    int array of shape (number,)
        Ascending.

    Raises
    ------
    LacunaError
        If these are fewer active drugs than mechanisms.
    """
    active = drugs["active"].to_numpy()[:screened]
    wanted = round(number * active.mean())
    mechanism = drugs["mechanism"].to_numpy()[:screened]
    mechanisms = len(np.unique(mechanism[active]))
    if wanted < mechanisms:
        raise LacunaError(
            f"the simulation of single cells: {number} drugs in cells, of which {wanted} are "
            f"active; expected at least one for each of {mechanisms} mechanisms. Ask for more "
            "drugs in cells, or fewer mechanisms (acquire: simulator)."
        )
    shuffled = pd.Series(rng.permutation(np.flatnonzero(active)))
    turn = shuffled.groupby(mechanism[shuffled]).cumcount()  # one of each mechanism, then another
    acting = shuffled.iloc[np.argsort(turn, kind="stable")[:wanted]]
    idle = rng.permutation(np.flatnonzero(~active))[: number - wanted]
    return np.sort(np.concatenate([acting, idle]))


def list_products(
    drugs: pd.DataFrame, chosen: np.ndarray, only: np.ndarray, plates: int, rng: np.random.Generator
) -> pd.DataFrame:
    """Name the products that cells get, and write their structures.

    Parameters
    ----------
    drugs : DataFrame
        name, active, mechanism, smiles.
    chosen, only : int arrays
        The drugs in cells that are in the bulk screen, too, and those that are not. The first of
        the latter has no structure that can be read.
    plates
        How many.
    rng
        The random stream of the products.

    Returns
    -------
    DataFrame, a row per product
        product_name, drug (number), smiles (as written), form (parent, salt, tail or unreadable),
        pathway, plate (on which most of its cells are). The last is another product of the same
        drug as an active one.
    """
    active = drugs["active"].to_numpy()
    twice = rng.choice(chosen[active[chosen]])
    drug = np.concatenate([chosen, only, [twice]])
    number = len(drug)
    style = rng.permutation(number) % len(STYLES)
    names = [
        STYLES[which].format(drugs["name"].iloc[of], f"{of + 1:03d}")
        for which, of in zip(style, drug, strict=True)
    ]
    names[-1] = f"{drugs['name'].iloc[twice]} Mesylate"
    form = np.full(number, "parent", dtype=object)
    form[-1] = "salt"
    if len(only):
        form[len(chosen)] = "unreadable"
    places = rng.permutation(np.flatnonzero(form == "parent"))
    salts, tails = max(1, round(SALT_SHARE * number)), max(1, round(TAIL_SHARE * number))
    form[places[:salts]], form[places[salts : salts + tails]] = "salt", "tail"
    write = {
        "parent": lambda smiles: smiles,
        "salt": lambda smiles: write_as_salt(smiles, 1),
        "tail": write_with_tail,
        "unreadable": lambda smiles: UNREADABLE[-1],
    }
    mechanism = drugs["mechanism"].to_numpy()[drug]
    pathway = [f"simulated mechanism {which + 1:02d}" for which in mechanism]
    return pd.DataFrame(
        {
            "product_name": names,
            "drug": drug,
            "smiles": [
                write[how](text) for how, text in zip(form, drugs["smiles"].iloc[drug], strict=True)
            ],
            "form": form,
            "pathway": np.where(active[drug], pathway, NO_PATHWAY),
            "plate": rng.permutation(number) % plates,
        }
    )


def write_with_tail(smiles: str) -> str:
    """Return a structure as ChemAxon writes it: Kekulé, and which double bonds in rings are cis.

    Parameters
    ----------
    smiles
        Any structure. Without a double bond in a ring, it is returned Kekulé, without a tail.
    """
    from rdkit import Chem

    molecule = Chem.MolFromSmiles(smiles)
    Chem.Kekulize(molecule, clearAromaticFlags=True)
    text = Chem.MolToSmiles(molecule, kekuleSmiles=True)
    written = Chem.MolFromSmiles(text, sanitize=False)
    Chem.FastFindRings(written)
    double = [
        str(bond.GetIdx())
        for bond in written.GetBonds()
        if bond.IsInRing() and bond.GetBondType() == Chem.BondType.DOUBLE
    ]
    if not double:
        return text
    half = -(-len(double) // 2)
    parts = [f"c:{','.join(double[:half])}"]
    parts += [f"t:{','.join(double[half:])}"] if double[half:] else []
    return f"{text} |{'r,' if '@' in text else ''}{','.join(parts)}|"
