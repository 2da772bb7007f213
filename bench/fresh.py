"""Measure a simulated screen once more: the same biology and instrument, with noise of its own."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
import yaml

from lacuna.io.gctx import Gctx, write_gctx
from lacuna.io.geo import read_drugs, read_genes, read_wells
from lacuna.io.tsv import write_table
from lacuna.project.config import prepare
from lacuna.project.config_schema import overlay
from lacuna.runtime.seeds import generator
from lacuna.signatures.series import make_signatures
from lacuna.signatures.signature_set import EXPERIMENT, SignatureSet
from lacuna.simulation.biology import Biology, plant
from lacuna.simulation.parameters import DRUGS_UNDER_TWO_IDS, FILES, GENES, SERIES
from lacuna.simulation.screen import lay_out_screen, make_second_id, measure_plate
from lacuna.tensor.build import average_experiments
from lacuna.tensor.filters import filter_experiments
from lacuna.tensor.profiles import ProfileSet
from lacuna.tensor.stage import filters as filters_of
from lacuna.tensor.substances import add_facts
from lacuna.vectors import unit_rows

NULL_DRAWS = 2000  # of fresh signatures, for their p-values


def read_config(name: str) -> Mapping[str, Any]:
    """Return the configuration of a simulated run of this repository, by its name."""
    config = yaml.safe_load(Path("config/config.yaml").read_text())
    if name != "demo":
        config = overlay(config, yaml.safe_load(Path(f"config/{name}.yaml").read_text()))
    return prepare(config)


class Screen:
    """A simulated screen of a run, whose tables and tensor are there.

    Parameters
    ----------
    run
        Where its results lie.
    config
        Its configuration.
    """

    def __init__(self, run: Path, config: Mapping[str, Any]):
        self.run, self.config = run, config
        self.acquired = run / "acquire" / SERIES
        planted = config["acquire"]["simulator"]
        names = ("generator", "drugs", "cells", "mechanisms")
        stream = generator(config["seed"], "biology")
        self.biology: Biology = plant(*(planted[name] for name in names), stream)
        self.drug_tables = [read_drugs(self.acquired / FILES["pert_info"])]

    def measured_again(self) -> ProfileSet:
        """Return fresh profiles of the pairs that the run measured, of the same experiments."""
        first = SignatureSet.load(self.run / "signatures" / SERIES / "signatures.h5")
        wells = pd.read_csv(self.acquired / FILES["inst_info"], sep="\t")
        fresh = self._signatures(wells, self._measure(wells))
        assert fresh.table[EXPERIMENT].equals(first.table[EXPERIMENT])
        kept = self._filter(first.table, {})
        return average_experiments(kept, fresh)

    def measured_whole(self, **filters: Any) -> ProfileSet:
        """Return fresh profiles of all drugs in all cells that a compound set is screened in.

        Parameters
        ----------
        **filters
            In place of those of the run.
        """
        covered = replace(self.biology, cells=self.biology.cells.assign(coverage=1.0))
        wells, expression = lay_out_screen(covered, generator(self.config["seed"], "fresh screen"))
        signatures = self._signatures(wells, expression)
        return average_experiments(self._filter(signatures.table, filters), signatures)

    def _filter(self, table: pd.DataFrame, filters: Mapping[str, Any]) -> pd.DataFrame:
        own = filters_of(self.config["tensor"])
        return filter_experiments(add_facts(table, self.drug_tables), **(own | filters)).table

    def _measure(self, wells: pd.DataFrame) -> np.ndarray:
        number = {drug: row for row, drug in enumerate(self.biology.drugs["pert_id"])}
        number |= {make_second_id(drug): drug for drug in range(DRUGS_UNDER_TWO_IDS)}
        cells = {cell: row for row, cell in enumerate(self.biology.cells["cell_id"])}
        seed = self.config["seed"]
        # The instrument is the same: these are the first draws of the screen's own stream.
        factors = unit_rows(generator(seed, "screen").normal(size=(6, GENES))) * np.sqrt(GENES)
        rng = generator(seed, "fresh")
        wells = wells.assign(drug_index=wells["pert_id"].map(number).fillna(-1).astype(int))
        return np.concatenate(
            [
                measure_plate(self.biology, plate, cells[plate["cell_id"].iloc[0]], factors, rng)
                for _, plate in wells.groupby("rna_plate", sort=False)
            ]
        )

    def _signatures(self, wells: pd.DataFrame, expression: np.ndarray) -> SignatureSet:
        genes = read_genes(self.acquired / FILES["gene_info"])["gene"].to_numpy(str)
        settings = self.config["signatures"] | {"null_draws": NULL_DRAWS}
        del settings["pert_types"]  # the simulated screen has compounds alone
        with TemporaryDirectory() as folder:
            table, matrix = Path(folder) / "inst_info.txt", Path(folder) / "fresh.gctx"
            write_table(wells, table)
            columns = pd.DataFrame(index=wells["inst_id"])
            write_gctx(matrix, expression, pd.DataFrame(index=genes), columns)
            with Gctx(matrix) as opened:
                made = make_signatures(
                    opened, read_wells(table), genes, seed=self.config["seed"], **settings
                )
                parts = [each.signatures for each in made if each.signatures is not None]
        return SignatureSet.concatenate(parts, genes)
