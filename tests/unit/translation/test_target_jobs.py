"""Signatures of planted drugs, from wells to tables: what was planted is found, and no more."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from transcriptomes import simulated

from lacuna.errors import LacunaError
from lacuna.io.gmt import write_gmt
from lacuna.io.tsv import read_table, write_table
from lacuna.simulation.parameters import GENES
from lacuna.simulation.write_rnaseq import list_gene_sets
from lacuna.translation import target_jobs
from lacuna.translation.batches import same_drugs
from lacuna.translation.signature_jobs import ORIGINAL, TRANSLATED, Screen, search
from lacuna.translation.target_jobs import OTHER_WELLS, SHUFFLED, ask_targets, open_studies

OUTPUTS = ("bridges", "walks", "library", "studies")
CELLS, DRAWN = 2, 32
STEROIDS = [f"simulated-glucocorticoid-{number}" for number in (1, 2, 3, 4)]


def a_screen(world, profiles, wells):
    """The planted wells of all genes as a perfect translation, and their landmarks as L1000."""
    symbols = world.genes["symbol"].tolist()
    platforms = {
        TRANSLATED: (symbols, profiles.__getitem__),
        ORIGINAL: (symbols[:GENES], lambda at: profiles[at][:, :GENES]),
    }
    table = world.treatments.rename(columns={"pert_id": "drug"})
    twice = table[table["second_id"] != ""].assign(drug=table["second_id"])
    drugs = pd.concat([table, twice], ignore_index=True)[["drug", "name"]].assign(inchi_key=None)
    inferred = set(world.genes.loc[world.genes["landmark"] | world.genes["inferred"], "symbol"])
    return Screen(wells, drugs, same_drugs(drugs), platforms, inferred)


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    """Wells of two lines whose true profiles of all genes are known, and three studies."""
    world = simulated(atlas=0)
    table = world.wells.rename(
        columns={
            **{"inst_id": "well", "rna_plate": "plate", "pert_id": "drug", "pert_iname": "name"},
            **{"pert_type": "type", "cell_id": "cell", "pert_time": "time", "pert_dose": "dose"},
        }
    )
    lines = world.truth.biology.cells["cell_id"].tolist()
    wells = table[table["cell"].isin(lines[:CELLS])].reset_index(drop=True)
    ids = {
        **{row.pert_id: at for at, row in world.treatments.iterrows()},
        **{row.second_id: at for at, row in world.treatments.iterrows() if row.second_id},
    }
    rng = np.random.default_rng(0)
    profiles = rng.normal(8, 0.4, (len(wells), len(world.genes)))
    changes = world.log2_change
    for at, row in wells.iterrows():
        if row["drug"] in ids:
            profiles[at] += 0.7 * changes[ids[row["drug"]], lines.index(row["cell"])]
    folder = tmp_path_factory.mktemp("planted")
    write_gmt(list_gene_sets(world), "simulated", folder / "sets.gmt")
    studied = world.samples["role"] == "steroid"
    write_table(world.samples[studied], folder / "samples.tsv")
    counts = pd.DataFrame(world.counts[studied].T, columns=world.samples.loc[studied, "sample"])
    counts.insert(0, "gene", world.genes["symbol"])
    write_table(counts, folder / "counts.tsv")
    info = world.genes[world.genes["landmark"]]
    info = pd.DataFrame({"pr_gene_id": info["entrez"], "pr_gene_symbol": info["symbol"]})
    write_table(info.assign(pr_is_lm=1), folder / "gene_info.txt")
    return SimpleNamespace(
        world=world, screen=a_screen(world, profiles, wells), folder=folder, wells=wells
    )


def studies(treated="simulated-glucocorticoid-1", control="control"):
    names = [f"simulated-steroid-{number}" for number in (1, 2)]
    return [{"study": name, "treated": treated, "control": control} for name in names]


def ask(planted, asked, folder, screen=None):
    output = {name: str(folder / f"{name}.tsv") for name in OUTPUTS}
    files = {"expression": "counts.tsv", "samples": "samples.tsv"}
    files = {kind: str(planted.folder / file) for kind, file in files.items()}
    rnaseq = [{"name": "simulated", "unit": "counts", **files}]
    with (
        pytest.MonkeyPatch.context() as patch,
        open_studies(rnaseq, None, str(planted.folder / "gene_info.txt")) as sources,
    ):
        patch.setattr(target_jobs, "DRAWS", 200)  # 1,000 take long
        patch.setattr(target_jobs, "draws_of_each", lambda signatures: DRAWN)
        sets = [str(planted.folder / "sets.gmt")]
        ask_targets(screen or planted.screen, asked, sets, sources, "vehicle", 1, output)
    return {name: read_table(path) for name, path in output.items()}


@pytest.fixture(scope="module")
def receptor(planted):
    world = planted.world
    return f"{world.genes['symbol'][world.truth.regulation.receptor]}_receptor"


@pytest.fixture(scope="module")
def none(planted):
    """A drug that is no glucocorticoid."""
    return planted.world.treatments["name"].iloc[0]


@pytest.fixture(scope="module")
def found(planted, receptor, none, tmp_path_factory):
    """All glucocorticoids, and a drug that is none; the first and the last with studies."""
    asked = [{"drug": drug, "set": receptor} for drug in [*STEROIDS, none]]
    for one in (asked[0], asked[-1]):
        one["studies"] = studies()
    return ask(planted, asked, tmp_path_factory.mktemp("found"))


def test_every_glucocorticoid_has_the_planted_targets_and_no_other_drug(found, none):
    bridges = found["bridges"].query("walk == 'unweighted'")
    assert set(bridges["control"]) == {OTHER_WELLS, SHUFFLED}
    assert (bridges["signatures"] == CELLS).all()
    wells = bridges[bridges["control"] == OTHER_WELLS].set_index("drug")
    assert (wells["random_signatures"] == DRAWN * CELLS).all()
    assert (wells["draws"] == 1000).all()
    for drug in STEROIDS:
        # Of the few other drugs of this screen, three are glucocorticoids themselves.
        assert (wells.loc[drug, "p"] < 0.05).all()
        assert (wells.loc[drug, "peak"] > wells.loc[drug, "random_high"]).all()
    assert (wells.loc[none, "p"] > 0.05).all()
    assert set(wells["universe"]) == {"common", "model_only", "all"}
    assert set(wells.query("platform == 'L1000'")["universe"]) == {"common"}


def test_both_controls_are_against_the_same_peaks_and_one_is_drawn(found):
    bridges = found["bridges"]
    key = ["drug", "platform", "method", "set", "universe", "walk"]
    peaks = bridges.groupby(key)["peak"]
    assert (peaks.max() == peaks.min()).all()
    assert (bridges.groupby(key)["control"].nunique() == 2).all()
    assert set(found["walks"]["control"]) == {OTHER_WELLS}
    assert found["walks"].groupby(key)["line"].nunique().eq(21).all()


def test_the_own_set_is_the_first_of_the_library(found, receptor, none):
    library = found["library"].query("walk == 'unweighted'")
    assert (library.groupby(["drug", "platform"])["set"].nunique() > 5).all()
    asked = library[library["asked"].astype(bool)]
    assert set(asked["set"]) == {receptor}
    rank = asked.set_index("drug")["rank"]
    assert (rank[STEROIDS] == 1).all()
    assert (rank[none] > 1).all()
    for _, rows in library.groupby(["drug", "platform"]):
        ordered = rows.sort_values("normalised", ascending=False)["rank"]
        assert ordered.tolist() == list(range(1, len(rows) + 1))


def test_studies_of_the_drug_are_matched_and_not_by_another_drug(found, none):
    table = found["studies"]
    assert set(table["drug"]) == {STEROIDS[0], none}
    mean = table.query("signature == 'mean' and universe == 'model_only'").set_index("drug")
    own, other = (mean.loc[drug].query("metric == 'pearson'") for drug in (STEROIDS[0], none))
    assert (own["p"] < 0.01).all()
    assert (own["value"] > own["random_high"]).all()
    assert (other["value"] < own["value"].min() / 3).all()
    assert (other["p"] > 0.01).all()
    # Each signature has a row, beside their mean.
    rows = table.query("platform == 'translated' and drug == @STEROIDS[0] and method == 'cd'")
    rows = rows.query("metric == 'pearson' and universe == 'all'")
    rows = rows[rows["study"] == "simulated-steroid-1"]
    assert len(rows) == CELLS + 1
    value = rows.set_index("signature")["value"]
    assert value.pop("mean") == pytest.approx(value.mean(), rel=1e-4)
    ceiling = table.query("platform == 'study' and metric == 'pearson' and drug == @STEROIDS[0]")
    assert (ceiling["value"] > 0.2).all()
    assert ceiling["p"].isna().all()


def test_treated_and_control_swapped_is_the_opposite_of_the_drug(planted, receptor, tmp_path):
    swapped = studies("control", "simulated-glucocorticoid-1")[:1]
    asked = [{"drug": STEROIDS[0], "set": receptor, "studies": swapped}]
    table = ask(planted, asked, tmp_path)["studies"]
    pearson = table.query("metric == 'pearson' and signature == 'mean'")
    assert (pearson["value"] < -0.1).all()
    assert (pearson["p"] > 0.95).all()


def test_plates_without_other_drugs_have_shuffled_genes_alone(planted, receptor, tmp_path, capsys):
    drugs = planted.wells["name"].str.lower()
    alone = planted.wells[drugs.isin([STEROIDS[0], "dmso"])]
    profiles = planted.screen.platforms[TRANSLATED][1](np.arange(len(planted.wells)))
    screen = a_screen(planted.world, profiles[alone.index], alone.reset_index(drop=True))
    tables = ask(planted, [{"drug": STEROIDS[0], "set": receptor}], tmp_path, screen)
    for name in ("bridges", "walks"):
        assert set(tables[name]["control"]) == {SHUFFLED}
    assert tables["studies"].empty
    assert "no random signatures" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"drug": "simulated-glucocorticoid"}, "no well got a drug called.*did you mean"),
        ({"set": "SIMG_receptor"}, "no set of genes is called 'SIMG_receptor'"),
        ({"studies": [studies()[0] | {"study": "simulated-steroid"}]}, "study 'simulated-steroid'"),
        ({"studies": studies(treated="steroid")}, "0 samples have the condition 'steroid'"),
    ],
)
def test_what_is_not_there_is_named_before_anything_is_made(
    planted, receptor, tmp_path, change, named
):
    asked = {"drug": STEROIDS[0], "set": receptor, "studies": studies()} | change
    with pytest.raises(LacunaError, match=named):
        ask(planted, [asked], tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.fixture(scope="module")
def searched(planted, tmp_path_factory):
    folder = tmp_path_factory.mktemp("searched")
    output = {
        name: str(folder / file)
        for name, file in {
            "search": "search.parquet",
            **{name: f"{name}.tsv" for name in ("table", "volcano", "knock_downs", "left_out")},
        }.items()
    }
    types = ["trt_cp", "trt_sh", "trt_xpr"]
    shown = planted.world.genes["symbol"].tolist()[:2]
    cell = planted.wells["cell"].iloc[0]
    search(planted.screen, types, "vehicle", shown, [cell], output)
    return SimpleNamespace(**{name: read_table(path) for name, path in list(output.items())[1:]})


def test_a_planted_gene_is_moved_most_by_what_drives_it(planted, searched):
    """The paper's examples (SFRP2, LGI3), on genes whose drugs and knock-downs were planted."""
    targets = planted.world.truth.regulation.targets
    symbols = planted.world.genes["symbol"]
    # Genes that only a model predicts, too.
    for among in (slice(0, GENES), slice(GENES, None)):
        for direction, pick in (("up", np.argmax), ("down", np.argmin)):
            gene = symbols[np.arange(len(symbols))[among][pick(targets[among])]]
            rows = searched.table.query("gene == @gene and direction == @direction")
            for _, listed in rows.groupby("by"):
                assert listed["place"].tolist() == list(range(1, len(listed) + 1))
                best = listed.head(6)["name"].str.lower()
                assert best.isin(STEROIDS).mean() >= 0.6  # of chance, 0.1
            sign = 1 if direction == "up" else -1
            assert (sign * rows.query("by == 'fold_change'")["fold_change"] > 0).all()
    knocks = planted.world.truth.knock_downs
    for at in knocks["target"].head(4):
        gene = symbols[at]
        rows = searched.table.query("gene == @gene and direction == 'down' and by == 'fold_change'")
        assert rows["name"].iloc[0] == gene  # its own knock-down


def test_no_list_is_longer_than_a_hundred_and_disagreement_is_flagged(searched):
    lengths = searched.table.groupby(["gene", "direction", "by"]).size()
    assert lengths.max() <= 100
    assert set(searched.table["by"]) == {"fold_change", "cd", "rank"}
    signs = np.sign(searched.table["fold_change"]) * np.sign(searched.table["cd"])
    assert (searched.table["disagree"].astype(bool) == (signs < 0)).all()
    assert 0 < searched.table["disagree"].astype(bool).mean() < 0.5


def test_the_volcano_has_the_cell_lines_asked_for_and_a_panel_for_each_kind(planted, searched):
    assert set(searched.volcano["cell"]) == {planted.wells["cell"].iloc[0]}
    assert set(searched.volcano["type"]) == {"trt_cp", "trt_sh", "trt_xpr"}
    with pytest.raises(LacunaError, match="cells_shown: no signature is of a cell line 'A-375'"):
        search(planted.screen, ["trt_cp"], "vehicle", [], ["A-375"], {})


def test_a_knocked_down_gene_is_the_most_lowered_of_its_signature(searched):
    downs = searched.knock_downs
    assert (downs["share_after"] < 0.05).all()
    assert downs["share_after"].median() < 0.005
    assert downs["share_before"].isna().any()  # targets that L1000 does not measure
    assert downs["share_after"].notna().all()
