"""How Sphinx builds these pages: Markdown in, one static site out that asks nothing of any other host."""

import studio

project = "Studio"
author = "The Studio authors"
copyright = author
release = studio.__version__
html_title = f"Studio {release}"

extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 4
nitpicky = True
# A block that shows another language (mermaid, a transcript) is shown as it is.
suppress_warnings = ["misc.highlighting_failure"]

html_theme = "furo"
html_show_sourcelink = False
html_show_copyright = False
html_copy_source = False
