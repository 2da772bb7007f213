"""A simulated screen with a planted truth, written as GEO would have shipped it.

`biology` plants how drugs act in cells, `screen` measures that on plates, and `write` puts it into
files whose names say that they are simulated. `transcriptome` gives the same drugs and cells a
whole genome, which `rnaseq` measures on two platforms, and `write_rnaseq` writes. `molecules` are
structures that say what they do; `retrieval` screens them, and `write_retrieval` writes.
"""
