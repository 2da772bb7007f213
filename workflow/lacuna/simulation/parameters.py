"""The constants of the simulator and the names of its files."""

SERIES = "simulated"  # the name of its one series, so of the folder of its files
FILES = {
    "level3": "SIMULATED_Level3.gctx",
    "inst_info": "SIMULATED_inst_info.txt.gz",
    "pert_info": "SIMULATED_pert_info.txt.gz",
    "gene_info": "SIMULATED_gene_info.txt.gz",
    "cell_info": "SIMULATED_cell_info.txt.gz",
}
ANNOTATION = "SIMULATED_annotation.tsv"
TRUTH = "SIMULATED_truth.h5"
GENE_SETS = "SIMULATED_gene_sets.gmt"
# How names of sets begin: what a programme moves up or down, and as many random genes.
PLANTED_SET, CONTROL_SET = "simulated_programme", "simulated_control"
EXTERNAL = {
    "profiles": "SIMULATED_external_profiles.tsv",
    "samples": "SIMULATED_external_samples.tsv",
}
ALL_FILES = (*FILES.values(), ANNOTATION, GENE_SETS, *EXTERNAL.values(), TRUTH)

GENES = 978
PROGRAMMES = 24
GENES_PER_PROGRAMME = 60
PROGRAMMES_PER_CLASS = 3
LINEAGES = ("breast", "prostate", "skin", "lung", "kidney", "colon")
CELLS_PER_LINEAGE = 2
ATC_LETTERS = "ACDGHJLMNR"
GENERATORS = ("clustered", "additive", "low_rank")
FACTORS = 6  # number of factors of the generator low_rank

PLATE_ROWS, PLATE_COLUMNS = 16, 24
VEHICLE_WELLS = 24
DRUGS_PER_PLATE = (PLATE_ROWS * PLATE_COLUMNS - VEHICLE_WELLS) // 2
DOSES = {10.0: 1.0, 0.37: 0.45}  # micromolar: share of the full response
TIMES = {24: 1.0, 6: 0.6}  # hours: share of the full response of a late programme
LOWEST, HIGHEST = 2.4, 15.0  # log2 expression that the platform can measure

INACTIVE_SHARE = 0.35  # of drugs, which change nothing
CELL_SPECIFIC_SHARE = 0.4  # of mechanisms
ANNOTATED_SHARE = 0.7  # of drugs
FAILED_SHARE = 0.02  # of wells, whose genes are shuffled
ODD_SHARE = 0.25  # of drugs, which lack the scaffold of their mechanism
RINGS = (
    *("c1ccc({})cc1", "c1cnc({})cc1", "C1CCN({})CC1", "c1csc({})c1", "c1coc({})c1"),
    *("C1CCC({})CC1", "c1nc({})sc1", "c1ccc2nc({})ccc2c1", "n1ccc({})c1", "c1ncnc({})c1"),
)
LINKERS = ("C(=O)N", "CC", "O", "S(=O)(=O)", "C(=O)", "CN", "OCC", "C=C", "C(C)", "COC")
HEADS = ("C", "CC", "O=C(O)", "FC(F)(F)", "CC(C)", "N#C", "COC", "CC(=O)", "NC(=O)", "OC")
SUBSTITUENTS = ("C", "CC", "C(F)(F)F", "C(C)C", "C#N", "CO", "C(=O)C", "C(N)=O", "CCl", "CCO")
DRUGS_UNDER_TWO_IDS = 1

EXTERNAL_DRUGS, EXTERNAL_CELLS, EXTERNAL_REPLICATES = 15, 2, 3
EXTERNAL_OWN = 0.2  # standard deviation of a drug's own effect on a programme, log2
EXTERNAL_GAIN = 0.5  # standard deviation between genes of log(gain of the platform)
EXTERNAL_NOISE = 0.3  # standard deviation of one replicate, log2
EXTERNAL_MISSING = 0.05  # share of the genes that the platform lacks

# The transcriptome, from which the stage `translation` learns: the same drugs and cells.
PLATFORMS = ("affine", "monotone", "mixing")
TRANSLATION_SERIES = "simulated_translation"
TRANSLATION_FILES = {
    "level3": "SIMULATED_translation_Level3.gctx",
    "inst_info": "SIMULATED_translation_inst_info.txt.gz",
    "pert_info": "SIMULATED_translation_pert_info.txt.gz",
    "gene_info": "SIMULATED_translation_gene_info.txt.gz",
    "cell_info": "SIMULATED_translation_cell_info.txt.gz",
    "pair_level3": "SIMULATED_translation_pairs_Level3.gctx",
    "pair_inst_info": "SIMULATED_translation_pairs_inst_info.txt.gz",
    "pairs": "SIMULATED_translation_pairs.tsv",
    "counts": "SIMULATED_translation_counts.tsv.gz",
    "samples": "SIMULATED_translation_samples.tsv",
    "genes": "SIMULATED_translation_genes.tsv.gz",
    "gene_sets": "SIMULATED_translation_gene_sets.gmt",
    "age_genes": "SIMULATED_translation_age_genes.tsv",
    "truth": "SIMULATED_translation_truth.h5",
}

# The world of the stage `retrieval`: structures that carry what a drug does.
RETRIEVAL_SERIES = "simulated_retrieval"
RETRIEVAL_FILES = {
    "level3": "SIMULATED_retrieval_Level3.gctx",
    "inst_info": "SIMULATED_retrieval_inst_info.txt.gz",
    "pert_info": "SIMULATED_retrieval_pert_info.txt.gz",
    "gene_info": "SIMULATED_retrieval_gene_info.txt.gz",
    "cell_info": "SIMULATED_retrieval_cell_info.txt.gz",
    "annotation": "SIMULATED_retrieval_annotation.tsv",
    "truth": "SIMULATED_retrieval_truth.h5",
}

# The world of the stage `single_cell`: a bulk screen, and single cells of a part of its drugs.
SINGLE_CELL_SERIES = "simulated_single_cell"
SINGLE_CELL_FILES = {
    "level3": "SIMULATED_single_cell_Level3.gctx",
    "inst_info": "SIMULATED_single_cell_inst_info.txt.gz",
    "pert_info": "SIMULATED_single_cell_pert_info.txt.gz",
    "gene_info": "SIMULATED_single_cell_gene_info.txt.gz",
    "cell_info": "SIMULATED_single_cell_cell_info.txt.gz",
    "cells": "SIMULATED_single_cell_cells.h5ad",
    "truth": "SIMULATED_single_cell_truth.h5",
}
# How the cells are described, by the words of `acquire: cells`.
SINGLE_CELL_TARGET = {
    "expression": SINGLE_CELL_FILES["cells"],
    "scale": "counts",
    "layer": None,
    "columns": {
        "drug": "product_name",
        "dose": "dose",
        "line": "cell_type",
        "control": "vehicle",
        "smiles": "SMILES",
        "pathway": "pathway",
    },
    "unit": "nM",
    "control": "Vehicle",
}
