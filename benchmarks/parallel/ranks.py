"""Runs a command once per GPU, as torchrun does, and ends as its first rank that failed.

torchrun itself ends with 1 whatever a rank ended with, and knows nothing of a driver that is gone.

    python benchmarks/parallel/ranks.py --standalone --nproc-per-node=2 SCRIPT ARGUMENTS
"""

from __future__ import annotations

import os
import sys
from pathlib import Path


def main(arguments: list[str]) -> int:
    """Run torchrun; returns the exit status of the rank that failed first, 0 where none did.

    A torchrun that was asked to end has asked its ranks, and is to be started again: 75.
    """
    from benchmarks.parallel.child import end_with_parent

    end_with_parent()
    from torch.distributed.elastic.multiprocessing import SignalException  # takes seconds
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
    from torch.distributed.run import main as torchrun

    try:
        torchrun(arguments)
    except ChildFailedError as error:
        _, failure = error.get_first_failure()
        return failure.exitcode if failure.exitcode > 0 else 128 - failure.exitcode
    except SignalException:
        return os.EX_TEMPFAIL
    return 0


if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[2])  # in the place of this folder
    sys.exit(main(sys.argv[1:]))
