"""How Sphinx makes the site of these pages: see adr/0015-docs-site.md."""

from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging

import podpath

_EXTERNAL = "external-links.txt"

project = "podpath"
version = release = podpath.__version__
html_title = f"podpath {release}"
html_theme = "furo"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_copyright = False
# what is typed into a shell is not typography
smartquotes = False
extensions = ["myst_parser"]
# anchors as GitHub makes them, so that a link works there, too
myst_heading_anchors = 3
exclude_patterns = ["_build"]
pygments_style = "friendly"
pygments_dark_style = "monokai"
# tables and console output are not code of any language
highlight_language = "none"


def setup(app: Sphinx) -> None:
    """Have the external links listed: they are looked up by `tox -e links` alone."""
    app.connect("build-finished", _list_external)


def _list_external(app: Sphinx, failure: Exception | None) -> None:
    if failure is not None:
        return
    pages = map(app.env.get_doctree, app.env.found_docs)
    links = {link.get("refuri", "") for page in pages for link in page.findall(nodes.reference)}
    external = sorted(uri for uri in links if uri.startswith(("http:", "https:")))
    path = Path(app.outdir, _EXTERNAL)
    path.write_text("".join(f"{uri}\n" for uri in external))
    logging.getLogger(__name__).info(f"{len(external)} external links, see {path}")
