"""Captions: Jinja in reStructuredText, rendered as Snakemake renders them for its own report."""

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

from docutils.core import publish_parts
from docutils.utils import SystemMessage
from jinja2 import Environment, StrictUndefined, TemplateError
from markupsafe import Markup

from lacuna.errors import LacunaError

# Nothing is read from files or taken as HTML; a fault of the text stops the report.
SAFE = {
    "file_insertion_enabled": False,
    "raw_enabled": False,
    "_disable_config": True,
    "halt_level": 2,
    "report_level": 5,
    "initial_header_level": 4,
}


def render(text: str, params: Mapping[str, Any], config: Mapping[str, Any], where: str) -> Markup:
    """Return a caption as HTML.

    Parameters
    ----------
    text
        The template; it may name `snakemake.params`, `.config` and `.wildcards.dataset`.
    params
        Of the rule that makes what the caption is of.
    config
        Of the run.
    where
        What the caption is of, for messages.

    Raises
    ------
    LacunaError
        If the template names what is not there, or the text is not reStructuredText.
    """
    given = SimpleNamespace(
        params=dict(params),
        config=config,
        wildcards=SimpleNamespace(dataset=config["dataset"]),
    )
    # As `snakemake --report` sets them.
    environment = Environment(trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined)
    try:
        written = environment.from_string(text).render(snakemake=given)
        parts = publish_parts(written, writer="html5", settings_overrides=SAFE)
    except (TemplateError, SystemMessage) as error:
        raise LacunaError(
            f"the caption of {where} cannot be rendered: {error}. Mend its file below "
            "workflow/report."
        ) from error
    return Markup(parts["body"])
