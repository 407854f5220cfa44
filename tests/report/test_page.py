"""The page over a folder of figures: every file is on it, and names cannot break out of it."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

from poseshift.report.figure import drawing, figure_folder
from poseshift.report.page import PAGE, write_page


class Seen(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str, name: str) -> list[str]:
        return [unquote(about[name] or "") for kind, about in self.tags if kind == tag]


def test_every_figure_is_shown_and_every_other_file_linked(tmp_path: Path):
    for name in ("b.png", "b.svg", "a.png", "table.csv", "alone.svg"):
        (tmp_path / name).write_text("x")
    write_page(tmp_path, "Bins")
    page = Seen((tmp_path / PAGE).read_text())
    assert page.all("img", "src") == ["a.png", "b.png"]
    assert page.all("a", "href") == ["b.svg", "alone.svg", "table.csv"]
    assert "Bins" in page.text
    write_page(tmp_path, "Bins")  # again: the page does not list itself
    assert PAGE not in Seen((tmp_path / PAGE).read_text()).all("a", "href")


def test_names_stay_names(tmp_path: Path):
    name = '"><script>alert(1)<&#?% ü.png'.replace("/", "")
    (tmp_path / name).write_text("x")
    write_page(tmp_path, "<b>&")
    page = Seen((tmp_path / PAGE).read_text(encoding="utf-8"))
    assert "script" not in [tag for tag, _ in page.tags]
    assert page.all("img", "src") == [name]
    assert page.all("img", "alt") == [name.removesuffix(".png")]
    assert "<b>&" in page.text


def test_a_folder_of_figures_has_its_page(tmp_path: Path):
    with figure_folder(tmp_path / "bins") as partial, drawing(partial / "line", 2, 1) as axes:
        axes.plot([0, 1])
    page = Seen((tmp_path / "bins" / PAGE).read_text())
    shown = page.all("img", "src") + page.all("a", "href")
    assert shown == ["line.png", "line.svg"]
    assert all((tmp_path / "bins" / name).is_file() for name in shown)
