"""Figures of the published tables on what is held out, and a sheet of pictures to look at.

PSNR, SSIM and CIEDE2000 under the target's own lightness, so that only colour counts; dHIS against the reference; LPIPS
where its networks are to be had, and whatever distance the recipe trains with. Beside every answer stands the gray
picture's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import cv2
import numpy as np
import torch
from numpy import ndarray as Array

from vidcolor.color import lab_to_rgb
from vidcolor.research.metrics.histograms import ab_histogram, dhis
from vidcolor.research.metrics.image import colorfulness, difference, psnr, ssim
from vidcolor.research.training.follow import Work
from vidcolor.research.training.published.batches import Batch
from vidcolor.research.training.published.perceptual import Distance

SHOWN = 6
"""Rows of a sheet."""
GAP = 2
"""Pixels between pictures."""

FIGURE = "psnr"
"""Of those measured, the one whose best is kept."""
Answer = Callable[[Batch], torch.Tensor]
"""a*b* (B, 2, H, W) of a batch."""


def work_of(
    network: torch.nn.Module,
    parts: dict[str, Any],
    draw: Callable[[int], Batch],
    step: Callable[[Batch, int], dict[str, float]],
    measure: Callable[[], dict[str, float]],
    sheet: Callable[[], bytes],
) -> Work:
    """A run for the loop: measured and drawn without training's ways, the network with the best PSNR kept."""

    def apart(made: Callable[[], Any]) -> Any:
        network.eval()
        with torch.inference_mode():
            found = made()
        network.train()
        return found

    def score(figures: dict[str, float]) -> float:
        return next(value for name, value in figures.items() if name.endswith(FIGURE) and "gray" not in name)

    def best(figures: dict[str, float]) -> dict[str, Any]:
        return {"net": {name: value.cpu() for name, value in network.state_dict().items()}, "figures": figures}

    return Work(parts, draw, step, lambda: apart(measure), score, best, lambda: apart(sheet))


def judged(answer: Answer, batches: Sequence[Batch], distance: tuple[str, Distance] | None) -> dict[str, float]:
    """Mean figures of the answers to batches of one; those of the gray picture begin with `gray_`."""
    sums: dict[str, list[float]] = {}
    for batch in batches:
        truth, reference = batch.target[0].cpu().numpy(), batch.reference[0].cpu().numpy()
        chroma = answer(batch)[0].float().cpu().numpy()
        for prefix, made in (("", chroma), ("gray_", np.zeros_like(chroma))):
            for name, value in _figures(truth, reference, np.ascontiguousarray(made), distance).items():
                sums.setdefault(prefix + name, []).append(value)
    return {name: float(np.mean(values)) for name, values in sums.items()}


def _figures(truth: Array, reference: Array, chroma: Array, distance: tuple[str, Distance] | None) -> dict[str, float]:
    lab = np.concatenate([truth[:1], chroma])
    made, true = np.clip(lab_to_rgb(lab), 0, 1), np.clip(lab_to_rgb(truth), 0, 1)
    histograms = [ab_histogram(np.ascontiguousarray(x[1:], np.float64)) for x in (truth, reference, lab)]
    figures = {
        "psnr": psnr(made, true),
        "ssim": ssim(made, true),
        "ciede2000": float(difference(lab, truth)[0]),
        "dhis": dhis(*histograms),
        "colorfulness": colorfulness(made),
    }
    if distance is not None:
        name, network = distance
        device = next(network.parameters()).device
        with torch.inference_mode():
            figures[name] = float(network(*(torch.from_numpy(x)[None].to(device) for x in (made, true)))[0])
    return figures


def sheet(answer: Answer, batches: Sequence[Batch]) -> Array:
    """R'G'B' bytes (H, W, 3): a row each of the gray picture, the reference, the answer and the truth."""
    rows = []
    for batch in batches[:SHOWN]:
        truth, reference = batch.target[0].cpu().numpy(), batch.reference[0].cpu().numpy()
        gray = np.concatenate([truth[:1], np.zeros_like(truth[1:])])
        made = np.concatenate([truth[:1], answer(batch)[0].float().cpu().numpy()])
        rows.append([lab_to_rgb(x).transpose(1, 2, 0) for x in (gray, reference, made, truth)])
    edged = [[np.pad(x, ((0, GAP), (0, GAP), (0, 0)), constant_values=1) for x in row] for row in rows]
    return np.rint(np.vstack([np.hstack(row) for row in edged]).clip(0, 1) * 255).astype(np.uint8)


def sheet_bytes(answer: Answer, batches: Sequence[Batch]) -> bytes:
    """The sheet as a PNG file."""
    return cv2.imencode(".png", np.ascontiguousarray(sheet(answer, batches)[..., ::-1]))[1].tobytes()
