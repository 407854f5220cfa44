"""One page that shows every figure of a folder, so that nobody has to open ten files in turn."""

from __future__ import annotations

from html import escape
from pathlib import Path
from urllib.parse import quote

from poseshift.files import write_text

PAGE = "index.html"

_HEAD = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; color: #1f2328; background: #fff;
       max-width: 70rem; margin: 2rem auto; padding: 0 1rem }}
figure {{ margin: 2.5rem 0 }}
img {{ max-width: 100%; height: auto }}
figcaption, footer {{ color: #6a737d }}
a {{ color: #0072b2 }}
</style>
</head>
<body>
<h1>{title}</h1>
"""


def write_page(folder: Path, title: str) -> None:
    """Write ``index.html`` into a folder: its PNG figures by name, then links to its other files.

    The page refers to its neighbours by name alone, so the folder can be moved, zipped and sent.
    """
    files = sorted(path for path in folder.iterdir() if path.is_file() and path.name != PAGE)
    figures = [path for path in files if path.suffix == ".png"]
    drawn = {path.with_suffix(".svg") for path in figures}
    others = [path for path in files if path not in drawn and path not in figures]
    parts = [_HEAD.format(title=escape(title)), *map(_figure, figures)]
    if others:
        parts.append(f"<footer>{', '.join(map(_link, others))}</footer>\n")
    write_text(folder / PAGE, "".join(parts) + "</body>\n</html>\n")


def _figure(picture: Path) -> str:
    name, vector = escape(picture.stem), picture.with_suffix(".svg")
    svg = f" ({_link(vector)})" if vector.is_file() else ""
    shown = f'<img src="{quote(picture.name)}" alt="{name}">'
    return f"<figure>\n{shown}\n<figcaption>{name}{svg}</figcaption>\n</figure>\n"


def _link(file: Path) -> str:
    return f'<a href="{quote(file.name)}">{escape(file.name)}</a>'
