"""Signatures that are searched for: planted ones are found, and what was not found is said."""

import numpy as np
import pytest
from asked import small_index
from indexed import CLASSES, planted_index

from lacuna.errors import LacunaError
from lacuna.explore.answers_gene import Wanted
from lacuna.explore.answers_similar import query_of_files, query_of_profile, similar_answer
from lacuna.explore.connectivity import search
from lacuna.io.landmarks import landmarks


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    with planted_index(tmp_path_factory.mktemp("index"), drugs=24, cells=4) as opened:
        yield opened


def ask(index, query, asked="it", by="profile", score="weighted", wanted=None, top=5):
    wanted = wanted or Wanted()
    return similar_answer(index, query, asked, by=by, score=score, wanted=wanted, top=top)


def files_of(index, folder, row, size=6):
    """The genes that a profile raises and lowers most, as a user's files."""
    order = np.argsort(-index.unit_profile(row))
    symbols = index.genes["symbol"].to_numpy()
    up, down = folder / "up.txt", folder / "down.txt"
    up.write_text("\n".join([*symbols[order[:size]], "NOSUCH", "NORTHIS"]))
    down.write_text("\n".join(symbols[order[::-1][:size]]))
    return up, down


@pytest.mark.parametrize("score", ["weighted", "cosine"])
def test_drugs_of_the_class_mimic_and_a_turned_query_finds_them_as_reversers(
    index, tmp_path, score
):
    up, down = files_of(index, tmp_path, row=0)
    query, asked = query_of_files(index, up, down, None)
    assert asked == f"{up} and {down}"
    answer = ask(index, query, asked, score=score)
    mimics = answer.tables["mimics"].rows
    assert all(int(drug[1:]) % CLASSES == 0 for drug in mimics["drug"])
    expected = search(index, query, score)[:5]
    assert mimics["score"].tolist() == expected["score"].tolist()
    assert mimics["place"].tolist() == [1, 2, 3, 4, 5]
    turned, _ = query_of_files(index, down, up, None)
    reversers = ask(index, turned, score=score).tables["reversers"].rows
    assert all(int(drug[1:]) % CLASSES == 0 for drug in reversers["drug"])
    assert (reversers["score"].diff().dropna() >= 0).all()
    assert answer.facts["genes_found"] == "12 of 14"
    assert answer.facts["not_among_the_genes_of_the_tensor"] == "'NOSUCH', 'NORTHIS'"


def test_a_table_counts_all_its_genes_and_says_which_the_score_takes(index, tmp_path):
    values = index.unit_profile(0)
    path = tmp_path / "table.tsv"
    lines = [f"{gene}\t{value}" for gene, value in zip(index.genes["gene"], values, strict=True)]
    path.write_text("gene\tlogFC\n" + "\n".join(lines))
    query, _ = query_of_files(index, None, None, path)
    assert query.vector == pytest.approx(values, abs=1e-6)
    answer = ask(index, query)
    assert answer.facts["genes_found"] == (
        "40 of 40; the score takes the 10 highest and the 10 lowest"
    )


def test_a_profile_finds_its_like_but_not_itself(index):
    query, asked = query_of_profile(index, "NAME D0", "C1")
    assert asked == "name d0 (d0) in c1"
    answer = ask(index, query, asked, score="cosine", top=99)
    rows = answer.tables["mimics"].rows
    assert not ((rows["drug"] == "d0") & (rows["cell"] == "c1")).any()
    assert int(rows["drug"][0][1:]) % CLASSES == 0
    assert rows["moa"][0] == "mechanism 0"
    assert "The profile itself is not listed." in answer.notes
    assert answer.facts["searched"] == "95 profiles"


def test_drugs_and_mechanisms_are_summed_up(index):
    query, _ = query_of_profile(index, "d0", "c1")
    drugs = ask(index, query, by="drug").tables["mimics"].rows
    assert all(int(drug[1:]) % CLASSES == 0 for drug in drugs["drug"])
    assert (drugs["ncs"] > 0).all() and drugs["ncs"].is_monotonic_decreasing
    answer = ask(index, query, by="mechanism")
    assert answer.tables["mimics"].rows["moa"][0] == "mechanism 0"
    assert (answer.tables["reversers"].rows["ncs"] < 0).all()


def test_only_wanted_profiles_are_listed(index):
    query, _ = query_of_profile(index, "d0", "c1")
    rows = ask(index, query, wanted=Wanted(("c2",), "predicted"), top=99).tables["mimics"].rows
    assert set(rows["cell"]) == {"c2"} and set(rows["source"]) == {"predicted"}


def test_faults_are_named_with_the_files(index, tmp_path):
    up, _ = files_of(index, tmp_path, row=0)
    with pytest.raises(LacunaError, match=r"up.txt and .*up.txt: .* asked to go up and to go down"):
        query_of_files(index, up, up, None)
    up.write_text("NOSUCH\n")
    with pytest.raises(LacunaError, match=r"up.txt: none of the genes 'NOSUCH' is among the 40"):
        query_of_files(index, up, None, None)
    query, _ = query_of_profile(index, "d0", "c1")
    with pytest.raises(LacunaError, match=r"no score 'cosin' \(did you mean 'cosine'\?\)"):
        ask(index, query, score="cosin")
    index.drugs["moa"], kept = "", index.drugs["moa"]
    with pytest.raises(LacunaError, match="no mechanism has three drugs or more here"):
        ask(index, query, by="mechanism")
    index.drugs["moa"] = kept


def test_genes_count_by_ensembl_ids_too(tmp_path):
    path = tmp_path / "up.txt"
    path.write_text("\n".join(f"{name}.3" for name in landmarks()["ensembl"][:3]))
    query, _ = query_of_files(small_index(), path, None, None)
    assert query.up.tolist() == [0, 1, 2] and not query.not_found
