"""How methods, metrics and classifiers are called in figures and tables."""

METHOD_NAMES = {
    "mean_1d": "1D-Mean",
    "mean_2d": "2D-Mean",
    "additive": "Additive",
    "dnpp": "DNPP",
    "falrtc": "FaLRTC",
    "ntk": "NTK",
    "kernel": "Kernel",
    "blend": "Blend",
    "affine_map": "Affine map",
    "ridge_map": "Ridge map",
    "scgen": "Latent shift (scGen)",
    "dual_gan": "Dual GAN",
    "vae_anchor": "VAE with anchor",
    "deepcellstate": "DeepCellState",
    "truth": "control: truth",
    "zeros": "control: zeros",
    "random": "control: random",
}
METRIC_NAMES = {
    "pct": "PCT",
    "pct_raw": "PCT, as predicted",
    "pct_fold": "PCT, mean over folds",
    "pct_specific": "PCT, cell mean removed",
    "pct_specific_raw": "PCT as predicted, cell mean removed",
    "pct_beyond_drug": "PCT as predicted, drug mean removed",
    "pct_of_ceiling": "PCT, share of the noise ceiling",
    "profile_pearson": "Pearson r per profile",
    "pct_with_input": "PCT, profiles with an input",
    "profile_pearson_with_input": "Pearson r per profile, those with an input",
    "retrieval": "retrieval within the cell",
    "variance_ratio": "variance, predicted / measured",
    "deg_auc_1": "DEG AUC, top 1 %",
    "deg_auc_10": "DEG AUC, top 10 %",
    "deg_auc_signed_1": "signed DEG AUC, top 1 %",
    "deg_auc_signed_10": "signed DEG AUC, top 10 %",
}
SPLIT_NAMES = {
    "profiles": "single profiles",
    "drugs": "whole drugs",
    "elsewhere": "whole drugs, given their profiles in other cells",
    "cells": "whole cells",
    "plates": "groups of linked plates",
}
CLASSIFIER_NAMES = {
    "logistic_regression": "logistic regression",
    "random_forest": "random forest",
    "nearest_neighbours": "nearest neighbours",
}
# What the analyses of predictions from cell to cell vary, and why one may have no setting.
ANALYSIS_NAMES = {
    "methods": "Method",
    "training_drugs": "Share of the training drugs",
    "latent_size": "Size of the latent layer",
    "regularisation": "Regularisation",
    "unseen_cell": "Input from a cell not trained on",
    "families": "Mechanism of action held out",
    "thinned": "Cell that loses 70 % of its training profiles",
}
NO_SETTING = {
    "unseen_cell": "no test drug has a profile in a cell outside of the study",
    "families": "no mechanism is known of five drugs measured in two of the cells",
}


def method_name(method: str) -> str:
    """Return the name to show; a method without one is shown as it is called."""
    return METHOD_NAMES.get(method, method)
