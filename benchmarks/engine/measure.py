"""One pass over a test set for several metrics of one provider, from the store to the store."""

from __future__ import annotations

import io
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from benchmarks.engine.evaluate import evaluate, output_of
from benchmarks.engine.freshness import sources
from benchmarks.engine.machine import compute_threads, machine
from benchmarks.engine.problems import Failed, drop_frames, recorded
from benchmarks.engine.progress import Progress
from benchmarks.engine.score import Score
from benchmarks.engine.status import EVALUATE_MODULE, Status
from benchmarks.engine.store import StoreError
from datasets.images import DataError
from losses.objective import Resources


def measure(
    scores: Sequence[Score], network: nn.Module, status: Status, resources: Resources, label: str
) -> dict[Score, Failed | DataError]:
    """Measure a network and write one record per score, and the first image as it restores it.

    Args:
        scores: of one provider, whose network this is, on one test set.

    Returns:
        The scores that their own metric could not give, and why; the others are in the store.

    Raises:
        DataError: the test set is absent.
    """
    first = scores[0]
    folder = status.folder(first.provider)
    images = status.ids.images(first.data)
    progress = Progress(f"{label}, measuring", "image")
    weights = [status.weights_behind(score) for score in scores]
    by_asked = {(score.metric, score.evaluation): score for score in scores}
    problems: dict[Score, Failed | DataError] = {}

    with compute_threads(status.resolver.profile.threads):
        values = evaluate(
            network,
            first.data,
            images,
            list(by_asked),
            resources,
            first.seed,
            progress,
            lambda image: folder.write(status.picture_name(first), png(image)),
            lambda asked, error: problems.update(_kept(error, by_asked[asked], status, label)),
        )
        on = machine(status.device)
    progress.close()
    for score, behind in zip(scores, weights, strict=True):
        if score in problems:
            continue
        record = {
            "id": status.ids.score_id(score),
            "run": status.ids.run_id(score.provider),
            "metric": repr(score.metric.recorded),
            "data": repr(score.data),
            "evaluation": str(score.evaluation),
            "noise_seed": score.seed,
            "expected_images": images.expected,
            "images": images.names,
            "values": values[score.metric, score.evaluation],
            "weights": behind,
            "sources": sources(score, EVALUATE_MODULE),
            "seconds": round(progress.seconds, 1),
            "machine": on,
        }
        folder.write_json(status.score_name(score), record)
        folder.remove(status.failure_name(score))
    return problems


def _kept(
    error: Exception, score: Score, status: Status, label: str
) -> dict[Score, Failed | DataError]:
    """The error of one metric, by its score; what speaks for itself is not recorded."""
    if isinstance(error, StoreError):
        raise error
    if not isinstance(error, Failed | DataError):
        symbol, folder = score.metric.symbol, status.folder(score.provider)
        told = recorded(error, folder, status.failure_name(score), f"{label}, {symbol}")
        error = Failed(f"{symbol}: {told}")
    drop_frames(error)
    return {score: error}


def keep_picture(score: Score, network: nn.Module, status: Status, resources: Resources) -> None:
    """Write the first image of a score's test set as the network restores it, and measure nothing.

    Raises:
        DataError: the test set is absent.
    """
    images = status.ids.images(score.data)
    with compute_threads(status.resolver.profile.threads):
        output, _ = output_of(network.eval(), score.data, images, 0, resources, score.seed)
    image = score.evaluation.prepare(output)
    status.folder(score.provider).write(status.picture_name(score), png(image))


def png(image: Tensor) -> bytes:
    """An image in [0, 1] as a PNG file: (3, H, W) in colour, (1, H, W) in grey."""
    from PIL import Image

    pixels = (image * 255).round().to(torch.uint8).permute(1, 2, 0).cpu().numpy()
    buffer = io.BytesIO()
    Image.fromarray(pixels[..., 0] if len(image) == 1 else pixels).save(
        buffer, "PNG", compress_level=1
    )
    return buffer.getvalue()
