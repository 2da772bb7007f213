"""Filter the signatures of all series and arrange them in the drug x cell grid."""

from lacuna.io.geo import read_cells, read_drugs, read_genes
from lacuna.io.tsv import read_table, write_table
from lacuna.runtime.job import job
from lacuna.signatures.baseline import join_baselines
from lacuna.signatures.signature_set import SignatureSet, common_genes
from lacuna.tensor.build import average_experiments
from lacuna.tensor.filters import add_left_out, filter_experiments
from lacuna.tensor.labels import describe_axes
from lacuna.tensor.substances import add_facts

with job(snakemake):
    series = list(map(SignatureSet.load, snakemake.input.signatures))
    names = snakemake.params.series
    common = common_genes(dict(zip(names, [each.genes for each in series], strict=True)))
    for line in common.lines():
        print(line)
    scale = snakemake.params.scale
    signatures = SignatureSet.concatenate(series, common.genes, scale)
    drug_tables = list(map(read_drugs, snakemake.input.pert_info))
    experiments = add_facts(signatures.table, drug_tables)
    filtered = filter_experiments(experiments, **snakemake.params.filters)
    tensor = average_experiments(filtered.table, signatures, scale)
    axes = describe_axes(
        tensor,
        filtered.table,
        drug_tables=drug_tables,
        gene_tables=map(read_genes, snakemake.input.gene_info),
        cell_tables=map(read_cells, snakemake.input.cell_info),
    )
    for name, table in axes.items():
        write_table(table, snakemake.output[name])
    write_table(common.left_out, snakemake.output.genes_left_out)
    baselines = map(read_table, snakemake.input.baselines)
    write_table(join_baselines(baselines, tensor.cells, tensor.genes), snakemake.output.baseline)
    write_table(filtered.steps, snakemake.output.filters)
    left_out = map(read_table, snakemake.input.left_out)
    dropped = add_left_out(filtered.dropped, left_out, experiments)
    write_table(dropped, snakemake.output.dropped)
    tensor.save(snakemake.output.tensor)
