"""Bring the profiles of a ready-made tensor into the form of our own signatures."""

from lacuna.io.matlab import MatlabTensor
from lacuna.io.tsv import write_table
from lacuna.runtime.job import job
from lacuna.signatures.ready_tensor import count_profiles, import_tensor
from lacuna.signatures.signature_set import SignatureSet

with job(snakemake):
    with MatlabTensor(snakemake.input.tensor) as tensor:
        SignatureSet.save(
            snakemake.output.signatures, import_tensor(tensor, snakemake.params.scale)
        )
    made = SignatureSet.load(snakemake.output.signatures)
    write_table(count_profiles(len(made.table)), snakemake.output.wells)
