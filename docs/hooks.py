"""What mkdocs does beside what it does of itself, see `lacuna.project.site`."""

from pathlib import Path

from mkdocs.structure.files import File

from lacuna.completion.registry import card
from lacuna.project.site import (
    below,
    generated,
    library_entries,
    link_methods,
    method_pages,
    relink,
    source_of,
    unlisted,
)


def on_config(config):
    """Put the pages of methods below the page about methods, and pages nobody placed last."""
    methods = [{card(name).label: page} for name, page in method_pages().items()]
    below(config.nav, "Methods").extend(methods)
    pages = [path.name for path in sorted(Path(config.docs_dir).glob("*.md"))]
    below(config.nav, "Stages").extend(unlisted(config.nav, pages))
    return config


def on_files(files, config):
    """Take in the pages that do not lie below docs/."""
    for page, text in generated(_root(config)).items():
        files.append(File.generated(config, page, content=text))
    return files


def on_page_markdown(markdown, page, config, files):
    """Lead the repository's links to pages of the site."""
    root = _root(config)
    if page.file.src_uri == "methods.md":
        markdown = link_methods(markdown)
    if page.file.src_uri == "api.md":
        markdown += library_entries()
    return relink(markdown, source_of(page.file.src_uri), lambda path: (root / path).exists())


def _root(config):
    return Path(config.config_file_path).parent
