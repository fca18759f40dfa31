"""--paper: tables as the papers print them, on the terminal or as files."""

from __future__ import annotations

from benchmarks.cli.request import Request
from benchmarks.cli.session import named
from benchmarks.declare.errors import UsageError
from benchmarks.engine.store import write_file
from benchmarks.papers.registry import TABLES
from benchmarks.report.html import printed_page
from benchmarks.report.latex import printed_latex
from benchmarks.report.long_csv import printed_csv
from benchmarks.report.markdown import printed_markdown
from benchmarks.report.plot import plot
from benchmarks.report.terminal import printed_terminal

PRINTED = {
    "terminal": printed_terminal,
    "md": printed_markdown,
    "csv": printed_csv,
    "html": printed_page,
    "tex": printed_latex,
    "svg": plot,
}


def run(request: Request) -> int:
    """Print the tables, or write them below `--out`.

    Raises:
        UsageError: several of what makes one file each, and no folder for them.
    """
    exhibits, forms = named(request.words, TABLES), request.formats or ("terminal",)
    if "svg" in forms:
        without = [exhibit.name for exhibit in exhibits if exhibit.printed().plot is None]
        if without:
            raise UsageError(f"--format svg: {', '.join(without)} declares no plot")
    if request.out is not None:
        for exhibit in exhibits:
            for form in forms:
                path = request.out / f"{exhibit.name}.{'txt' if form == 'terminal' else form}"
                write_file(path, PRINTED[form](exhibit.printed()).encode())
        print(f"written to {request.out}")
        return 0
    if len(forms) > 1 or (len(exhibits) > 1 and set(forms) & {"html", "csv", "svg"}):
        raise UsageError("several pages or formats make several files: name a folder with --out")
    for exhibit in exhibits:
        print(PRINTED[forms[0]](exhibit.printed()))
    return 0
