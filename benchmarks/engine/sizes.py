"""Whether test images are large enough for what measures them: told before anything is trained."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from benchmarks.declare.protocol import Evaluation
from benchmarks.declare.runs import Run
from benchmarks.engine.plan import Plan
from benchmarks.metrics.metric import Metric
from datasets.images import DataError, Images


def too_small(plan: Plan) -> str:
    """The first test image that is too small for a metric of the asked rows, in words; else "".

    Sizes are read from the headers of the files. A test set that cannot be opened is passed over.
    """
    sizes: dict[Images, list[tuple[int, int]]] = {}
    for data, metric, evaluation in dict.fromkeys(_measured(plan)):
        try:
            images = plan.status.ids.images(data)
            if images not in sizes:
                sizes[images] = [images.size(i) for i in range(len(images))]
        except DataError:
            continue
        for i, size in enumerate(sizes[images]):
            if problem := _problem(size, data, metric, evaluation):
                return f"{images.where(i)} {problem}"
    return ""


def _measured(plan: Plan) -> Iterator[tuple[Any, Metric, Evaluation]]:
    """Test set, metric and evaluation of every score, and of what looks on in training."""
    for job in plan.jobs():
        for score in job.scores:
            yield score.data, score.metric, score.evaluation
        if isinstance(job.provider, Run):
            for probe in job.provider.training.probes:
                yield probe.data, probe.metric, probe.evaluation


def _problem(size: tuple[int, int], data: Any, metric: Metric, evaluation: Evaluation) -> str:
    """What is wrong with an image of that size (height, width), "" where nothing is."""
    border = int(evaluation.border) if metric.of_pixels else 0
    try:
        height, width = (side - 2 * border for side in data.target_size(*size))
    except DataError as error:
        return f"cannot be a test image: {error}"
    if min(height, width) >= metric.smallest_side:
        return ""
    measured = f"{max(0, width)}x{max(0, height)}"
    what = "all measured" if (height, width) == size else f"of which {measured} are measured"
    return (
        f"is {size[1]}x{size[0]} pixels, {what}, but {metric.symbol} needs at least "
        f"{metric.smallest_side} a side. Leave it out of the test set, or test on larger images."
    )
