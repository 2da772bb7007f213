"""Pages of the report, as HTML files that stand alone."""

from pathlib import Path

import pandas as pd
from jinja2 import Environment

from lacuna.io.atomic import write_whole

PAGE = Environment(autoescape=True).from_string("""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{{ title }}</title><style>
body { font-family: sans-serif; margin: 1.5em; color: #222; }
table { border-collapse: collapse; margin: 1em 0; }
table { font-size: 85%; white-space: nowrap; }
th { white-space: normal; }
th, td { padding: .35em .8em; border-bottom: 1px solid #ccc; text-align: right; }
th { border-bottom: 2px solid #444; vertical-align: bottom; }
th:first-child, td:first-child { text-align: left; }
p { max-width: 50em; line-height: 1.4; }
</style></head><body><h1>{{ title }}</h1>
{% for paragraph in paragraphs %}<p>{{ paragraph }}</p>
{% endfor %}{% for heading, table in sections %}<h2>{{ heading }}</h2>
{{ table | safe }}
{% endfor %}</body></html>
""")


def write_page(
    path: str | Path,
    title: str,
    paragraphs: list[str],
    sections: list[tuple[str, pd.DataFrame]],
) -> None:
    """Write an HTML page of some paragraphs and some tables, each under its heading."""
    tables = [(heading, table.to_html(index=False, border=0)) for heading, table in sections]
    with write_whole(path) as unfinished:
        page = PAGE.render(title=title, paragraphs=paragraphs, sections=tables)
        unfinished.write_text(page, encoding="utf-8")
