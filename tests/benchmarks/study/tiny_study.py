"""A small study with its pictures, and what its raters would save."""

from __future__ import annotations

import numpy as np

from benchmarks.declare.column import Column, Unmeasured
from benchmarks.declare.pairwise import Pairwise
from benchmarks.declare.table import Row, Table
from benchmarks.study.design import Study
from benchmarks.study.plan import kind_of, questions_for

METHODS = ("smooth-method", "sharp-method", "odd-method")


def pictures(images=4, side=40, methods=METHODS, seed=0):
    """Random images, so that no two are alike."""
    random = np.random.default_rng(seed)
    return {
        f"scene-{i}": {
            name: random.integers(0, 256, (side, side + 4, 3), dtype=np.uint8)
            for name in (*methods, "clean", "input")
        }
        for i in range(images)
    }


STUDY = Study("tiny_study", METHODS, crop=32, questions=6, repeats=2, checks=2)


def record(key, rater, prefer=None):
    """What the page saves; `prefer(a, b)` says whether `a` is chosen over `b`, both methods."""
    prefer = prefer or (lambda a, b: a < b)
    answers = []
    for i, question in enumerate(questions_for(key.deck, rater)):
        left, right = (key.pictures[p].method for p in (question.left, question.right))
        if kind_of(key.deck, question.id) == "check":
            chosen = "left" if left == "clean" else "right"
        else:
            chosen = "left" if prefer(left, right) else "right"
        answers.append(
            {
                "question": question.id,
                "left": question.left,
                "right": question.right,
                "chosen": chosen,
                "milliseconds": 1000 + i,
                "whole": True,
            }
        )
    return {
        "schema": 2,
        "kit": key.deck.kit,
        "rater": rater,
        "started": "2025-01-31T12:00:00.000Z",
        "ended": "2025-01-31T12:05:00.000Z",
        "answers": answers,
    }


TABLE = Pairwise(
    name="tiny_study",
    source="nowhere",
    caption="three methods",
    preferred={METHODS[0]: "- .4 .3", METHODS[1]: ".6 - .5", METHODS[2]: ".7 .5 -"},
    of=Table(
        name="tiny",
        source="nowhere",
        caption="their images",
        columns=(Column(Unmeasured("PSNR", digits=2, higher_is_better=True)),),
        groups={method: [Row("", None, None, "-")] for method in METHODS},
    ),
)
