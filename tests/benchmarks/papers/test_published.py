"""Every declared number, rank and bold type is the published one, cell by cell."""

import re
from decimal import Decimal

import published
import pytest

from benchmarks.declare.table import Table
from benchmarks.papers.tables import TABLES
from benchmarks.report.markdown import printed_markdown
from benchmarks.report.markdown_reader import parse_markdown

PRINTED = [name for name in TABLES if name != "calibration"]


def words(text):
    """A label without LaTeX, citations and spaces: `$L1 (\\lambda = 0.01)$` -> `l1(=0.01)`."""
    text = re.sub(r"\\mathcal|\\lambda|\\times|<sub>|</sub>|\[\d+\]|λ|[${}\\ ]", "", text)
    return text.replace("L_1", "L1").lower()


def test_every_transcription_is_declared_and_the_other_way_round():
    files = {path.stem for path in published.PUBLISHED.glob("*.csv")}
    assert {file for file, _ in published.TABLES.values()} == files
    assert len(files) == 27
    assert set(PRINTED) == set(published.TABLES)


@pytest.mark.parametrize("name", PRINTED)
def test_declared_table_is_the_published_one(name):
    _, golden = published.TABLES[name]
    declared = [
        [(c.paper, c.paper_rank, c.paper_bold, c.paper_mark) for c in row.cells]
        for row in TABLES[name].printed().rows
    ]
    assert declared == [[tuple(cell) for cell in line] for line in golden]


def laid_out(golden, layout):
    """The published cells as the paper lays the table out, line by line."""
    if layout == "transposed":
        return [list(line) for line in zip(*golden, strict=True)]
    if layout == "paired":
        pairs = zip(golden[::2], golden[1::2], strict=True)
        return [[cell for pair in zip(*two, strict=True) for cell in pair] for two in pairs]
    return golden


@pytest.mark.parametrize("name", PRINTED)
def test_markdown_of_the_papers_table_reads_back_as_published(name):
    """What `--paper NAME --format md` prints, in the paper's layout."""
    _, golden = published.TABLES[name]
    grid = TABLES[name].printed()
    (table,) = parse_markdown(printed_markdown(grid)).values()
    read = [[(c.number, c.rank, c.bold, c.mark) for c in line] for line in table.cells]
    assert read == [
        [(None if c.text == "-" else Decimal(c.text), *c[1:]) for c in line]
        for line in laid_out(golden, grid.layout)
    ]


def test_nothing_of_the_transcriptions_is_left_over():
    rows = sum(len(published.read(file)) for file, _ in published.TABLES.values())
    ranked = sum(c.rank is not None for _, t in published.TABLES.values() for r in t for c in r)
    assert rows == 222
    assert ranked == 126 + 126 + 56 + 36


@pytest.mark.parametrize("name", ["d2sm_table1", "d2sm_table2", "d2sm_table4"])
def test_labels_are_the_papers(name):
    records = published.read(name)
    key = "method_printed" if name == "d2sm_table4" else "objective_printed"
    labels = [words(row.label) for _, row in TABLES[name].rows()]
    assert labels == [words(record[key]).replace("l1", "l_1") for record in records] or labels == [
        words(record[key]) for record in records
    ]


@pytest.mark.parametrize(
    ("name", "file"),
    [("pdl_table2", "pdl_v2_tableII"), ("pdl_v1_table1", "pdl_v1_table1")]
    + [(f"pdl_v1_table{i}", f"pdl_v1_table{i}") for i in (3, 5, 6)],
)
def test_losses_and_weights_are_the_papers(name, file):
    declared = [(words(group), row.label) for group, row in TABLES[name].rows()]
    golden = [(words(rec["loss"]), rec["lambda"]) for rec in published.read(file)]
    assert declared == golden


def test_projections_and_weights_are_the_papers():
    table = TABLES["pdl_v1_table7"]
    assert isinstance(table, Table)
    declared = [(group, row.label) for group, row in table.rows()]
    golden = [
        (rec["scheme"], rec["lambda"])
        if rec["factor"] in ("", "1") and rec["scheme"] != "RSP"
        else (rec["scheme"], f"{rec['factor']}x {rec['lambda']}")
        for rec in published.read("pdl_v1_table7")
    ]
    assert declared == golden


@pytest.mark.parametrize(
    ("name", "key"), [("stft_table1a", "model"), ("stft_table1b", "model"), ("stft_table2", "q")]
)
def test_pairs_belong_to_the_papers_networks(name, key):
    groups = list(TABLES[name].groups)
    for group, record in zip(groups, published.read(name), strict=True):
        assert record[key] in group
        assert record.get("params", "") in group


def test_noise_levels_belong_to_the_papers_networks():
    groups = list(TABLES["stft_table1c"].groups)
    records = published.read("stft_table1c")
    assert groups == [f"{record['model']} sigma={record['sigma']}" for record in records]


def test_methods_of_dehazing_are_the_papers():
    record = published.read("d2sm_table3")[0]
    methods = [key.split(" [")[0] for key in record if f"{key}_rank" in record]
    assert list(TABLES["d2sm_table3"].groups) == methods
