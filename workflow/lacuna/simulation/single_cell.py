"""A bulk screen, and single cells of a part of its drugs: the world of the stage `single_cell`.

Structures say what drugs do (`lacuna.simulation.molecules`), at which doses and how strongly; bulk
and cells show the same responses, each in its way. In the bulk screen all lines get all drugs;
cells get some of them, and a few drugs that no bulk well has. Cells have genes that bulk does not
measure, some of which answer to drugs by programmes of their own. Most cells of a drug are on one
plate, whose effects a model can mistake for the drug's.

In the null world the same wells and cells have been measured, but the drugs have exchanged their
structures at random. Bulk and cells agree on the structure of a drug there, too.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
from scipy import sparse

from lacuna.errors import LacunaError
from lacuna.runtime import seeds
from lacuna.simulation.bulk import lay_out_bulk, write_structures
from lacuna.simulation.cells import LIBRARY, CellModel, draw_model, lay_out_cells
from lacuna.simulation.dose_response import DosedBiology, mean_change, plant_doses
from lacuna.simulation.molecules import draw_molecules
from lacuna.simulation.parameters import GENES
from lacuna.simulation.products import choose_drugs, list_products
from lacuna.simulation.retrieval import exchange_structures
from lacuna.simulation.transcriptome import name_genes

DOSES = (0.01, 0.1, 1.0, 10.0)  # micromolar
OTHER_GENES = 400  # of the cells, which bulk does not measure
VEHICLE = 20  # vehicle cells of a line, in conditions
ONLY_IN_CELLS = 4  # drugs
PLATES = 4
CONFOUNDED = 0.8  # of a drug's cells, which are on its own plate
MECHANISMS_PER_FRAGMENT = 2
REPEATED_NAMES = 3  # cells that are called as another one
LEFT = 4  # drugs at least that only bulk has: their structures are the odd ones


@dataclass(frozen=True)
class SingleCellWorld:
    """What is known and what is measured.

    Attributes
    ----------
    biology : DosedBiology
        The drugs, the lines, and what the drugs do in them, over all genes: landmarks come first.
    drugs : DataFrame, a row per drug
        pert_id, second_id (of the drug that goes by two, else empty), name; what it does: kind
        (active, cliff or silent), mechanism, active, strong, potency, cell_specific, ec50, slope,
        late, responders; its structure: smiles and inchi_key of the parent, first_fragment,
        second_fragment, cliff_of, twin_of, structure_of (see `RetrievalWorld`); written (the SMILES
        in the table of the bulk screen), form (parent, salt or unreadable); in_bulk, in_cells.
    mechanisms : DataFrame
        See `Molecules`.
    products : DataFrame
        What cells got, see `list_products`.
    genes : DataFrame, a row per gene of the cells, in their order
        ensembl, symbol, number (of `biology.programmes`), landmark.
    wells : DataFrame
        inst_info of the bulk screen.
    level3 : float32 array of shape (wells, landmarks)
        Log2 expression.
    cells : DataFrame
        See `lay_out_cells`.
    model : CellModel
        What counts are expected of cells; its genes are those of the cells.
    doses : tuple of float
        Micromolar, of the cells.
    seed : int
    null : bool
    """

    biology: DosedBiology
    drugs: pd.DataFrame
    mechanisms: pd.DataFrame
    products: pd.DataFrame
    genes: pd.DataFrame
    wells: pd.DataFrame
    level3: np.ndarray
    cells: pd.DataFrame
    model: CellModel
    doses: tuple[float, ...]
    seed: int
    null: bool

    def counts(self) -> Iterator[sparse.csr_matrix]:
        """Draw the counts of the cells, in blocks; the same each time."""
        return self.model.measure(self.cells, self.seed)

    def log2_fold_change(self) -> np.ndarray:
        """Return what products do to the mean counts of vehicle cells, without plates and noise.

        Returns
        -------
        float32 array of shape (lines, products, doses, genes)
        """
        responders = self.drugs["responders"].to_numpy()[self.products["drug"]]
        responders = responders[:, None, None].astype(np.float32)
        return mean_change(self.model.change, responders).astype(np.float32)

    def bulk_log2_change(self, dose: float = 10.0, time: int = 24) -> np.ndarray:
        """Return what the drugs of the bulk screen do to the landmarks there, without noise.

        Returns
        -------
        float32 array of shape (drugs, lines, landmarks)
        """
        landmarks = self.biology.of_landmarks()
        shape = (int(self.drugs["in_bulk"].sum()), landmarks.response.shape[1])
        change = np.empty((*shape, GENES), dtype=np.float32)
        for drug, line in np.ndindex(shape):
            change[drug, line] = landmarks.change(drug, line, dose, time)
        return change

    def describe_cells(self) -> pd.DataFrame:
        """Return obs, as the published file of sci-Plex has it, by the names of the cells.

        Returns
        -------
        DataFrame
            product_name, dose (nanomolar, 0 of vehicle), cell_type, vehicle, SMILES, pathway,
            replicate, culture_plate; texts are categories. Some names stand twice.
        """
        cells, products = self.cells, self.products
        product = cells["product"].to_numpy()
        nanomolar = np.append(np.round(1000 * np.array(self.doses), 6), 0.0)
        obs = pd.DataFrame(
            {
                "product_name": _category([*products["product_name"], "Vehicle"], product),
                "dose": nanomolar[cells["dose"]],
                "cell_type": _category(self.biology.cells["cell_id"], cells["line"]),
                "vehicle": product < 0,
                "SMILES": _category([*products["smiles"], ""], product),
                "pathway": _category([*products["pathway"], "Vehicle"], product),
                "replicate": _category(["rep1", "rep2"], cells["replicate"]),
                "culture_plate": _category(
                    [f"SIMPLATE{plate + 1}" for plate in range(len(self.model.plates))],
                    cells["plate"],
                ),
            }
        )
        names = [f"SIMCELL{cell + 1:07d}" for cell in range(len(obs))]
        for repeat in range(1, REPEATED_NAMES + 1):
            names[-repeat] = names[repeat]
        return obs.set_axis(names)


def simulate_single_cell(
    *,
    seed: int,
    drugs: int = 300,
    cells: int = 3,
    mechanisms: int = 12,
    drugs_in_cells: int = 60,
    cells_per_condition: int = 20,
    only_in_cells: int = ONLY_IN_CELLS,
    vehicle_cells: int | None = None,
    doses: tuple[float, ...] = DOSES,
    other_genes: int = OTHER_GENES,
    plates: int = PLATES,
    confounded: float = CONFOUNDED,
    library: float = LIBRARY,
    mechanisms_per_fragment: int = MECHANISMS_PER_FRAGMENT,
    null: bool = False,
) -> SingleCellWorld:
    """Draw structures, let drugs act as these say, and measure that in bulk and in single cells.

    Parameters
    ----------
    seed
        The run's seed.
    drugs, cells, mechanisms
        Number of drugs in the bulk screen, of cell lines, and of mechanisms.
    drugs_in_cells, only_in_cells
        How many of the drugs single cells get, and how many others. One more product is another
        name of one of them.
    cells_per_condition
        How many cells each line, product and dose has; one has 3.
    vehicle_cells
        How many vehicle cells there are in all; `VEHICLE` conditions of each line by default.
    doses
        Micromolar, ascending, of the cells.
    other_genes
        How many genes cells have beside the landmarks, of which they lack one.
    plates, confounded
        How many plates the cells are on, and which share of a product's cells is on its own.
    library
        Median counts of a cell.
    mechanisms_per_fragment
        See `draw_molecules`.
    null
        Whether the drugs exchange their structures. All else is as in the world of the same seed.

    Raises
    ------
    LacunaError
        If these are fewer drugs or cells, or more mechanisms, than can be simulated.
    """
    if drugs_in_cells > drugs - LEFT:
        raise LacunaError(
            f"the simulation of single cells: {drugs_in_cells} drugs in cells of {drugs} in bulk; "
            f"expected at most {drugs - LEFT}, since the structures of some that only bulk has are "
            "odd. Set acquire: simulator: drugs_in_cells lower, or drugs higher."
        )
    stream = partial(seeds.generator, seed, "single_cell")
    molecules = draw_molecules(
        drugs + only_in_cells,
        mechanisms,
        stream("structures"),
        mechanisms_per_fragment=mechanisms_per_fragment,
    )
    biology = plant_doses(molecules.table, cells, mechanisms, other_genes, stream("biology"))
    drawn = molecules.table.drop(columns=["mechanism"])
    table = pd.concat([biology.drugs, drawn], axis=1).assign(structure_of=np.arange(len(drawn)))
    table.loc[table["kind"].eq("silent"), "mechanism"] = -1
    if null:
        table = exchange_structures(table, stream("null"))
    chosen = choose_drugs(table, drugs, drugs_in_cells, stream("choice"))
    only = np.arange(drugs, drugs + only_in_cells)
    table["in_bulk"] = np.arange(len(table)) < drugs
    table["in_cells"] = np.isin(np.arange(len(table)), np.concatenate([chosen, only]))
    table = write_structures(table, stream("oddities"))
    wells, level3 = lay_out_bulk(biology.of_landmarks(), table[table["in_bulk"]], stream("bulk"))
    products = list_products(table, chosen, only, plates, stream("products"))
    genes = _list_genes(other_genes, stream("genes"))
    model = draw_model(
        biology.baseline[:, genes["number"]],
        _change(biology, products, doses, genes),
        plates,
        stream("cells"),
        library,
    )
    vehicle = VEHICLE * cells_per_condition * cells if vehicle_cells is None else vehicle_cells
    layout = lay_out_cells(
        products,
        table["responders"].to_numpy()[products["drug"]],
        (cells, len(doses), cells_per_condition),
        np.bincount(np.arange(vehicle) % cells, minlength=cells),
        plates,
        confounded,
        stream("layout"),
        library,
    )
    return SingleCellWorld(
        biology,
        table,
        molecules.mechanisms,
        products,
        genes,
        wells,
        level3,
        layout,
        model,
        doses,
        seed,
        null,
    )


def _list_genes(others: int, rng: np.random.Generator) -> pd.DataFrame:
    """Name the genes of the cells, in any order; one landmark is not among them."""
    named = name_genes(GENES + others, rng)
    version = rng.integers(1, 20, size=len(named)).astype(str)
    lacking = int(rng.integers(GENES))
    kept = rng.permutation(np.delete(np.arange(len(named)), lacking))
    return pd.DataFrame(
        {
            "ensembl": (named["ensembl"] + "." + version)[kept],
            "symbol": named["symbol"][kept],
            "number": kept,
            "landmark": named["landmark"][kept],
        }
    ).reset_index(drop=True)


def _change(
    biology: DosedBiology, products: pd.DataFrame, doses: tuple[float, ...], genes: pd.DataFrame
) -> np.ndarray:
    """Return log2 changes in responding cells, float32 (lines, products, doses, genes)."""
    number = genes["number"].to_numpy()
    shape = (len(biology.cells), len(products), len(doses))
    change = np.empty((*shape, len(number)), dtype=np.float32)
    drug = products["drug"].to_numpy()
    for line, product, dose in np.ndindex(shape):
        full = biology.full_change(int(drug[product]), line, doses[dose])
        change[line, product, dose] = full[number]
    return change


def _category(names: pd.Series | list[str], number: np.ndarray | pd.Series) -> pd.Categorical:
    """Return names by number; -1 is the last of them."""
    values = np.asarray(list(names), dtype=object)
    return pd.Categorical(values[np.asarray(number)])
