"""What is declared is registered, what is registered is checked, and a wrong name is told."""

import importlib
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.claims.audit import audit
from benchmarks.claims.paper import Paper, exhibits
from benchmarks.claims.quantities import Cell, Numbers
from benchmarks.claims.repeated import Repeated
from benchmarks.declare.column import Column, Unmeasured
from benchmarks.declare.errors import DeclarationError
from benchmarks.declare.exhibit import Exhibit
from benchmarks.declare.table import Row, Table
from benchmarks.declare.tree import walk
from benchmarks.papers.d2sm import denoising
from benchmarks.papers.d2sm.poster import printed_again
from benchmarks.papers.registry import FIGURES, PAPERS, TABLES
from losses.l1 import L1

FOLDER = Path(__file__).resolve().parents[3] / "benchmarks" / "papers"


def paper_modules():
    files = [path for path in FOLDER.rglob("*.py") if path.stem not in ("__init__", "registry")]
    for path in files:
        parts = path.relative_to(FOLDER.parents[1]).with_suffix("").parts
        yield importlib.import_module(".".join(parts))


def test_every_declared_exhibit_and_paper_is_registered():
    """One that is not would be checked by nothing, and nothing would say so."""
    found = [value for module in paper_modules() for value in vars(module).values()]
    declared = {id(value): value for value in found if isinstance(value, Exhibit)}
    registered = [*TABLES.values(), *FIGURES.values()]
    assert {id(exhibit) for exhibit in registered} == declared.keys(), declared.values()
    assert {paper.name for paper in PAPERS} == {p.name for p in found if isinstance(p, Paper)}


def test_names_are_unique_and_every_claim_is_about_cells_that_exist():
    numbers = Numbers({name: table.printed() for name, table in TABLES.items()}, printed=True)
    assert len({paper.name for paper in PAPERS}) == len(PAPERS)
    for paper in PAPERS:
        names = {table.name for table in paper.tables}
        for claim in paper.claims:
            cells = [part for part in walk(claim.statement) if isinstance(part, Cell)]
            assert cells, claim.says
            for cell in cells:
                assert cell.table in names, claim.says
                numbers.cell(cell.table, cell.row, cell.column)


TABLE = Table(
    name="scratch",
    source="Scratch, Table 1",
    caption="two rows",
    columns=(Column(Unmeasured("PSNR", digits=2, higher_is_better=True)),),
    rank_within="column",
    groups={"A": [Row("", None, None, "30.00(1)")], "B": [Row("", None, None, "29.00(1)")]},
)


def test_audit_reads_every_registered_paper():
    """A wrong rank in a paper that the audit has never heard of."""
    papers = (*PAPERS, Paper("Scratch", (TABLE,)))
    grids = {name: table.printed() for name, table in exhibits(papers).items()}
    known = audit(PAPERS, grids)
    (new,) = [finding for finding in audit(papers, grids) if finding not in known]
    assert new.where == "Scratch, Table 1, B, PSNR"
    assert (new.printed, new.follows) == ("29.00 with rank 1", "its rank is 2")


def test_two_exhibits_of_one_name_are_refused():
    with pytest.raises(DeclarationError, match=r"Scratch, Table 2 and Scratch, Table 1 are both"):
        exhibits((Paper("Scratch", (TABLE, replace(TABLE, source="Scratch, Table 2"))),))


def test_numbers_repeated_in_an_unknown_table_are_refused():
    with pytest.raises(DeclarationError, match="'nowhere' are said to be printed twice"):
        Paper("Scratch", (TABLE,), repeated=(Repeated("scratch", "nowhere"),))


def test_a_row_of_our_own_in_table4_leaves_the_poster_as_it_is():
    own = Row("+ L_own", denoising.FFDNet, L1(), "- - -")
    groups = {"FFDNet": [*denoising.TABLE4.groups["FFDNet"], own]}
    lines = {"FFDNet / FFDNet": "35.03 .925 .605", "FFDNet / Ours": "36.45 .936 .644"}
    poster = printed_again(replace(denoising.TABLE4, groups=groups), "poster", "a poster", lines)
    assert [row.label for _, row in poster.rows()] == ["FFDNet", "Ours"]


def test_a_line_of_the_poster_without_its_row_is_refused():
    with pytest.raises(DeclarationError, match=r"has no row 'FFDNet / L_2'; its rows are 'FFDNet"):
        printed_again(denoising.TABLE4, "poster", "a poster", {"FFDNet / L_2": "1 2 3"})


def test_every_remark_belongs_to_a_finding():
    """A misspelt place would leave it unsaid."""
    grids = {name: table.printed() for name, table in TABLES.items()}
    said = " ".join(finding.follows for finding in audit(PAPERS, grids))
    for remark in (remark for paper in PAPERS for remark in paper.remarks):
        assert remark.says in said


def test_a_table_of_released_weights_trains_nothing():
    rows = {"FFDNet": [Row("L_1", denoising.FFDNet, L1(), "30.00")]}
    columns = (Column(denoising.PSNR(), denoising.TRAIN),)
    with pytest.raises(DeclarationError, match="none of its rows can be trained"):
        replace(TABLE, groups=rows, columns=columns, train=denoising.TRAIN, released=True)
