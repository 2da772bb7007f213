"""See how the latent states of held-out drugs lie, by drug and by cell."""

from lacuna.cell_to_cell.latent_states import correlation_table, measure_agreement, state_table
from lacuna.cell_to_cell.study import TEST
from lacuna.completion.methods.deepcellstate import DeepCellState
from lacuna.evaluation.correlation import profile_pearson
from lacuna.io.tsv import write_table
from lacuna.runtime.job import job
from lacuna.runtime.seeds import generator
from lacuna.tensor.joined import read_of_profiles
from lacuna.tensor.profiles import ProfileSet

with job(snakemake):
    tensor = ProfileSet.load(snakemake.input.tensor)
    part = read_of_profiles(tensor, snakemake.input.division, "part")
    test = tensor.take(part == TEST)
    model = DeepCellState.load(snakemake.input.model, snakemake.params.device, tensor)
    rng = generator(snakemake.params.seed, "map_states")
    pearson = profile_pearson(test.profiles, model.predict(test, test.pairs, rng).profiles)
    spaces = {"input": test.profiles, "latent": model.encode(test.profiles)}
    write_table(state_table(test, spaces, pearson, rng), snakemake.output.states)
    write_table(correlation_table(test, spaces, rng), snakemake.output.correlation)
    agreement = measure_agreement(test, spaces, rng)
    print(agreement.to_string(index=False))
    write_table(agreement, snakemake.output.agreement)
