"""Simulated transcriptomes, small enough for tests."""

from lacuna.simulation import rnaseq

SIZE = {"genes": 1300, "drugs": 12, "cells": 6, "mechanisms": 4, "atlas": 60} | {
    **{"studies": 6, "samples_per_study": 20, "pair_donors": 16, "donors_per_decade": 5}
}


def simulated(**changed: object) -> rnaseq.Transcriptome:
    """Simulate a transcriptome with some of its arguments changed."""
    return rnaseq.simulate_transcriptome(**{"seed": 5, **SIZE, **changed})
