"""The page of queries: the structure that was it, and those that were found, drawn."""

from collections.abc import Sequence

import pandas as pd
from jinja2 import Environment

from lacuna.io.atomic import write_whole
from lacuna.io.tsv import read_table
from lacuna.retrieval.tables import label_of

WIDTH, HEIGHT = 190, 130  # pixels of a structure
MOST_PAIRS = 12  # of equal fingerprints that are drawn

PAGE = Environment(autoescape=True).from_string("""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ data }}: queries</title><style>
body { font-family: sans-serif; margin: 1.5em; color: #222; }
p { max-width: 50em; line-height: 1.4; }
</style></head><body>
<main id="main">
<style>
.row { display: flex; flex-wrap: wrap; gap: .6em; margin-bottom: 1.6em; }
.one { border: 1px solid #ccc; padding: .4em; font-size: 78%; width: 200px; max-width: 100%; }
.right { border: 2px solid #26456e; }
</style>
<h1>{{ data }}: queries and the structures that they find</h1>
<p>Queries of {{ row }}, evenly from the best found to the worst: none is picked for looking well.
First stands the compound that it was, then the nearest of the library; a hit has a dark frame.</p>
{% for query in queries %}<h2>{{ query.name }} ({{ query.cell }}): rank {{ query.rank }} of
{{ query.library }}</h2><div class="row">
{% for one in query.shown %}<div class="one{{ ' right' if one.right }}">
{{ one.drawing | safe }}<br>{{ one.said }}<br>{{ one.drug }}</div>
{% endfor %}</div>{% endfor %}
<h2>Different molecules, equal fingerprints</h2>
<p>{{ pairs_said }}</p>{% for pair in pairs %}<div class="row">
{% for one in pair %}<div class="one">{{ one.drawing | safe }}<br>{{ one.said }}<br>
{{ one.drug }}</div>{% endfor %}</div>{% endfor %}
</main>
</body></html>
""")


def draw_structure(smiles: str) -> str:
    """Return a structure as SVG; nothing where it cannot be drawn."""
    from rdkit import Chem  # takes a second
    from rdkit.Chem.Draw import rdMolDraw2D
    from rdkit.rdBase import BlockLogs

    with BlockLogs():
        molecule = Chem.MolFromSmiles(smiles)
        if molecule is None:
            return ""
        drawer = rdMolDraw2D.MolDraw2DSVG(WIDTH, HEIGHT)
        rdMolDraw2D.PrepareAndDrawMolecule(drawer, molecule)
        drawer.FinishDrawing()
    text = drawer.GetDrawingText()
    return text[text.index("<svg") :]


def show_examples(
    examples: Sequence[str], fingerprints: Sequence[str], output: str, data: str
) -> None:
    """Write the page.

    Parameters
    ----------
    examples, fingerprints
        Tables of all folds, see `lacuna.retrieval.rank_jobs`.
    output
        The page.
    data
        What data this is.
    """
    table = pd.concat(map(read_table, examples), ignore_index=True)
    twins = pd.concat(map(read_table, fingerprints), ignore_index=True)
    row = ", ".join(map(label_of, str(table["row"].iloc[0]).split(" / ")))
    queries = [_query(rows) for _, rows in table.groupby(["fold", "name"], sort=False)]
    pairs = [
        [_one(pair.test_smiles, "test", pair.test), _one(pair.training_smiles, "training",
         pair.training)]
        for pair in twins.head(MOST_PAIRS).itertuples()
    ]  # fmt: skip
    said = (
        f"{twins['test'].nunique()} test molecules have the fingerprint of a different training "
        f"molecule; {len(pairs)} of {len(twins)} pairs are drawn."
    )
    with write_whole(output) as unfinished:
        page = PAGE.render(data=data, row=row, queries=queries, pairs=pairs, pairs_said=said)
        unfinished.write_text(page, encoding="utf-8")


def _query(rows: pd.DataFrame) -> dict[str, object]:
    first = rows.iloc[0]
    shown = [_one(first["smiles"], "it was", first["drug"])]
    for found in rows.itertuples():
        one = _one(found.found_smiles, f"place {found.place}, {found.distance:.2f}", found.found)
        shown.append(one | {"right": found.found == found.drug})
    rank = f"{first['rank']:g}"
    return {
        "name": first["name"],
        "cell": first["cell"],
        "rank": rank,
        "library": first["library"],
        "shown": shown,
    }


def _one(smiles: object, said: str, drug: object) -> dict[str, object]:
    return {"drawing": draw_structure(str(smiles)), "said": said, "drug": drug, "right": False}
