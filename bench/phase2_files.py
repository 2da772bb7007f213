"""Files of a made-up GSE70138, and of the shRNA of GSE92742, under GEO's own names and layouts.

For rehearsals of config/deepcellstate-paper.yaml: Level 5 z-scores, sig_info as either phase has
it, drugs under several ids, of one substance or of its salt. Few drugs and cells; the genes are
GEO's 12,328 rows, or less for tests. What drugs and knock-downs do is that of the simulator.
"""

import gzip
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from geo_drugs import made_up
from geo_files import LINES, write_genes, write_text

from lacuna.io.gctx import write_gctx
from lacuna.simulation.biology import Biology, plant_drugs

DRUGS_PHASE, SHRNA_PHASE = "GSE70138_Broad_LINCS_", "GSE92742_Broad_LINCS_"
OF_2017, CELLS_OF = "_2017-03-06", "_2017-04-28"
DRUG_MATRIX = f"{DRUGS_PHASE}Level5_COMPZ_n118050x12328{OF_2017}.gctx.gz"
SHRNA_MATRIX = f"{SHRNA_PHASE}Level5_COMPZ.MODZ_n473647x12328.gctx.gz"
# The seven of the paper, which most drugs are tried in, then others of the 30 of phase 2.
SEVEN = ("MCF7", "PC3", "A375", "HA1E", "HT29", "HELA", "YAPC")
OTHERS = tuple(name for name in LINES if name not in SEVEN)
IN_SEVEN, IN_OTHERS, KNOCKED_IN = 0.9, 0.3, 4  # shares of the drugs; cells of the knock-downs
DOSES, HOURS = (10.0, 3.33, 1.11), (24, 24, 3)
HAIRPINS = 2  # of a gene, beside their consensus
TWINS = 0.1  # share of the drugs that stand under another id, too
STRENGTH, MOST = 2.5, 10.0  # of an effect in z-scores; where Broad cuts them
MECHANISMS = 40


@dataclass(frozen=True)
class Written:
    """What was written: counts of drugs, cells, and signatures of drugs and of knock-downs."""

    drugs: int
    cells: int
    of_drugs: int
    of_genes: int


def write_phase2(folder: Path, drugs: int, cells: int, genes: int, mirror: Path, seed: int):
    """Write both series into a folder.

    Parameters
    ----------
    folder
        Where they go.
    drugs, cells, genes
        How many drugs, cells (7 or more) and knocked-down genes.
    mirror
        Where GEO's gene_info may lie; without it genes are made up.
    seed
        The same one gives the same files.

    Returns
    -------
    Written
    """
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    table = made_up(drugs, [], folder, rng).assign(kind="trt_cp")
    gene_info = write_genes(folder, mirror)
    landmarks = gene_info.loc[gene_info["pr_is_lm"].eq("1"), "pr_gene_symbol"].to_numpy()
    knocked = pd.DataFrame({"name": rng.choice(landmarks, genes, replace=False)})
    knocked["mechanism"] = rng.integers(MECHANISMS, size=genes)
    both = pd.concat([table, knocked.assign(kind="trt_sh")], ignore_index=True)
    both["active"] = rng.random(len(both)) < 0.9
    both["potency"] = np.exp(rng.normal(2.2, 0.3, len(both)))
    names = [*SEVEN, *OTHERS][:cells]
    biology = plant_drugs(both, "clustered", cells, MECHANISMS, rng)
    info = _drug_signatures(table, names, rng)
    _write_matrix(folder / DRUG_MATRIX, info, gene_info, biology, rng)
    _write_sig_info(info, folder / f"{DRUGS_PHASE}sig_info{OF_2017}.txt.gz")
    twins = info.drop_duplicates("pert_id")
    _write_pert_info(table, twins, folder / f"{DRUGS_PHASE}pert_info{OF_2017}.txt.gz", rng)
    lost = _shrna_signatures(knocked, len(table), names[:KNOCKED_IN], rng)
    _write_matrix(folder / SHRNA_MATRIX, lost, gene_info, biology, rng)
    first = lost["pert_idose"].str.partition(" ")[0]
    lost = lost.assign(pert_dose=first, pert_dose_unit="-666", pert_time="96", pert_time_unit="h")
    _write_sig_info(lost, folder / f"{SHRNA_PHASE}sig_info.txt.gz")
    known = lost.drop_duplicates("pert_id")[["pert_id", "pert_iname", "pert_type"]]
    known = known.assign(inchi_key="-666", canonical_smiles="-666")
    write_text(known, folder / f"{SHRNA_PHASE}pert_info.txt.gz")
    lineages = biology.cells["lineage"].to_numpy(dtype=object)
    cell_info = pd.DataFrame({"cell_id": names, "cell_type": "cell line", "primary_site": lineages})
    write_text(cell_info, folder / f"{DRUGS_PHASE}cell_info{CELLS_OF}.txt.gz")
    write_text(cell_info, folder / f"{SHRNA_PHASE}cell_info.txt.gz")
    own = folder / f"{SHRNA_PHASE}gene_info.txt.gz"
    shutil.copyfile(own, folder / f"{DRUGS_PHASE}gene_info{OF_2017}.txt.gz")
    return Written(drugs, cells, len(info), len(lost))


def _drug_signatures(drugs: pd.DataFrame, cells: list[str], rng: np.random.Generator):
    """Lay out the signatures of phase 2; some drugs stand under another id in some of them."""
    share = np.where(np.isin(cells, SEVEN), IN_SEVEN, IN_OTHERS)
    tried = np.argwhere(rng.random((len(drugs), len(cells))) < share)
    rows = [
        (drug, cell, dose, hours)
        for drug, cell in tried
        for dose, hours in zip(DOSES, HOURS, strict=True)
        if rng.random() < 0.8
    ]
    table = pd.DataFrame(rows, columns=["drug", "cell", "dose", "hours"])
    twin = rng.random(len(drugs)) < TWINS
    other = twin[table["drug"]] & (rng.random(len(table)) < 0.5)
    ids = drugs["pert_id"].to_numpy(dtype=object)[table["drug"]]
    names = drugs["name"].to_numpy(dtype=object)[table["drug"]]
    table["pert_id"] = np.where(other, "BRD-A" + pd.Series(ids).str[5:], ids)
    table["pert_iname"] = np.where(other, names + "-salt", names)
    table["pert_type"] = "trt_cp"
    number = np.arange(len(table))
    plate = [f"LJP{n // 300:03d}" for n in number]
    table["cell_id"] = np.array(cells, dtype=object)[table["cell"]]
    table["pert_idose"] = table["dose"].map("{:g} um".format)
    table["pert_itime"] = table["hours"].map("{} h".format)
    table["sig_id"] = [
        f"{of}_{cell}_{hours}H:{n:05d}"
        for of, cell, hours, n in zip(plate, table["cell_id"], table["hours"], number, strict=True)
    ]
    vehicle = table.iloc[: max(len(cells), 5)].assign(
        drug=-1, pert_id="DMSO", pert_iname="DMSO", pert_type="ctl_vehicle", pert_idose="-666"
    )
    vehicle["sig_id"] += "_DMSO"
    return pd.concat([table, vehicle], ignore_index=True)


def _shrna_signatures(
    genes: pd.DataFrame, first: int, cells: list[str], rng: np.random.Generator
) -> pd.DataFrame:
    """Lay out hairpins and their consensus in some cells; a vector as control."""
    rows = []
    for number, name in enumerate(genes["name"]):
        for cell, cell_id in enumerate(cells):
            if rng.random() > IN_SEVEN:
                continue
            ids = [(f"TRCN{number:06d}{hairpin}", "trt_sh") for hairpin in range(HAIRPINS)]
            for pert_id, kind in [*ids, (f"CGS001-{number}", "trt_sh.cgs")]:
                rows.append((first + number, cell, pert_id, name, kind, cell_id))
    columns = ["drug", "cell", "pert_id", "pert_iname", "pert_type", "cell_id"]
    control = [(-1, cell, "EMPTY", "EMPTY", "ctl_vector", name) for cell, name in enumerate(cells)]
    table = pd.DataFrame([*rows, *control], columns=columns)
    table["sig_id"] = [
        f"KDA{number // 300:03d}_{cell}_96H:{pert_id}"
        for number, (cell, pert_id) in enumerate(
            zip(table["cell_id"], table["pert_id"], strict=True)
        )
    ]
    return table.assign(dose=10.0, hours=96, pert_idose="-666", pert_itime="96 h")


def _write_matrix(
    path: Path, info: pd.DataFrame, genes: pd.DataFrame, biology: Biology, rng: np.random.Generator
) -> None:
    """Write z-scores: the effect by dose, and noise that is less in a consensus of hairpins."""
    landmark = genes["pr_is_lm"].eq("1").to_numpy()
    z = rng.standard_normal((len(info), len(genes)), np.float32)
    drug, cell = info["drug"].to_numpy(), info["cell"].to_numpy()
    treated = drug >= 0
    strength = STRENGTH * (info["dose"].to_numpy() / max(DOSES)) ** 0.3
    effect = biology.response[drug[treated], cell[treated]] @ biology.programmes
    z[np.ix_(treated, landmark)] += (strength[treated, None] * effect).astype(np.float32)
    rows = pd.DataFrame(index=genes["pr_gene_id"])
    unpacked = path.with_suffix("")
    columns = pd.DataFrame(index=info["sig_id"])
    write_gctx(unpacked, np.round(np.clip(z, -MOST, MOST), 4), rows, columns)
    with unpacked.open("rb") as plain, gzip.open(path, "wb", compresslevel=1) as packed:
        shutil.copyfileobj(plain, packed, 1 << 22)
    unpacked.unlink()


def _write_sig_info(info: pd.DataFrame, path: Path) -> None:
    ids = info["sig_id"].astype(str)
    table = info.assign(distil_id=ids + "_X1|" + ids + "_X2")
    columns = ["sig_id", "pert_id", "pert_iname", "pert_type", "cell_id"]
    columns += [name for name in ("pert_dose", "pert_dose_unit", "pert_idose") if name in table]
    columns += [name for name in ("pert_time", "pert_time_unit", "pert_itime") if name in table]
    write_text(table[[*columns, "distil_id"]], path)


def _write_pert_info(
    drugs: pd.DataFrame, ids: pd.DataFrame, path: Path, rng: np.random.Generator
) -> None:
    """Write what is known of ids; half of the second ids have the first one's key, half a salt's.

    A salt shares the first block of the key alone.
    """
    table = ids[ids["drug"] >= 0][["pert_id", "pert_iname", "pert_type", "drug"]]
    known = drugs.iloc[table["drug"]]
    key = known["inchi_key"].to_numpy(dtype=object)
    salt = table["pert_id"].str.startswith("BRD-A") & (rng.random(len(table)) < 0.5)
    key = np.where(salt, pd.Series(key).str[:14] + "-UHFFFAOYSA-M", key)
    table = table.assign(inchi_key=key, canonical_smiles=known["smiles"].to_numpy(dtype=object))
    write_text(table.drop(columns="drug").fillna("-666"), path)
