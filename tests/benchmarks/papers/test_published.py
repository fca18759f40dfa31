"""Every declared number, rank and bold type is the published one, cell by cell."""

import csv
import re
from decimal import Decimal

import published
import pytest
from markdown_reader import parse_markdown

from benchmarks.declare.table import Table
from benchmarks.papers.registry import PAPERS, TABLES
from benchmarks.report.long_csv import printed_csv
from benchmarks.report.markdown import printed_markdown

PRINTED = list(published.TABLES)
TRANSCRIBED = [p for p in PAPERS if any(table.name in published.TABLES for table in p.tables)]


def words(text):
    """A label without LaTeX, citations and spaces: `$L1 (\\lambda = 0.01)$` -> `l1(=0.01)`."""
    text = re.sub(r"\\mathcal|\\lambda|\\times|<sub>|</sub>|\[\d+\]|λ|[${}\\ ]", "", text)
    return text.replace("L_1", "L1").lower()


def test_every_transcription_is_declared_and_the_other_way_round():
    files = {path.stem for path in published.PUBLISHED.glob("*.csv")}
    assert {file for file, _ in published.TABLES.values()} == files
    for paper in TRANSCRIBED:
        numbers = {table.name for table in paper.tables if table.printed().prints_numbers}
        assert numbers <= set(PRINTED), paper.name
    assert set(PRINTED) <= set(TABLES)


@pytest.mark.parametrize("name", PRINTED)
def test_declared_table_is_the_published_one(name):
    _, golden = published.TABLES[name]
    declared = published.cells(TABLES[name].printed())
    assert declared == [[tuple(cell) for cell in line] for line in golden]


@pytest.mark.parametrize("name", PRINTED)
def test_csv_of_the_papers_table_reads_back_as_published(name):
    """What `--paper NAME --format csv` prints."""
    _, golden = published.TABLES[name]
    grid = TABLES[name].printed()
    lines = list(csv.DictReader(printed_csv(grid).splitlines()))
    read = [(line["printed"], line["rank"], line["mark"]) for line in lines]
    assert read == [(c.text, str(c.rank or ""), c.mark) for row in golden for c in row]
    assert {line["bold"] for line in lines} <= ({"0", "1"} if grid.bold_known else {""})


COLUMNS = {
    "d2sm_table1": [f"sigma={s} {m}" for s in (25, 35, 50) for m in ("PSNR", "SSIM", "MIoU")],
    "d2sm_table2": [f"{d} {m}" for d in ("CelebA", "Helen") for m in ("PSNR", "SSIM", "NRMSE")],
    "d2sm_table3": [f"{d} {m}" for d in ("I-HAZE", "O-HAZE") for m in ("PSNR", "SSIM")],
    "d2sm_table4": [f"sigma=25 {m}" for m in ("PSNR", "SSIM", "MIoU")],
    "pdl_table1": ["steps/sec"],
    "pdl_table8": ["PSNR", "MS-SSIM", "LPIPS"],
    "pdl_figure2": ["wd", "kld"],
    "stft_table1a": [f"{d} PSNR" for d in ("Set5", "Set14", "B100", "Urban100")],
    "stft_table1b": ["NYU2 PSNR"],
    "stft_table1c": [f"{d} PSNR" for d in ("Kodak24", "BSD68", "McMaster")],
    "stft_table2": ["Live1 PSNR", "BSD500 val. PSNR"],
    "stft_table3": [f"{d} PSNR" for d in ("Kodak24", "BSD68", "McMaster")],
    **{f"pdl_table{i}": ["PSNR", "MS-SSIM", "LPIPS", "NIQE", "FID"] for i in (2, 4, 6, 7)},
    **{f"pdl_v1_table{i}": ["PSNR", "MS-SSIM", "LPIPS", "Score"] for i in (1, 3, 5, 6, 7)},
}
LOWER_IS_BETTER = {"NRMSE", "LPIPS", "NIQE", "FID"}


@pytest.mark.parametrize("name", COLUMNS)
def test_columns_and_their_directions_are_the_papers(name):
    columns = TABLES[name].printed().columns
    assert [column.name for column in columns] == COLUMNS[name]
    for column in columns:
        neither = column.metric in ("wd", "kld")
        upward = None if neither else column.metric not in LOWER_IS_BETTER
        assert column.higher_is_better is upward, column.name


@pytest.mark.parametrize("name", ["pdl_table3", "pdl_table5", "pdl_v1_table2", "pdl_v1_table4"])
def test_square_tables_name_rows_and_columns_as_the_paper(name):
    file, _ = published.TABLES[name]
    records = published.read(file)
    grid = TABLES[name].printed()
    assert [words(row.key) for row in grid.rows] == [words(rec["row"]) for rec in records]
    names = [words(key).replace("no-perc", "no-perceptual") for key in records[0]][2:]
    assert [words(column.label) for column in grid.columns] == [
        name.replace("no-perceptualeptual", "no-perceptual") for name in names
    ]


def test_rows_of_the_other_tables_are_the_papers():
    grid = TABLES["pdl_table1"].printed()
    record = published.read("pdl_v2_tableI")[0]
    assert [row.key for row in grid.rows] == [k for k in record if k not in ("seed_line", "row")]
    panels = [record["panel"] for record in published.read("pdl_v2_fig2_captions")]
    assert [row.key for row in TABLES["pdl_figure2"].printed().rows] == panels
    stft = [
        words(rec["method"]) + words(rec["network_printed"])
        for rec in published.read("stft_table3")
    ]
    rows = TABLES["stft_table3"].printed().rows
    assert [words(row.group) + words(row.label) for row in rows] == stft
    for file, name in (("IV", "4"), ("VI", "6"), ("VII", "7")):
        losses = [record["loss"] for record in published.read(f"pdl_v2_table{file}")]
        assert [row.group for row in TABLES[f"pdl_table{name}"].printed().rows] == losses


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
    """Every rank of every file is held against a declared one."""
    ranks = [
        value
        for file, _ in published.TABLES.values()
        for record in published.read(file)
        for key, value in record.items()
        if key.endswith("_rank") and value
    ]
    golden = [c.rank for _, t in published.TABLES.values() for row in t for c in row if c.rank]
    assert sorted(map(int, ranks)) == sorted(golden)


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
