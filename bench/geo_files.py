"""Files of a made-up GSE92742 under GEO's own names, layouts and quirks, for a rehearsal.

Drugs are scaled, not cells, replicates or genes. Where the annotation tables of config/hodos.yaml
are at hand, drugs are real ones that these tables know, with their InChIKeys and SMILES; otherwise
drugs and tables are made up. What drugs do in cells is that of the simulator (`clustered`).
"""

import gzip
import hashlib
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from geo_drugs import ANNOTATION, made_up, real_drugs

from lacuna.io.gctx import write_gctx
from lacuna.io.gmt import write_gmt
from lacuna.simulation.biology import Biology, plant_drugs

SERIES = "GSE92742"
PREFIX = f"{SERIES}_Broad_LINCS_"
MATRIX = f"{PREFIX}Level3_INF_mlr12k_n1319138x12328.gctx.gz"
SUMS = f"{SERIES}_SHA512SUMS.txt.gz"
SETS = "enrichr.KEGG_2016.gmt"
PATHWAYS, SET_SIZES = 293, (10, 60)  # genes of each that are landmarks
WELLS, GENES, LANDMARKS, CELLS = 1_319_138, 12_328, 978, 72  # of GSE92742; cells with compounds
PERTURBAGENS, COMPOUNDS, KEPT = 51_219, 20_413, 2_130  # rows of pert_info; the paper's large tensor
COMPOUND_SHARE = 0.46  # of wells
MAIN, COVERED = 15, 0.75  # cells that most drugs are tried in, and the share that are
LEAST_KEPT, FROM_SCALE = 300, 0.02  # drugs that pass the filters at least, from this scale on
SPARE = 1.08  # drugs to plant for each that is to pass
IN_OTHERS = 5  # drugs at least in each other cell; the filters keep cells with 3
REPLICATES, MAIN_VEHICLES, OTHER_VEHICLES, MOST_ON_PLATE = 3, 16, 6, 340
BEADS = "B3_DUO52HI53LO"
SHOWN = ("M-3M3FBS", "carbetocin", "ABT-751", "GNF-2")  # the heatmaps of config/hodos.yaml
OTHER_KINDS = ("trt_sh", "trt_sh", "trt_sh", "trt_sh.cgs", "trt_oe", "trt_lig", "ctl_vector")
OTHER_KINDS += ("ctl_untrt", "trt_poscon")
LINES = re.findall(
    r"\w+",
    "VCAP MCF7 PC3 A549 A375 HA1E HT29 HCC515 HEPG2 NPC ASC NEU SKB PHH FIBRNPC SKBR3 MDAMB231 "
    "BT20 HS578T MCF10A HEK293T HELA K562 HL60 THP1 U937 U266 JURKAT NOMO1 PL21 SKM1 WSUDLCL2 CD34 "
    "NKDBA HUH7 SW620 SW480 SW948 LOVO HCT116 HT115 RKO CL34 SNUC4 SNUC5 SNU1040 MDST8 NCIH508 "
    "COV644 RMGI RMUGS TYKNU OV7 EFO27 JHUEM2 SNGM MFE319 HEC108 SKMEL1 SKMEL28 SKLU1 H1299 HCC15 "
    "DV90 CORL23 NCIH1694 NCIH1836 NCIH2073 NCIH596 T3M10 A673 AGS",
)


@dataclass(frozen=True)
class Rehearsal:
    """What was written.

    Attributes
    ----------
    wells, drugs, kept : int
        Wells; compounds; compounds that were planted to pass the filters.
    real : bool
        Whether drugs and their annotation are real.
    """

    wells: int
    drugs: int
    kept: int
    real: bool


def write_series(folder: Path, scale: float, mirror: Path, seed: int) -> Rehearsal:
    """Write the files of the series and of the annotation into a folder.

    Parameters
    ----------
    folder
        Where they go.
    scale
        Share of the wells and the drugs of GSE92742.
    mirror
        Where the real tables lie, in folders; they are taken where they are there.
    seed
        The same one gives the same files.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    kept = max(round(KEPT * scale), round(LEAST_KEPT * min(1, scale / FROM_SCALE)), 30)
    planted = round(kept * SPARE)
    drugs = max(round(COMPOUNDS * scale), planted)
    real, table = choose_drugs(drugs, mirror, folder, rng)
    table["active"] = np.arange(drugs) < planted
    table["potency"] = np.exp(rng.normal(2.2, 0.3, drugs))
    biology = plant_drugs(table, "clustered", CELLS, int(table["mechanism"].max()) + 1, rng)
    genes = write_genes(folder, mirror)
    write_sets(folder / SETS, genes, np.random.default_rng([seed, 1]))
    wells = lay_out(table, planted, round(WELLS * scale), rng)
    write_matrix(folder / MATRIX, wells, genes, biology, rng)
    write_tables(folder, wells, table, biology, round(PERTURBAGENS * scale), rng)
    listed = sorted(folder.glob(f"{PREFIX}*.gz"))
    lines = [
        f"{hashlib.file_digest(path.open('rb'), 'sha512').hexdigest()}  {path.name}\n"
        for path in listed
        if "cell_info" not in path.name  # a file that no list names is taken, and the log says so
    ]
    (folder / SUMS).write_bytes(gzip.compress("".join(lines).encode()))
    return Rehearsal(len(wells), drugs, kept, real)


def choose_drugs(
    number: int, mirror: Path, folder: Path, rng: np.random.Generator
) -> tuple[bool, pd.DataFrame]:
    """Return pert_id, name, inchi_key, smiles, mechanism of drugs; bring their annotation."""
    held = {file: mirror / "mirror" / file for file in ANNOTATION}
    smiles = mirror / "lincs-smiles" / "lincs_drugs_smiles.csv.gz"
    if smiles.is_file() and all(path.is_file() for path in held.values()):
        for path in held.values():
            shutil.copyfile(path, folder / path.name)
        return True, real_drugs(number, SHOWN, smiles, held, rng)
    return False, made_up(number, SHOWN, folder, rng)


def write_genes(folder: Path, mirror: Path) -> pd.DataFrame:
    """Write gene_info: GEO's own where it is at hand."""
    name = f"{PREFIX}gene_info.txt.gz"
    held = mirror / "genes" / name
    if held.is_file():
        shutil.copyfile(held, folder / name)
        return pd.read_csv(held, sep="\t", dtype=str)
    number = np.arange(GENES)
    table = pd.DataFrame(
        {
            "pr_gene_id": (number + 1).astype(str),
            "pr_gene_symbol": [f"GENE{gene + 1}" for gene in number],
            "pr_gene_title": "made up",
            "pr_is_lm": (number < LANDMARKS).astype(int).astype(str),
            "pr_is_bing": (number < 10_174).astype(int).astype(str),
        }
    )
    write_text(table, folder / name)
    return table


def write_sets(path: Path, genes: pd.DataFrame, rng: np.random.Generator) -> None:
    """Write made-up sets of landmark genes, as many as KEGG has pathways and about as large."""
    landmarks = genes.loc[genes["pr_is_lm"].eq("1"), "pr_gene_symbol"].to_numpy()
    sizes = rng.integers(*SET_SIZES, PATHWAYS)
    sets = {
        f"made-up pathway {number + 1}": rng.choice(landmarks, size, replace=False).tolist()
        for number, size in enumerate(sizes)
    }
    write_gmt(sets, "made up", path)


def lay_out(
    drugs: pd.DataFrame, planted: int, wanted: int, rng: np.random.Generator
) -> pd.DataFrame:
    """Fill plates: compounds in their cells, the remaining wells with other kinds.

    Returns
    -------
    DataFrame, a row per well
        plate, cell (number), drug (number; -1 for the vehicle, -2 for others), kind, dose, hours.
    """
    plates: list[pd.DataFrame] = []
    shares = np.full(CELLS, max(0.03, IN_OTHERS / planted))
    shares[:MAIN] = COVERED
    for number, drug_set in enumerate(_sets(np.arange(planted))):
        hours = 24 if number % 2 == 0 else 6
        for cell, share in enumerate(shares):
            in_cell = drug_set[rng.random(len(drug_set)) < share]
            if cell >= MAIN and len(in_cell) < IN_OTHERS:
                in_cell = rng.choice(drug_set, min(IN_OTHERS, len(drug_set)), replace=False)
            vehicles = MAIN_VEHICLES if cell < MAIN else OTHER_VEHICLES
            name = f"CPC{number + 1:03d}"
            plates += _batch(name, cell, hours, in_cell, [10.0], vehicles, rng)
    others = _sets(np.arange(planted, len(drugs)))
    number, room = 0, COMPOUND_SHARE * wanted - sum(map(len, plates))
    while others and room > 0:  # drugs without an effect, at two doses, in some cells
        drug_set = others[number % len(others)][: MOST_ON_PLATE // 2]
        name, cell = f"CPD{number + 1:04d}", int(rng.integers(MAIN))
        new = _batch(name, cell, 24, drug_set, [10.0, 3.33], MAIN_VEHICLES, rng)
        plates, room, number = [*plates, *new], room - sum(map(len, new)), number + 1
    number, missing = 0, wanted - sum(map(len, plates))
    while missing > 0:
        size, cell = min(384, missing), int(rng.integers(CELLS))
        kind = rng.choice(OTHER_KINDS, size)
        table = pd.DataFrame({"drug": np.where(kind == "ctl_vehicle", -1, -2), "kind": kind})
        plate = f"KDA{number:04d}_{LINES[cell]}_96H_X1_{BEADS}"
        plates.append(table.assign(plate=plate, cell=cell, dose=np.nan, hours=96))
        missing, number = missing - size, number + 1
    return pd.concat(plates, ignore_index=True)


def _sets(drugs: np.ndarray) -> list[np.ndarray]:
    return np.array_split(drugs, -(-len(drugs) // MOST_ON_PLATE)) if len(drugs) else []


def _batch(
    name: str,
    cell: int,
    hours: int,
    drugs: np.ndarray,
    doses: list[float],
    vehicles: int,
    rng: np.random.Generator,
) -> list[pd.DataFrame]:
    """Return the plates of a batch; now and then one is missing, or has lost its vehicle wells."""
    contents = [(-1, "ctl_vehicle", np.nan)] * vehicles
    contents += [(drug, "trt_cp", dose) for dose in doses for drug in drugs]
    table = pd.DataFrame(contents, columns=["drug", "kind", "dose"])
    made = []
    for replicate in range(1, REPLICATES + 1):
        chance = rng.random()
        if chance < 0.01 and replicate == REPLICATES:
            continue  # a plate that failed and is not there
        plate = table.iloc[vehicles - 1 :] if chance > 0.995 else table
        lost = rng.random(len(plate)) < 0.003  # wells that failed are not there, either
        named = f"{name}_{LINES[cell]}_{hours}H_X{replicate}_{BEADS}"
        made.append(plate[~lost].assign(plate=named, cell=cell, hours=hours))
    return made


def write_matrix(
    path: Path, wells: pd.DataFrame, genes: pd.DataFrame, biology: Biology, rng: np.random.Generator
) -> None:
    """Measure the wells plate by plate, and write the packed GCTX; fills in well and inst_id."""
    place = wells.groupby("plate", sort=False).cumcount()
    row, column = np.divmod(place, 24)
    wells["well"] = [f"{chr(65 + r)}{c + 1:02d}" for r, c in zip(row, column, strict=True)]
    wells["inst_id"] = wells["plate"] + ":" + wells["well"]
    landmark = genes["pr_is_lm"].eq("1").to_numpy()
    rows = pd.DataFrame(index=genes["pr_gene_id"])
    columns = pd.DataFrame(index=wells["inst_id"])
    unpacked = path.with_suffix("")
    write_gctx(unpacked, _measured(wells, landmark, biology, rng), rows, columns)
    with unpacked.open("rb") as plain, gzip.open(path, "wb", compresslevel=1) as packed:
        shutil.copyfileobj(plain, packed, 1 << 22)
    unpacked.unlink()


def _measured(
    wells: pd.DataFrame, landmark: np.ndarray, biology: Biology, rng: np.random.Generator
) -> Iterator[np.ndarray]:
    follows = rng.integers(landmark.sum(), size=(~landmark).sum())  # whom an inferred gene follows
    offset = rng.normal(0, 1, len(follows)).astype(np.float32)
    programmes = biology.programmes.astype(np.float32)
    for _, plate in wells.groupby("plate", sort=False):
        treated = plate["drug"].to_numpy() >= 0
        cell = int(plate["cell"].iloc[0])
        response = np.zeros((len(plate), len(programmes)), np.float32)
        response[treated] = biology.response[plate.loc[treated, "drug"], cell]
        noise = rng.standard_normal((len(plate), landmark.sum()), np.float32)
        effect = rng.normal(0, 0.3, landmark.sum()).astype(np.float32)
        values = biology.baseline[cell].astype(np.float32) + response @ programmes
        values += 0.25 * noise + effect
        block = np.empty((len(plate), len(landmark)), np.float32)
        block[:, landmark] = values
        inferred = rng.standard_normal((len(plate), len(follows)), np.float32)
        block[:, ~landmark] = values[:, follows] + offset + 0.2 * inferred
        # To so many digits, so that it packs by a quarter, as GEO's does.
        yield np.round(np.clip(block, 2.4, 15) * 2**14) / np.float32(2**14)


def write_tables(
    folder: Path,
    wells: pd.DataFrame,
    drugs: pd.DataFrame,
    biology: Biology,
    perturbagens: int,
    rng: np.random.Generator,
) -> None:
    """Write inst_info, pert_info and cell_info, in Latin-1, with what is odd in GEO's tables."""
    number = wells["drug"].to_numpy()
    knocked = np.array([f"TRCN{gene:010d}" for gene in rng.integers(5000, size=len(wells))])

    def of_drug(column: str) -> np.ndarray:
        own = drugs[column].to_numpy(dtype=object)[np.maximum(number, 0)]
        return np.where(number >= 0, own, np.where(number == -1, "DMSO", knocked))

    treated = number >= 0
    info = pd.DataFrame(
        {
            "inst_id": wells["inst_id"],
            "rna_plate": wells["plate"],
            "rna_well": wells["well"],
            "pert_id": of_drug("pert_id"),
            "pert_iname": of_drug("name"),
            "pert_type": wells["kind"],
            "pert_dose": wells["dose"].map("{:.1f}".format).where(treated, "-666"),
            "pert_dose_unit": np.where(treated, "um", "-666"),
            "pert_time": wells["hours"].astype(str),
            "pert_time_unit": "h",
            "cell_id": [LINES[cell] for cell in wells["cell"]],
        }
    ).astype(object)
    info.loc[treated & (rng.random(len(info)) < 0.1), "pert_dose_unit"] = "µM"
    for column in info.columns[1:]:
        odd = rng.random(len(info)) < 0.0005
        odd[rng.integers(len(info), size=2)] = True
        info.loc[odd, column] = "-666"
    write_text(info, folder / f"{PREFIX}inst_info.txt.gz")

    known = drugs[["pert_id", "name", "inchi_key", "smiles"]].astype(object)
    pert = pd.DataFrame(
        {
            "pert_id": known["pert_id"],
            "pert_iname": known["name"],
            "pert_type": "trt_cp",
            "is_touchstone": "0",
            "inchi_key_prefix": known["inchi_key"].str[:14],
            "inchi_key": known["inchi_key"],
            "canonical_smiles": known["smiles"],
            "pubchem_cid": "-666",
        }
    ).fillna("-666")
    others = pd.DataFrame({"pert_id": [f"TRCN{gene:010d}" for gene in range(perturbagens)]})
    others = others.iloc[: max(perturbagens - len(pert), 0)]
    pert = pd.concat([pert, others.assign(pert_iname=others["pert_id"], pert_type="trt_sh")])
    contradicting = pert.iloc[[1]].assign(pert_iname="naïve", inchi_key="-666")
    nameless = pert.iloc[[2]].assign(pert_id="-666")
    pert = pd.concat([pert, pert.iloc[[0]], contradicting, nameless]).fillna("-666")
    write_text(pert, folder / f"{PREFIX}pert_info.txt.gz")

    lineages = biology.cells["lineage"].to_numpy(dtype=object)
    cells = pd.DataFrame({"cell_id": LINES, "cell_type": "cell line", "base_cell_id": LINES})
    cells["primary_site"] = np.where(np.arange(CELLS) % 9 == 8, "-666", lineages)
    cells["original_source_vendor"] = "Société µ"
    write_text(cells, folder / f"{PREFIX}cell_info.txt.gz")


def write_text(table: pd.DataFrame, path: Path) -> None:
    """Write a table as GEO does: tabs, no quotes, Latin-1, gzip."""
    rows = ["\t".join(map(str, row)) for row in table.itertuples(index=False)]
    text = "\n".join(["\t".join(table.columns), *rows, ""])
    path.write_bytes(gzip.compress(text.encode("latin-1", "replace"), 6))
