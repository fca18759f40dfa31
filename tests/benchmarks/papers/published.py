"""The transcriptions in tests/golden/published, read independently of the declarations."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import NamedTuple

PUBLISHED = Path(__file__).parents[2] / "golden" / "published"


class Number(NamedTuple):
    """A cell: the digits as printed, with rank, bold type and asterisk."""

    text: str
    rank: int | None = None
    bold: bool = False
    mark: str = ""


Lines = list[list[Number]]


def read(name: str) -> list[dict[str, str]]:
    with (PUBLISHED / f"{name}.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def number(record: dict[str, str], key: str) -> Number:
    rank = record.get(f"{key}_rank") or ""
    bold = record.get(f"{key}_bold") == "1"
    return Number(record[key], int(rank) if rank else None, bold, record.get(f"{key}_star") or "")


def cells(grid) -> list[list[tuple]]:
    """What a grid prints, to be held against a transcription."""
    return [
        [(c.paper, c.paper_rank, c.paper_bold, c.paper_mark) for c in row.cells]
        for row in grid.rows
    ]


def plain(name: str, *keys: str) -> Lines:
    """A row of the paper per record, a column per key."""
    return [[number(record, key) for key in keys] for record in read(name)]


def paired(name: str, *sets: str) -> Lines:
    """A row without and a row with target features per record, a column per test set."""
    return [
        [number(record, f"{data}_L{loss}") for data in sets]
        for record in read(name)
        for loss in ("pixel", "feat")
    ]


def transposed(name: str) -> Lines:
    """A record per column, a key per row."""
    records = read(name)
    methods = [key for key in records[0] if f"{key}_rank" in records[0]]
    return [[number(record, method) for record in records] for method in methods]


def across(name: str) -> Lines:
    """A single record whose keys are the rows."""
    (record,) = read(name)
    return [[number(record, key)] for key in record if key not in ("seed_line", "row")]


def square(name: str) -> Lines:
    """Fractions of a preference study."""
    keys = [key for key in read(name)[0] if key not in ("seed_line", "row")]
    return plain(name, *keys)


D2SM = [f"{metric}_{sigma}" for sigma in (25, 35, 50) for metric in ("PSNR", "SSIM", "MIoU")]
FACES = [f"{metric}_{data}" for data in ("CelebA", "Helen") for metric in ("PSNR", "SSIM", "NRMSE")]
DIVERGENCES = ("PSNR", "SSIM", "MIoU")
QUALITY = ("PSNR", "MS-SSIM", "LPIPS", "NIQE", "FID")
SCORED = ("PSNR", "MS-SSIM", "LPIPS", "Score")

# The name of each declared table, and its transcription: all 27 files.
TABLES: dict[str, tuple[str, Lines]] = {
    "d2sm_table1": ("d2sm_table1", plain("d2sm_table1", *D2SM)),
    "d2sm_table2": ("d2sm_table2", plain("d2sm_table2", *FACES)),
    "d2sm_table3": ("d2sm_table3", transposed("d2sm_table3")),
    "d2sm_table4": ("d2sm_table4", plain("d2sm_table4", *DIVERGENCES)),
    "d2sm_poster_table1": ("d2sm_poster_table1", plain("d2sm_poster_table1", *D2SM)),
    "d2sm_poster_table2": ("d2sm_poster_table2", plain("d2sm_poster_table2", *DIVERGENCES)),
    "pdl_table1": ("pdl_v2_tableI", across("pdl_v2_tableI")),
    "pdl_table2": ("pdl_v2_tableII", plain("pdl_v2_tableII", *QUALITY)),
    "pdl_table3": ("pdl_v2_tableIII", square("pdl_v2_tableIII")),
    "pdl_table4": ("pdl_v2_tableIV", plain("pdl_v2_tableIV", *QUALITY)),
    "pdl_table5": ("pdl_v2_tableV", square("pdl_v2_tableV")),
    "pdl_table6": ("pdl_v2_tableVI", plain("pdl_v2_tableVI", *QUALITY)),
    "pdl_table7": ("pdl_v2_tableVII", plain("pdl_v2_tableVII", *QUALITY)),
    "pdl_table8": ("pdl_v2_tableVIII", plain("pdl_v2_tableVIII", "PSNR", "MS=SIM", "LPIPS")),
    "pdl_figure2": ("pdl_v2_fig2_captions", plain("pdl_v2_fig2_captions", "wd", "kld")),
    "pdl_v1_table1": ("pdl_v1_table1", plain("pdl_v1_table1", *SCORED)),
    "pdl_v1_table2": ("pdl_v1_table2", square("pdl_v1_table2")),
    "pdl_v1_table3": ("pdl_v1_table3", plain("pdl_v1_table3", *SCORED)),
    "pdl_v1_table4": ("pdl_v1_table4", square("pdl_v1_table4")),
    "pdl_v1_table5": ("pdl_v1_table5", plain("pdl_v1_table5", *SCORED)),
    "pdl_v1_table6": ("pdl_v1_table6", plain("pdl_v1_table6", *SCORED)),
    "pdl_v1_table7": ("pdl_v1_table7", plain("pdl_v1_table7", "PSNR", "MS=SIM", "LPIPS", "Score")),
    "stft_table1a": ("stft_table1a", paired("stft_table1a", "Set5", "Set14", "B100", "Urban100")),
    "stft_table1b": ("stft_table1b", paired("stft_table1b", "NYU2")),
    "stft_table1c": ("stft_table1c", paired("stft_table1c", "Kodak24", "BSD68", "McMaster")),
    "stft_table2": ("stft_table2", paired("stft_table2", "Live1", "BSD500val")),
    "stft_table3": ("stft_table3", plain("stft_table3", "Kodak24", "BSD68", "McMaster")),
}
