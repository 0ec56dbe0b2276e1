"""The documentation site: `make docs`."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import camgr_tf  # noqa: E402

project = "camgr_tf"
author = "the camgr_tf authors"
copyright = "the camgr_tf authors, Apache License 2.0"
release = camgr_tf.__version__
extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
]
html_theme = "furo"
html_title = f"camgr_tf {release}"
html_static_path = ["_static"]
# The notebooks are committed as they were executed.
nb_execution_mode = "off"
myst_enable_extensions = ["dollarmath", "amsmath", "colon_fence"]
myst_heading_anchors = 3
suppress_warnings = ["myst.xref_missing", "mystnb.unknown_mime_type"]
autodoc_member_order = "bysource"
autodoc_typehints = "none"
napoleon_custom_sections = [
    ("Call arguments", "params_style"),
    ("Output shape", "notes_style"),
    ("Example", "notes_style"),
    ("Reference", "notes_style"),
]
root_doc = "site/index"
exclude_patterns = ["**/.ipynb_checkpoints"]


def fence_to_block(app, what, name, obj, options, lines):
    """Fenced code of a docstring as reStructuredText has it."""
    result, fenced = [], False
    for line in lines:
        mark = line.strip()
        if mark.startswith("```"):
            fenced = not fenced
            if fenced:
                language = mark[3:] or "text"
                result += ["", f".. code-block:: {language}", ""]
            else:
                result.append("")
        else:
            result.append(f"   {line}" if fenced else line)
    lines[:] = result


def setup(app):
    app.connect("autodoc-process-docstring", fence_to_block, priority=100)
