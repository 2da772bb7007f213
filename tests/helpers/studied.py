"""A tiny study from cell to cell, its trainings and its scores, for the tests."""

from dataclasses import asdict

import numpy as np
import pandas as pd

from lacuna.cell_to_cell.analyses import ANALYSES, Design
from lacuna.cell_to_cell.questions import train_and_ask
from lacuna.cell_to_cell.study import Study, divide
from lacuna.cell_to_cell.trainings import chances, choose_profiles
from lacuna.cell_to_cell.variations import gather
from lacuna.completion.interface import SideInformation
from lacuna.completion.variants import Variant

NONE_KNOWN = pd.Series(dtype=str)
PLAIN = Variant("mean_2d", "mean_2d", {"cell_weight": 0.3})


def inchi_key(number: int, twin: int = 0) -> str:
    """An InChIKey whose first block tells numbers apart, and the second one twins."""
    letters = f"{chr(65 + number // 26)}{chr(65 + number % 26)}"
    return f"{'A' * 12}{letters}-{'B' * 9}{chr(65 + twin)}-N"


def design_of(network=PLAIN, methods=(PLAIN,), cells=3, added=2, folds=4) -> Design:
    """What settings depend on; a quick method stands for the network."""
    return Design(network, {each.name: each for each in methods}, cells, added, folds)


def studied(tensor, cells=(0, 1, 3), drugs=None) -> Study:
    """A study of some cells, with what a table says of the drugs."""
    return divide(tensor, np.array(cells), 30, np.random.default_rng(0), drugs)


def settings_of(analysis, design=None):
    """The settings of an analysis."""
    return ANALYSES[analysis].settings(design or design_of())


def asked_of(setting, settings=(), added=2, folds=4):
    """A training as its jobs get it."""
    same = [each.asked for each in settings if each.training.name == setting.training.name]
    asked = list(dict.fromkeys([*same, setting.asked]))
    return {**asdict(setting.training), "asked": asked, "added_cells": added, "folds": folds}


def chosen_of(setting, study, mechanisms=NONE_KNOWN, repeat=1, **keys):
    """The profiles of the training of a setting."""
    return choose_profiles(asked_of(setting, **keys), study, chances(2, repeat), mechanisms)


def scores_of(analysis, study, folder, design=None, repeats=1, mechanisms=NONE_KNOWN, **keys):
    """Train and score all settings of an analysis."""
    settings, scores = settings_of(analysis, design), {}
    for setting in settings:
        for repeat in range(1, repeats + 1):
            asked, chance = asked_of(setting, settings, **keys), chances(2, repeat)
            chosen = choose_profiles(asked, study, chance, mechanisms)
            if (setting.training.name, repeat) in scores:
                continue
            _, table = train_and_ask(asked, chosen, study, SideInformation(), chance, folder)
            scores[setting.training.name, repeat] = table
    told = [
        {"name": each.name, "training": each.training.name, "asked": each.asked}
        for each in settings
    ]
    return gather(analysis, told, scores)
