"""Mistakes that strangers made with data of their own: what each does to a series without one."""

import shutil

import numpy as np
import pandas as pd
from own_data import (
    FILES,
    LEVEL5,
    change_matrix,
    change_table,
    read,
    write_matrix,
    write_plates,
    write_signatures,
)
from wells import write_text


def where(test, value):
    """Replace a column's values that a test picks."""
    return lambda old: old.mask(test(old), value(old) if callable(value) else value)


def treated(old):
    return old.ne("-666")


def like_named(data):
    two = write_plates(data.parent / "two", cells=("VCAP", "MCF7"))
    series = {"series": {"mine": FILES, "other": FILES}, "mirror": [str(data), str(two)]}
    return {"acquire": series}


def level3_as_level5(data):
    wells = read(data / FILES["inst_info"]).rename(columns={"inst_id": "sig_id"})
    write_text(wells, data / "signatures.txt")
    files = {"level5": FILES["level3"], "sig_info": "signatures.txt"}
    return {"files": files, "evaluation": {"splits": {"plates": {"sizes": []}}}}


def linear(data):
    change_matrix(data, lambda values: 2**values)


def minus_666(data):
    def change(values):
        values[:10] = -666
        return values

    change_matrix(data, change)


def zeros(data):
    def change(values):
        values[3:5, 7] = 0
        return values

    change_matrix(data, change)


def z_scores(data):
    change_matrix(data, lambda values: (values - values.mean(axis=0)) / values.std(axis=0))


def unit_rows(data):
    def change(values):
        values = values - values.mean(axis=0)
        return values / np.linalg.norm(values, axis=1, keepdims=True)

    change_matrix(data, change)


def log_doses(data):
    change_table(data, "inst_info", pert_dose=where(treated, _halves))


def _halves(old):
    return pd.Series(np.where(np.arange(len(old)) % 2, "-1.5", "1"), old.index)


def minutes(data):
    change_table(data, "inst_info", pert_time="360", pert_time_unit="min")


def minutes_called_hours(data):
    change_table(data, "inst_info", pert_time="360")


def some_weeks(data):
    def change(old):
        return old.mask(treated(old) & (np.arange(len(old)) % 3 == 0), "weeks")

    change_table(data, "inst_info", pert_time_unit=change)


def unknown_unit(data):
    change_table(data, "inst_info", pert_dose_unit=where(treated, "mg/mL"))


def some_unknown_units(data):
    def change(old):
        return old.mask(treated(old) & (np.arange(len(old)) % 3 == 0), "ng/mL")

    change_table(data, "inst_info", pert_dose_unit=change)


def decimal_comma(data):
    change_table(data, "inst_info", pert_dose=where(treated, "3,33"))


def own_types(data):
    names = {"trt_cp": "compound", "ctl_vehicle": "DMSO"}
    change_table(data, "inst_info", pert_type=lambda old: old.map(names))


def plates_named_rep(data):
    change_table(data, "inst_info", rna_plate=lambda old: old.str.replace("_X", "_rep"))


def replicates_on_one_plate(data):
    change_table(data, "inst_info", rna_plate=lambda old: old.str.replace("_X2", "_X1"))


def no_vehicles(data):
    change_table(data, "inst_info", pert_type="trt_cp", pert_dose="10", pert_dose_unit="um")


def text_as_matrix(data):
    (data / FILES["level3"]).write_text("id\tA\tB\n100\t1\t2\n")


def gct(data):
    (data / FILES["level3"]).write_text("#1.3\n1\t2\t0\t0\nid\tA\tB\n100\t1\t2\n")


def cut_short(data):
    path = data / FILES["level3"]
    path.write_bytes(path.read_bytes()[:3000])


def probes(data):
    change_matrix(data, rows=lambda gene: f"{gene}_at")


def symbols(data):
    change_matrix(data, rows=lambda gene: f"SYMBOL{gene}")


def other_wells(data):
    change_table(data, "inst_info", inst_id=lambda old: "OTHER_" + old)


def lower_case(data):
    change_table(data, "inst_info", inst_id=lambda old: old.str.lower())


def failed_wells(data):
    wells = read(data / FILES["inst_info"])
    write_text(pd.concat([wells, wells[-3:].assign(inst_id=["a", "b", "c"])]), data / "wells.txt")


def transposed(data):
    wells, genes = read(data / FILES["inst_info"]), read(data / FILES["gene_info"])
    values = np.full((len(genes), len(wells)), 8.0, np.float32)
    write_matrix(data / FILES["level3"], values, wells["inst_id"], genes["pr_gene_id"])


def level5_as_level3(data):
    write_signatures(data)
    files = {**FILES, "level3": LEVEL5["level5"], "inst_info": LEVEL5["sig_info"]}
    return {"files": files}


def swapped(data):
    files = {**FILES, "pert_info": FILES["gene_info"], "gene_info": FILES["pert_info"]}
    return {"files": files}


def csv(data):
    read(data / FILES["inst_info"]).to_csv(data / FILES["inst_info"], index=False)


def utf_16(data):
    path = data / FILES["inst_info"]
    path.write_bytes(path.read_text().encode("utf-16"))


def nan(data):
    def change(values):
        values[5, 5] = np.nan
        return values

    change_matrix(data, change)


def no_cells(data):
    write_text(read(data / FILES["inst_info"]).drop(columns="cell_id"), data / FILES["inst_info"])


def misspelt_mirror(data):
    return {"acquire": {"mirror": str(data.parent / "dat")}}


def missing_file(data):
    (data / FILES["gene_info"]).unlink()


def one_cell(data):
    shutil.rmtree(data)
    write_plates(data, cells=("A375",))


def one_drug(data):
    wells = read(data / FILES["inst_info"])
    kept = wells[wells["pert_id"].isin(["DMSO", "BRD-03"])]
    write_text(kept, data / FILES["inst_info"])
    values = np.random.default_rng(0).uniform(4, 14, (len(kept), 30)).astype(np.float32)
    write_matrix(data / "plates.gctx", values, read(data / "genes.txt")["pr_gene_id"], kept.inst_id)
    return {"tensor": {"unreplicated": "drop"}}


def paper_thresholds(data):
    return {"tensor": {"max_p_value": 0.1, "unreplicated": "drop", "min_cells_per_drug": 3}}


def densities(data):
    return {"evaluation": {"density": {"percents": [10, 20]}}}


def default_splits(data):
    return {"evaluation": {"splits": {"drugs": {"folds": 40}, "cells": {"folds": 5}}}}
