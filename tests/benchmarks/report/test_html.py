"""The HTML page holds the same numbers as the grid, is whole in itself, and runs nothing."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from markdown_reader import parse_markdown

from benchmarks.grid.choice import LedgerEntry
from benchmarks.grid.model import Cell
from benchmarks.report.html import page, printed_page
from benchmarks.report.markdown import markdown

VOID = {"meta", "img", "br", "link"}


@dataclass
class Element:
    tag: str
    attributes: dict[str, str]
    children: list[Element | str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "".join(c if isinstance(c, str) else c.text for c in self.children)

    def all(self, *tags: str) -> list[Element]:
        """The descendants of these kinds, in order."""
        found: list[Element] = []
        for child in self.children:
            if isinstance(child, Element):
                found += ([child] if child.tag in tags else []) + child.all(*tags)
        return found

    def span(self, name: str) -> int:
        return int(self.attributes.get(name, "1"))


class Tree(HTMLParser):
    """Refuses a page whose elements are not closed in the order in which they were opened."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element("", {})
        self.open = [self.root]
        self.feed(text)
        self.close()
        assert self.open == [self.root], f"not closed: {self.open[-1].tag}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        assert len(element.attributes) == len(attrs), f"an attribute twice in {tag}"
        self.open[-1].children.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop().tag == tag

    def handle_data(self, data: str) -> None:
        self.open[-1].children.append(data)


def lines(part: list[Element]) -> list[list[Element]]:
    """The cell at each place of some rows; spans fill their places, none is filled twice."""
    places: dict[tuple[int, int], Element] = {}
    for r, row in enumerate(part):
        c = 0
        for cell in row.all("td", "th"):
            while (r, c) in places:
                c += 1
            for i in range(cell.span("rowspan")):
                for k in range(cell.span("colspan")):
                    assert (r + i, c + k) not in places
                    places[r + i, c + k] = cell
    width = 1 + max(c for _, c in places)
    assert len(places) == len(part) * width, "the table is not a rectangle"
    return [[places[r, c] for c in range(width)] for r in range(len(part))]


@dataclass
class Table:
    header: list[list[Element]]
    body: list[list[Element]]
    groups: list[int]

    @property
    def labels(self) -> int:
        return sum("label" in cell.attributes.get("class", "").split() for cell in self.body[0])


def read_tables(text: str) -> list[Table]:
    found = []
    for table in Tree(text).root.all("table"):
        (head,), bodies = table.all("thead"), table.all("tbody")
        body = [line for part in bodies for line in lines(part.all("tr"))]
        groups = [len(part.all("tr")) for part in bodies]
        found.append(Table(lines(head.all("tr")), body, groups))
    return found


@pytest.mark.parametrize("name", ["table1", "table2", "table3", "table4", "stft_table1a"])
def test_printed_table_reads_back_as_printed(name: str, request: pytest.FixtureRequest) -> None:
    printed = request.getfixturevalue(name)
    (table,) = read_tables(printed_page(printed.grid))
    for r, row in enumerate(printed.grid.rows):
        for c, cell in enumerate(row.cells):
            line, position = printed.at(r, c)
            read = table.body[line][table.labels + position]
            rank = printed.ranks.get((r, c))
            raised = (f"({rank})" if rank else "") + cell.paper_mark
            assert read.text == (cell.paper or "-") + raised
            assert [sup.text for sup in read.all("sup")] == ([raised] if raised else [])
            bold = [b.text for b in read.all("b")]
            assert bold == ([cell.paper] if (r, c) in printed.bold else [])


def test_headings_stand_over_their_columns(table1: Any, table3: Any, stft_table1a: Any) -> None:
    (table,) = read_tables(printed_page(table1.grid))
    assert [[cell.text for cell in line[:6]] for line in table.header] == [
        ["Method (backbone)", "Objective", "σ=25", "σ=25", "σ=25", "σ=35"],
        ["Method (backbone)", "Objective", "PSNR ↑", "SSIM ↑", "MIoU ↑", "PSNR ↑"],
    ]
    assert table.header[0][2] is table.header[0][4]
    assert len({id(cell) for cell in table.header[0]}) == 2 + 3
    (table,) = read_tables(printed_page(table3.grid))
    assert len(table.header) == 1
    (table,) = read_tables(printed_page(stft_table1a.grid))
    assert [line[1].text for line in table.header] == ["Set5", "PSNR ↑", "L_pixel"]
    assert [line[2].text for line in table.header] == ["Set5", "PSNR ↑", "+ L_feat"]
    assert table.header[1][1] is table.header[1][2] is not table.header[1][3]


def test_equal_lowest_headings_are_not_merged(build: Any) -> None:
    grid = build.grid([[Cell("1"), Cell("2")]])
    (table,) = read_tables(
        printed_page(replace(grid, columns=[replace(c, group="") for c in grid.columns]))
    )
    assert table.header[0][1] is not table.header[0][2]


def test_a_heading_without_a_group_is_as_high_as_two(build: Any) -> None:
    grid = build.grid([[Cell("1"), Cell("2")]])
    columns = [grid.columns[0], replace(grid.columns[1], group="", label="Size")]
    (table,) = read_tables(printed_page(replace(grid, columns=columns)))
    assert [[cell.text for cell in line] for line in table.header] == [
        ["Method (backbone)", "set0", "Size ↑"],
        ["Method (backbone)", "PSNR ↑", "Size ↑"],
    ]


def test_a_method_is_named_once_beside_its_rows(table1: Any) -> None:
    (table,) = read_tables(printed_page(table1.grid))
    assert table.groups == [8, 3, 3]
    assert [line[0].text for line in table.body] == [row.method for row in table1.grid.rows]
    assert table.body[0][0] is table.body[5][0] is not table.body[6][0]
    assert [line[1].text for line in table.body] == [row.label for row in table1.grid.rows]


def test_a_blank_label_is_not_that_of_another_group(build: Any) -> None:
    grid = build.grid([[Cell("1")], [Cell("2")], [Cell("3")]])
    words = [("g", "m", "a"), ("h", "", "b"), ("h", "", "c")]
    rows = [
        replace(row, group=group, method=method, label=label)
        for row, (group, method, label) in zip(grid.rows, words, strict=True)
    ]
    (table,) = read_tables(printed_page(replace(grid, rows=rows)))
    assert table.groups == [1, 2]
    assert [line[0].text for line in table.body] == ["m", "", ""]
    assert [line[1].text for line in table.body] == ["a", "b", "c"]


def test_page_is_a_whole_document(table1: Any) -> None:
    text = printed_page(table1.grid)
    assert text.startswith("<!DOCTYPE html>\n")
    (html,) = (child for child in Tree(text).root.children if isinstance(child, Element))
    assert html.attributes == {"lang": "en"}
    head, body = (child for child in html.children if isinstance(child, Element))
    assert (head.tag, body.tag) == ("head", "body")
    metas = [meta.attributes for meta in head.all("meta")]
    assert metas[0] == {"charset": "utf-8"}
    assert {"name": "viewport", "content": "width=device-width, initial-scale=1"} in metas
    assert [t.text for t in head.all("title")] == [
        "D2SM, Table 1: denoising and segmentation, as printed"
    ]
    assert [h.text for h in body.all("h1")] == ["D2SM, Table 1: denoising and segmentation"]
    (table,) = body.all("table")
    assert all(th.attributes["scope"] == "col" for th in table.all("thead")[0].all("th"))
    for part in table.all("tbody"):
        assert all(th.attributes["scope"] == "row" and th.text for th in part.all("th"))


def full_report(table1: Any, build: Any) -> Any:
    """Every kind of cell and every section."""
    kinds = [
        {"status": "failed", "detail": "RuntimeError: <out>"},
        {"status": "needs", "detail": "FFDNet_color.mat"},
        {"status": "stale", "values": (35.1,)},
        {"status": "ok", "values": (35.0, 35.2), "n_images": 12, "expected_images": 24},
        {"status": "ok", "values": (float("inf"),)},
    ]
    grid = build.measured(table1.grid, 0.0234)
    first = [
        replace(c, **(kinds[i] if i < 5 else {})) for i, c in enumerate(table1.grid.rows[0].cells)
    ]
    rows = [replace(grid.rows[0], cells=first), *grid.rows[1:]]
    cells = [Cell(values=(50.0,), status="ok") for _ in grid.columns]
    return replace(
        grid,
        rows=rows,
        references=[replace(grid.rows[0], method="noisy input", label="", cells=cells)],
        facts=[("steps", "600"), ("device", "<cpu>")],
        ledger=[
            LedgerEntry("assumed", "weight of L_x", "1.0", "no paper prints one"),
            LedgerEntry("paper", "Noisy.sigma", "(0, 75)", "4.1"),
        ],
        notes=["a & b"],
    )  # fmt: skip


def test_report_says_the_same_as_markdown(table1: Any, build: Any) -> None:
    grid = full_report(table1, build)
    tables = parse_markdown(markdown(grid))
    read = read_tables(page(grid, None))
    assert len(read) == len(tables) == 6
    for table, expected in zip(read, tables.values(), strict=True):
        for line, labels, cells in zip(table.body, expected.labels, expected.cells, strict=True):
            words = [" ".join(cell.text.split()) for cell in line]
            assert len(words) == len(labels) + len(cells)
            assert all(
                word in ("", w) for word, w in zip(labels, words[: len(labels)], strict=True)
            )
            for word, cell in zip(words[len(labels) :], cells, strict=True):
                assert word.replace(" ", "") == cell.text.replace(" ", "")
    plain = Tree(page(grid, None)).root
    items = [li.text for li in plain.all("li")]
    assert items[items.index("steps: 600") + 1] == "device: <cpu>"
    assert [h.text for h in plain.all("h2")] == re.findall("^## (.*)", markdown(grid), re.M)


def test_watermark_stands_above_all_numbers(table1: Any, build: Any) -> None:
    grid = build.measured(table1.grid, comparable=False, watermark="smoke: not <comparable>")
    text = page(grid, None)
    assert text.index("smoke: not &lt;comparable&gt;") < text.index("<table")


def test_nothing_that_is_written_becomes_markup(table1: Any, build: Any) -> None:
    evil = '<script>alert(\'1\')</script>" onload="x" <img src=http://a/b> &lt;'
    grid = full_report(table1, build)
    rows = [
        replace(row, group=evil, method=evil, label=evil, note=evil, cells=[
            replace(cell, paper="<u>1</u>", paper_mark="<s>") for cell in row.cells
        ])
        for row in grid.rows
    ]  # fmt: skip
    columns = [replace(column, group=evil, label=evil, metric=evil) for column in grid.columns]
    grid = replace(
        grid, name=evil, source=evil, title=evil, watermark=evil, rows=rows, columns=columns,
        notes=[evil], facts=[(evil, evil)], ledger=[LedgerEntry("cited", evil, evil, evil)],
        ledger_note=evil, headers=(evil, evil),
    )  # fmt: skip
    for text in (page(grid, None), printed_page(grid)):
        root = Tree(text).root
        assert not root.all("script", "img", "u", "s", "link", "iframe", "object")
        names = {name for e in every(root) for name in e.attributes}
        assert not {name for name in names if name.startswith("on") or name in ("src", "href")}
        assert f"{evil}: {evil}" in root.all("h1")[0].text
        assert evil in root.all("table")[0].text


def every(element: Element) -> list[Element]:
    children = [child for child in element.children if isinstance(child, Element)]
    return children + [deeper for child in children for deeper in every(child)]


def test_picture_is_inside_the_page(table1: Any, build: Any, tmp_path: Path) -> None:
    picture = bytes(range(256))
    (tmp_path / "sheet.png").write_bytes(picture)
    grid = build.measured(table1.grid, picture="sheet.png")
    (image,) = Tree(page(grid, tmp_path)).root.all("img")
    kind, _, data = image.attributes["src"].partition(",")
    assert kind == "data:image/png;base64"
    assert base64.b64decode(data, validate=True) == picture
    assert image.attributes["alt"] == "The first test image, σ=50, as every row restores it"
    for folder in (None, tmp_path / "elsewhere"):
        assert "<figure" not in page(grid, folder)


def test_nothing_is_loaded_from_elsewhere(table1: Any, build: Any) -> None:
    text = page(full_report(table1, build), None)
    assert not re.search(r"https?:|url\(|@import|<link|<script", text)
    policy = next(
        meta.attributes["content"]
        for meta in Tree(text).root.all("meta")
        if "http-equiv" in meta.attributes
    )
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
