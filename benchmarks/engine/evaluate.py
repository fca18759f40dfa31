"""The evaluation loop, one for every table: network, protocol, metrics, one image at a time."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from benchmarks.declare.protocol import Evaluation
from benchmarks.engine.restored import restored
from benchmarks.metrics.metric import Metric
from datasets.images import Images
from datasets.sampling import test_sample
from losses.exact_products import tensor_float32
from losses.objective import Resources

# A metric, and what it is given of an output.
Asked = tuple[Metric, Evaluation]


def passed_on(asked: Asked, error: Exception) -> None:
    """Let the error of one metric end the evaluation of all."""
    raise error


@torch.no_grad()  # not inference mode: a judge built here may later serve a loss
@tensor_float32(False)
def evaluate(
    network: nn.Module,
    data: Any,
    images: Images,
    asked: Sequence[Asked],
    resources: Resources,
    seed: int = 0,
    progress: Callable[[int, int], None] = lambda done, total: None,
    first_output: Callable[[Tensor], None] = lambda image: None,
    failed: Callable[[Asked, Exception], None] = passed_on,
) -> dict[Asked, list[Any]]:
    """Measure a network on a degraded test set.

    Images go through one by one, so that a result never depends on a batch size, and once for all
    that is asked, in float32 whatever the network was trained in.

    Args:
        data: the degradation around the test set; images: the opened test set.
        first_output: called with the first image's output as the first metric has it prepared,
            (C, H, W) in [0, 1].
        failed: called with what cannot be built or raises, and its error; the others go on without
            it, unless this raises.

    Returns:
        For all that did not fail one value per image, in the data set's order, ready for JSON.
    """
    network = network.eval().to(resources.device)
    measures: dict[Asked, Callable[..., Any]] = {}
    for metric, evaluation in asked:
        try:
            measures[metric, evaluation] = metric.build(resources)
        except Exception as error:
            failed((metric, evaluation), error)
    values: dict[Asked, list[Any]] = {one: [] for one in measures}
    for i in range(len(images)):
        if not measures:
            break
        output, sample = output_of(network, data, images, i, resources, seed)
        if i == 0:
            first_output(asked[0][1].prepare(output))
        for one, measure in list(measures.items()):
            try:
                values[one].append(_value(one, measure, output, sample))
            except Exception as error:
                del measures[one], values[one]
                failed(one, error)
        progress(i + 1, len(images))
    return values


@torch.no_grad()
@tensor_float32(False)
def output_of(
    network: nn.Module, data: Any, images: Images, i: int, resources: Resources, seed: int = 0
) -> tuple[Tensor, dict[str, Tensor]]:
    """Image `i` as the network gives it, (C, H, W), and the sample behind it."""
    sample = {k: v.to(resources.device) for k, v in test_sample(data, images, i, seed).items()}
    return restored(network, {name: value[None] for name, value in sample.items()})[0], sample


def _value(
    asked: Asked, measure: Callable[..., Any], output: Tensor, sample: dict[str, Tensor]
) -> Any:
    """What a metric says of one image, and of what belongs to the image."""
    metric, evaluation = asked
    needs = {name: sample[name] for name in metric.needs}
    pair = (evaluation.prepare(output), sample["target"])
    if metric.of_pixels:
        pair = (evaluation.pixels(pair[0]), evaluation.pixels(pair[1]))
    value = measure(*pair, **needs)
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{metric.symbol} of an image is {value}, which is no measurement")
    return value
