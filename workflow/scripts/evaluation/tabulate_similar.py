"""Tell which other drug of the tensor is most like each drug, and show those of the heatmaps."""

from lacuna.completion.interface import SideInformation
from lacuna.evaluation.heatmaps import choose_drugs
from lacuna.evaluation.similar_drugs import most_similar_drugs
from lacuna.evaluation.tables import conclude_similar, similar_table
from lacuna.io.tsv import write_table
from lacuna.report.page import write_page
from lacuna.runtime.job import job
from lacuna.tensor.joined import read_described
from lacuna.tensor.profiles import ProfileSet

with job(snakemake):
    tensor = ProfileSet.load(snakemake.input.tensor)
    drugs = read_described(tensor, "drugs", snakemake.input.drugs)
    names = drugs["name"].fillna(drugs["drug"]).to_list()
    smiles = SideInformation.read(tensor, snakemake.input.drugs, snakemake.input.baseline).smiles
    similar = most_similar_drugs(tensor.drugs, names, smiles)
    similar = similar.assign(pert_type=drugs["pert_type"].to_numpy())
    write_table(similar, snakemake.output.table)
    shown, left_out = choose_drugs(tensor, names, snakemake.params.drugs)
    write_page(
        snakemake.output.page,
        f"The most similar drugs: {snakemake.params.data}",
        [conclude_similar(similar), *(f"Not shown: {said}." for said in left_out)],
        [("Drugs of the heatmaps", similar_table(similar.iloc[shown]))],
    )
