"""Reads what `make mutants` found: which changes of the code no test notices.

mutmut changes one operator, constant, argument or name at a time and runs the tests that reach the
function. This prints per folder how many such mutants there are and how many were killed, then
every survivor; the exit status is 1 if more than a tenth of those that count survive.

A mutant is *text*, and counts neither as killed nor as survived, if all that it changes is the
letters of one string constant that a person reads: one that is written into an f-string, or that
is an argument of an exception, of say(), warn(), print() or Step(...). Keys, file names and
compared values count, and so does a message that is built elsewhere and handed on.

Left out by mutmut itself: docstrings and other strings in triple quotes, the constant parts of
f-strings, type annotations, code outside functions (defaults of dataclass fields, module
constants), and functions with a decorator (properties, cached functions, context managers,
`evaluate`): those are held by their tests alone. A mutant that no test reaches has survived; one
that runs into its time limit is killed. What a fixture of a module or a session reaches counts for
the first test that asks for it, so a survivor may be one that only a later test would notice.
"""

from __future__ import annotations

import ast
import json
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from difflib import unified_diff
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
MUTANTS = ROOT / "mutants"
LEAST_KILLED = 0.9
SURVIVED = (0, 5, 33)  # exit codes of pytest, and mutmut's own of a mutant that no test reaches
READERS = {"say", "warn", "print", "Step"}

Change = tuple[list[ast.AST], Any, Any]


@dataclass
class Folder:
    """The mutants of one folder."""

    killed: int = 0
    text: int = 0
    unchecked: int = 0
    survivors: list[str] = field(default_factory=list)

    @property
    def counted(self) -> int:
        """Those that were tried and are not text."""
        return self.killed + len(self.survivors)

    def __str__(self) -> str:
        share = 100 * self.killed / self.counted if self.counted else 100.0
        total = self.counted + self.text + self.unchecked
        return (
            f"{total} mutants, {self.text} of text; of the others {self.killed} killed and "
            f"{len(self.survivors)} survived ({share:.1f} % killed)"
            + (f", {self.unchecked} not tried" if self.unchecked else "")
        )


def changes(old: Any, new: Any, above: list[ast.AST]) -> Iterator[Change]:
    """Where two syntax trees differ, with the nodes above each difference, outermost first."""
    if type(old) is not type(new) or (isinstance(old, list) and len(old) != len(new)):
        yield above, old, new
    elif isinstance(old, ast.AST):
        for name in old._fields:
            if not (isinstance(old, ast.FunctionDef) and name == "name" and not above):
                yield from changes(getattr(old, name), getattr(new, name), [*above, old])
    elif isinstance(old, list):
        for a, b in zip(old, new, strict=True):
            yield from changes(a, b, above)
    elif old != new:
        yield above, old, new


def is_text(found: list[Change]) -> bool:
    """Whether nothing differs but one string constant that a person reads."""
    if len(found) != 1:
        return False
    above, old, new = found[0]
    if not (isinstance(old, str) and isinstance(new, str) and isinstance(above[-1], ast.Constant)):
        return False
    passing = ast.JoinedStr | ast.FormattedValue | ast.BinOp | ast.IfExp | ast.keyword
    if isinstance(above[-2], ast.JoinedStr):
        return True
    outer = [node for node in above[:-1] if not isinstance(node, ast.expr_context)]
    while outer and isinstance(outer[-1], passing):
        outer.pop()
    return bool(outer) and isinstance(outer[-1], ast.Call) and _is_read(outer[-1], outer[:-1])


def _is_read(call: ast.Call, above: list[ast.AST]) -> bool:
    """Whether people read the arguments of a call."""
    name = getattr(call.func, "id", "")
    return name in READERS or name.endswith("Error") or isinstance(above[-1], ast.Raise)


def functions(path: Path) -> dict[str, ast.FunctionDef]:
    """All functions of a mutated file by their mangled names."""
    tree = ast.parse(path.read_text())
    return {node.name: node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def told(old: ast.AST, new: ast.AST) -> str:
    """The lines that differ, before and after."""
    before, after = (ast.unparse(function).splitlines()[1:] for function in (old, new))
    return "\n    ".join(list(unified_diff(before, after, lineterm="", n=0))[3:])


def read(meta: Path, folder: Folder) -> None:
    """Add the mutants of one file to its folder."""
    source = meta.with_suffix("")
    codes: dict[str, int | None] = json.loads(meta.read_text())["exit_code_by_key"]
    known = functions(source)
    for key, code in codes.items():
        name = key.rpartition(".")[2]
        original = known[name.partition("__mutmut_")[0] + "__mutmut_orig"]
        found = list(changes(original, known[name], []))
        if is_text(found):
            folder.text += 1
        elif code is None:
            folder.unchecked += 1
        elif code in SURVIVED:
            what = told(original, known[name])
            folder.survivors.append(f"{source.relative_to(MUTANTS)}  {name}\n    {what}")
        else:
            folder.killed += 1


def main() -> int:
    """Print the counts and the survivors; 1 if too many survive."""
    folders: dict[str, Folder] = defaultdict(Folder)
    for meta in sorted(MUTANTS.rglob("*.py.meta")):
        if json.loads(meta.read_text())["exit_code_by_key"]:
            read(meta, folders[str(meta.parent.relative_to(MUTANTS))])
    for name, folder in folders.items():
        print(f"\n{name}: {folder}", *folder.survivors, sep="\n  ")
    counted = sum(folder.counted for folder in folders.values())
    killed = sum(folder.killed for folder in folders.values())
    print(f"\n{killed} of {counted} killed; the others are listed above")
    return int(killed < LEAST_KILLED * counted)


if __name__ == "__main__":
    sys.exit(main())
