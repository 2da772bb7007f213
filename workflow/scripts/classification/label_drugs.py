"""Say which drugs belong to which ATC class and hit which target, and choose what to predict."""

from lacuna.classification.tasks import make_tasks
from lacuna.io.annotations import annotate_from_files, read_symbols
from lacuna.io.tsv import write_table
from lacuna.runtime.job import job
from lacuna.tensor.joined import read_described
from lacuna.tensor.profiles import ProfileSet

with job(snakemake):
    tensor = ProfileSet.load(snakemake.input.tensor)
    drugs = read_described(tensor, "drugs", snakemake.input.drugs)
    files = {kind: snakemake.input[kind] for kind in snakemake.params.kinds}
    symbols = read_symbols(snakemake.input.gene_info)
    labels, sources = annotate_from_files(drugs, files, symbols)
    in_best_cells = tensor.measured[:, : snakemake.params.cells].any(axis=1)
    tasks, answers = make_tasks(
        labels[in_best_cells], symbols=set(symbols.dropna()), **snakemake.params.tasks
    )
    write_table(labels.assign(in_best_cells=in_best_cells.astype(int)), snakemake.output.labels)
    write_table(sources, snakemake.output.sources)
    write_table(tasks, snakemake.output.tasks)
    write_table(answers.reset_index(), snakemake.output.answers)
