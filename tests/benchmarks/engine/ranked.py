"""One training of a store by as many processes as there are: `torchrun ... ranked.py FOLDER`."""

import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

import quick
import torch

from benchmarks.engine.ranks import ranks
from losses.l1 import L1

TRAINING = replace(quick.TRAINING, steps=45, batch=4)
RUN = replace(quick.JUDGE, objective=1.0 * L1(), training=TRAINING)


def make(out, found):
    """Train the run in the store below a folder; returns its folder."""
    engine = replace(quick.quick_engine(out, every=0.0), ranks=found)
    engine.ensure(RUN, "the row")
    return engine.status.folder(RUN)


if __name__ == "__main__":
    torch.set_num_threads(1)
    with ranks(torch.device("cpu")) as found:
        print(f"rank {found.rank} of {found.world}", flush=True)
        make(sys.argv[1], found)
