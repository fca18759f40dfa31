"""What a report of a table says, as blocks of plain text; how it looks is the renderers' business.

Our numbers with ranks come first, then the paper's in the same shape, then the difference. They
are three tables and not one: nine columns of "ours (paper)" can be neither read nor compared.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from benchmarks.grid import ledger
from benchmarks.grid.comparison import Ordered, Verdict, compared, verdicts
from benchmarks.grid.drawing import Drawing, Numbers
from benchmarks.grid.model import Cell, Column, Grid, GridRow
from benchmarks.grid.moves import moves
from benchmarks.grid.precision import plain, rounded, signed
from benchmarks.grid.ranks import our_ranks, paper_ranks, printed_ranks
from benchmarks.report.blocks import (
    Block,
    Callout,
    CellText,
    Heading,
    ListBlock,
    Paragraph,
    Picture,
    TableBlock,
)
from benchmarks.report.layout import arrange
from benchmarks.report.notes import notes, printed_notes

MEASURED = "Measured"
REFERENCES = "For reference (ours, not ranked)"
PRINTED = "The paper's numbers"
DIFFERENCE = "Difference, ours − paper"
AGREEMENT = "Agreement"
RECOMPUTED = (
    "The paper prints no ranks in this table: those shown are recomputed from its numbers, and "
    "bold is rank 1."
)
WITHIN = "In italics: within the tolerance."
TOLERANCE = (
    "Tolerance: half a unit in the last printed digit, or half the 95 % bootstrap interval over "
    "test images if that is more. τ_b: Kendall's rank correlation with the paper's order."
)
DECIDED = (
    "A pair is decided where neither other test images nor other trainings would turn it round: by "
    "95 % intervals of the difference, the bootstrap's, paired over images, from six of them, and "
    "Student's over seeds, from two. Each pair by itself: of many, some are decided by chance."
)
CONFIRMED = "These pairs come out in the paper's order, and are decided:"
REVERSED = (
    "These pairs, as the paper orders them, come out the other way round. Where it says undecided, "
    "other test images or other trainings might turn them again:"
)
ARROWS = "↑ higher is better, ↓ lower is better."


def report(grid: Grid) -> list[Block]:
    """Everything that a report says of a measured table."""
    blocks: list[Block] = [Heading(1, title(grid))]
    if grid.watermark:
        blocks.append(Callout(grid.watermark))
    blocks += [Heading(2, MEASURED), measured_table(grid), Paragraph(legend(grid))]
    if grid.references:
        blocks += [Heading(3, REFERENCES), reference_table(grid)]
    if grid.base:
        blocks += [Heading(2, distance(grid)), distance_table(grid)]
    if grid.picture:
        group = grid.columns[-1].group
        what = f"The first test image, {group}, as every row restores it"
        blocks.append(Picture(grid.picture, what))
    if grid.prints_numbers:
        blocks += [Heading(2, PRINTED), paper_table(grid)]
        blocks += [Paragraph(RECOMPUTED)] if ranks_recomputed(grid) else []
        blocks += _comparison(grid)
    if grid.facts:
        blocks += [Heading(2, "What was run"), ListBlock(list(grid.facts))]
    blocks += [Heading(2, "Ledger"), *_ledger(grid)]
    return blocks + _notes(notes(grid))


def printed(grid: Grid) -> list[Block]:
    """The report of a table that shows only what the paper prints."""
    blocks: list[Block] = [Heading(1, title(grid)), Heading(2, PRINTED), printed_table(grid)]
    if words := printed_legend(grid):
        blocks.append(Paragraph(words))
    return blocks + _notes(printed_notes(grid))


def drawn(grid: Grid, drawing: Drawing, file: str) -> list[Block]:
    """Everything that a report says of a figure.

    Args:
        grid: the numbers that the paper prints in it, or the table that it is drawn from.
        file: of the picture, beside the report.
    """
    blocks: list[Block] = [Heading(1, title(grid))]
    if grid.watermark:
        blocks.append(Callout(grid.watermark))
    blocks.append(Picture(file, grid.title))
    if drawing.numbers.rows:
        blocks += [Heading(2, MEASURED), key_numbers(drawing.numbers)]
    if grid.prints_numbers:
        blocks += [Heading(2, PRINTED), paper_table(grid)]
    if grid.facts:
        blocks += [Heading(2, "What was run"), ListBlock(list(grid.facts))]
    blocks += [Heading(2, "Ledger"), *_ledger(grid)]
    return blocks + _notes([*drawing.notes, *notes(grid)])


def key_numbers(numbers: Numbers) -> TableBlock:
    """The key numbers of a figure as a table."""
    return TableBlock(
        label_headers=[numbers.headers[0]],
        headers=[(header,) for header in numbers.headers[1:]],
        labels=[[label] for label, _ in numbers.rows],
        cells=[
            [
                CellText("-" if value is None else plain(rounded(value, digits)))
                for value, digits in zip(values, numbers.digits, strict=True)
            ]
            for _, values in numbers.rows
        ],
    )


def title(grid: Grid) -> str:
    """The words that say which table it is."""
    return f"{grid.source}: {grid.title}"


def legend(grid: Grid) -> str:
    """What ranks, bold type and arrows mean where ranks are computed here."""
    if grid.rank_within is None:
        directed = any(column.higher_is_better is not None for column in grid.columns)
        return ARROWS if directed else ""
    within = _within(grid)
    return f"(n): rank {within}, ties share the better rank. Bold: the best {within}. {ARROWS}"


def printed_legend(grid: Grid) -> str:
    """What the printed ranks mean; nothing where the paper prints none."""
    if not printed_ranks(grid):
        return ""
    return f"{' '.join(['(n): rank', _within(grid)]).strip()}, as the paper prints it. {ARROWS}"


def _within(grid: Grid) -> str:
    if grid.rank_within == "column":
        return "in its row" if grid.layout == "transposed" else "in its column"
    return "among the rows of its group" if grid.rank_within else ""


def measured_table(grid: Grid) -> TableBlock:
    """Our numbers, ranked among each other."""
    ranks = our_ranks(grid)

    def text(r: int, c: int) -> CellText:
        return _measured(grid, grid.rows[r].cells[c], grid.columns[c], ranks.get((r, c)))

    return _table(grid, grid.rows, text)


def reference_table(grid: Grid) -> TableBlock:
    """Our numbers for the rows that stand beside the paper's; these have no partners to pair."""
    layout = "rows" if grid.layout == "paired" else grid.layout
    return measured_table(
        replace(grid, rows=grid.references, references=[], rank_within=None, layout=layout)
    )


def distance(grid: Grid) -> str:
    """The words above `distance_table`."""
    several = len({row.group for row in grid.rows}) > 1
    return f"Difference from {grid.base!r}" + ", and of that from the first block's" * several


def distance_table(grid: Grid) -> TableBlock:
    """How far the other rows are from the base row of their group, and how far the paper's are."""
    found = moves(grid)
    first = next(r for r, row in enumerate(grid.rows) if row.label == grid.base)
    kept = [r for r in range(len(grid.rows)) if r != first]

    def text(r: int, c: int) -> CellText:
        if r >= len(kept):
            number = grid.spreads[r - len(kept)].cells[c].printed
            digits = grid.columns[c].digits + 1
            return CellText("-" if number is None else plain(rounded(float(number), digits)))
        number = found.get((kept[r], c))
        return CellText("-" if number is None else signed(number))

    return _table(grid, [*(grid.rows[r] for r in kept), *grid.spreads], text)


def printed_table(grid: Grid) -> TableBlock:
    """The paper's numbers with its own ranks, bold type and headings."""

    def text(r: int, c: int) -> CellText:
        cell = grid.rows[r].cells[c]
        return _printed(cell, cell.paper_rank, cell.paper_bold)

    return _table(grid, grid.rows, text, as_printed=True)


def ranks_recomputed(grid: Grid) -> bool:
    """Whether the paper's numbers can be ranked where the paper itself does not."""
    return not printed_ranks(grid) and bool(paper_ranks(grid))


def paper_table(grid: Grid) -> TableBlock:
    """The paper's numbers to hold ours against: ranked, by the paper or else by this suite."""
    if not ranks_recomputed(grid):
        return printed_table(grid)
    ranks = paper_ranks(grid)

    def text(r: int, c: int) -> CellText:
        rank = ranks.get((r, c))
        return _printed(grid.rows[r].cells[c], rank, rank == 1)

    return _table(grid, grid.rows, text, as_printed=True)


def _measured(grid: Grid, cell: Cell, column: Column, rank: int | None) -> CellText:
    number = cell.shown(column.digits)
    if number is None:
        return CellText(cell.status, detail=cell.detail if cell.status == "needs" else "")
    spread = "" if cell.deviation is None else plain(rounded(cell.deviation, column.digits))
    return CellText(
        text=plain(number),
        spread=spread,
        stale=cell.status == "stale",
        bold=rank == 1,
        italic=grid.prints_numbers and cell.printed is None,
        rank=rank,
        images=(cell.n_images or 0, cell.expected_images or 0) if cell.partial else None,
    )


def _printed(cell: Cell, rank: int | None, bold: bool) -> CellText:
    text = (cell.paper or "-") if cell.printed is None else plain(cell.printed)
    return CellText(text, bold=bold, rank=rank, mark=cell.paper_mark)


def _comparison(grid: Grid) -> list[Block]:
    """The differences and verdicts, where the profile allows any."""
    if not grid.comparable:
        return []
    pairs = {place: pair for place, pair in compared(grid).items() if pair.tolerance is not None}

    def text(r: int, c: int) -> CellText:
        pair = pairs.get((r, c))
        return CellText(signed(pair.difference), italic=pair.agrees) if pair else CellText("-")

    blocks: list[Block] = []
    if pairs:
        blocks += [Heading(2, DIFFERENCE), _table(grid, grid.rows, text), Paragraph(WITHIN)]
    found = verdicts(grid)
    if not found:
        return blocks
    blocks += [Heading(2, AGREEMENT), _agreement(found), Paragraph(TOLERANCE)]
    if any(verdict.pairs for verdict in found):
        blocks.append(Paragraph(DECIDED))
    agreed = {v.name: [pair for pair in v.agreed if pair.decided] for v in found}
    blocks += _pairs(CONFIRMED, agreed) + _pairs(REVERSED, {v.name: v.flipped for v in found})
    return blocks


def _agreement(found: Sequence[Verdict]) -> TableBlock:
    rows = [
        (
            "-" if verdict.mean is None else signed(verdict.mean),
            "-" if verdict.largest is None else signed(verdict.largest),
            f"{verdict.agreeing} of {verdict.cells}" if verdict.cells else "-",
            f"{len(verdict.agreed)} of {verdict.pairs}" if verdict.pairs else "-",
            f"{sum(pair.decided for pair in verdict.agreed)}" if verdict.pairs else "-",
            "-" if verdict.tau is None else signed(rounded(verdict.tau, 2)),
        )
        for verdict in found
    ]
    headers = [
        "mean difference", "largest", "within tolerance", "pairs in the paper's order",
        "these decided", "τ_b",
    ]  # fmt: skip
    return TableBlock(
        label_headers=[""],
        headers=[(header,) for header in headers],
        labels=[[verdict.name] for verdict in found],
        cells=[[CellText(word) for word in row] for row in rows],
    )


def _pairs(heading: str, by_column: Mapping[str, Sequence[Ordered]]) -> list[Block]:
    """Pairs of methods, as the paper orders them, by column; nothing if there is none."""
    said = [(name, "; ".join(map(_pair, pairs))) for name, pairs in by_column.items() if pairs]
    return [Paragraph(heading), ListBlock(said)] if said else []


def _pair(pair: Ordered) -> str:
    return f"{pair.better} before {pair.worse}{'' if pair.decided else ' (undecided)'}"


def _ledger(grid: Grid) -> list[Block]:
    count = Paragraph(f"{ledger.summary(grid.ledger)}. {grid.ledger_note}".rstrip())
    if not grid.ledger:
        return [count]
    entries = ledger.merged(grid.ledger)
    labels = [[entry.kind, entry.where, entry.value, entry.reason] for entry in entries]
    headers = ["Source", "Where", "Value", "Reason or place"]
    return [count, TableBlock(headers, [], labels, cells=[[] for _ in labels])]


def _notes(said: list[str]) -> list[Block]:
    return [Heading(2, "Notes"), ListBlock([("", note) for note in said])] if said else []


def _table(
    grid: Grid,
    rows: Sequence[GridRow],
    text: Callable[[int, int], CellText],
    as_printed: bool = False,
) -> TableBlock:
    sheet = arrange(grid, rows, text, as_printed)
    return TableBlock(
        sheet.label_headers, sheet.headers, sheet.labels, sheet.cells, _starts(grid, rows)
    )


def _starts(grid: Grid, rows: Sequence[GridRow]) -> frozenset[int]:
    """The places where a group begins; groups of one row each, as in a paired layout, are none."""
    if grid.layout == "transposed":
        groups = [column.group for column in grid.columns]
    else:
        groups = [row.group for row in rows]
    if grid.layout == "paired" or len(set(groups)) == len(groups):
        return frozenset()
    return frozenset(i for i in range(1, len(groups)) if groups[i] != groups[i - 1])
