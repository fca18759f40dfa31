"""The door of the suite with a table of which two trainings note their steps, and can be slowed.

RETABLE_STEPS=FOLDER python slow.py --table slow --out DIR ...

Below FOLDER each of the two has a file with a line for each step: the process that computed it. So
it can be seen afterwards who trained what, one after the other, and whether a step was repeated.
While there is a file `slowly` beside them, each step rests a little.
"""

import os
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "benchmarks" / "engine"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "benchmarks" / "parallel"))

import tiny

from benchmarks.declare.runs import network
from benchmarks.declare.table import Row
from benchmarks.declare.training import MultiStep
from losses.adversarial import Adversarial
from losses.d2sm import D2SM
from losses.l1 import L1
from losses.objective import Loss, Term

STEPS = 800
REST = 0.25  # seconds


@dataclass(frozen=True)
class Noted(Term):
    """Nothing, and a line in the training's file."""

    name: str
    symbol: ClassVar[str] = "L_Noted"

    def build(self, resources):
        folder = Path(os.environ["RETABLE_STEPS"])

        def noted(pred, target):
            if (folder / "slowly").exists():
                time.sleep(REST)
            with open(folder / f"{self.name}.steps", "a", encoding="utf-8") as file:
                file.write(f"{os.getpid()}\n")
            return pred.new_zeros(())

        return Loss(noted)


TABLE = replace(
    tiny.tiny_table(
        rows=[
            Row("L_1", tiny.TinyDenoiser, L1(), "- -"),  # also the objective of the shared start
            Row(
                "+ L_D2SM",
                tiny.TinyDenoiser,
                L1() + 0.1 * D2SM(tiny.FEATURES, window=16, stride=8, queue=24) + Noted("d2sm"),
                "- -",
            ),
            Row(
                "+ L_GAN",
                tiny.TinyDenoiser,
                L1() + 0.01 * Adversarial(network(tiny.TinyCritic), lr=1e-3) + Noted("gan"),
                "- -",
            ),
        ],
        training=replace(tiny.TRAINING, steps=STEPS, schedule=MultiStep((STEPS // 2,), 0.5)),
    ),
    name="slow",
)

if __name__ == "__main__":
    import slow  # the terms belong to a module that every process finds
    from door import enter

    sys.exit(enter(Path(__file__).resolve(), slow.TABLE, tiny.AS_DECLARED))
