"""Filter the signatures of all series and arrange them in the drug x cell grid."""

from lacuna.io.geo import read_cells, read_drugs, read_genes
from lacuna.io.tsv import read_table, write_table
from lacuna.runtime.script_log import log_script
from lacuna.signatures.baseline import join_baselines
from lacuna.signatures.signature_set import SignatureSet, common_genes
from lacuna.tensor.build import build_tensor
from lacuna.tensor.labels import describe_axes

with log_script(snakemake.log[0]):
    series = list(map(SignatureSet.load, snakemake.input.signatures))
    names = snakemake.params.series
    common = common_genes(dict(zip(names, [each.genes for each in series], strict=True)))
    for line in common.lines():
        print(line)
    signatures = SignatureSet.concatenate(series, common.genes)
    tensor, filters = build_tensor(signatures, **snakemake.params.filters)
    axes = describe_axes(
        tensor,
        signatures,
        drug_tables=map(read_drugs, snakemake.input.pert_info),
        gene_tables=map(read_genes, snakemake.input.gene_info),
        cell_tables=map(read_cells, snakemake.input.cell_info),
    )
    for name, table in axes.items():
        write_table(table, snakemake.output[name])
    write_table(common.left_out, snakemake.output.genes_left_out)
    baselines = map(read_table, snakemake.input.baselines)
    write_table(join_baselines(baselines, tensor.cells, tensor.genes), snakemake.output.baseline)
    write_table(filters, snakemake.output.filters)
    tensor.save(snakemake.output.tensor)
