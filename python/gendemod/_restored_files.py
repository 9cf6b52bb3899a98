"""What is written of one restored picture: two pictures, the arrays, an entry of the report."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._files import replacing
from ._restoration import Job, Restored
from .pictures import write_picture

__all__ = ["display_scales", "save_restored"]

Array = NDArray[np.floating[Any]]


def save_restored(folder: Path, job: Job, restored: Restored) -> dict[str, Any]:
    """Write ``<stem>-w.png``, ``<stem>-x.png`` and ``<stem>.npz``; return the report's entry."""
    stem = job.path.stem
    w_scale, x_scale = display_scales(restored.w, restored.x)
    rows_cols = job.shape[:2]
    for name, rows, scale in (("w", restored.w, w_scale), ("x", restored.x, x_scale)):
        shown = np.clip(rows * scale[:, None], 0.0, 1.0)
        write_picture(folder / f"{stem}-{name}.png", _as_picture(shown, rows_cols))
    latents = {"h": restored.h} if restored.m is None else {"h": restored.h, "m": restored.m}
    arrays: dict[str, Any] = {
        "w": _as_picture(restored.w, rows_cols),
        "x": _as_picture(restored.x, rows_cols),
        **{name: z.squeeze(0) if len(z) == 1 else z for name, z in latents.items()},
    }
    with replacing(folder / f"{stem}.npz") as beside:
        np.savez_compressed(beside, **arrays)
    scales = {"w": w_scale.tolist(), "x": x_scale.tolist()}
    return {**_summary(restored.solves), "display_scale": scales, "channels": restored.solves}


def display_scales(w: Array, x: Array) -> tuple[Array, Array]:
    r"""Return the factors, one a row, that make `w` and `x` fit for display.

    A pair is known up to a scale alone, a channel at a time. It is shown as if the brightest
    pixel of every `x` were white and passed all light: ``x / max(x)`` and ``w max(x)``, the
    latter over its maximum in all channels, so that the colours of `w` keep their proportions.

    Parameters
    ----------
    w : ndarray, shape (channels, ell)
    x : ndarray, shape (channels, ell) or (1, ell)
        `w` at least 0, and `x` unless it is a known one.
    """
    x_top = x.max(axis=1)
    w_top = float((w.max(axis=1) * x_top).max())
    x_scale = np.divide(1.0, x_top, out=np.ones_like(x_top), where=x_top > 0)
    w_scale = np.broadcast_to(x_top / w_top if w_top > 0 else 1.0, len(w)).astype(w.dtype)
    return w_scale, x_scale


def _as_picture(rows: Array, rows_cols: tuple[int, ...]) -> Array:
    """Return one row as a grey picture, three as the channels of a colour picture."""
    if len(rows) == 1:
        return rows.reshape(rows_cols)
    return np.ascontiguousarray(rows.T).reshape(*rows_cols, len(rows))


def _summary(solves: list[dict[str, Any]]) -> dict[str, Any]:
    """Sum up the solves of a picture: of its worst channel, and counts over all of them."""
    failed = [solve for solve in solves if solve["status"] != "converged"]
    shown = failed[0] if failed else solves[0]
    return {
        "status": shown["status"],
        "message": shown["message"],
        "relative_residual": max(solve["relative_residual"] for solve in solves),
        "iterations": sum(solve["iterations"] for solve in solves),
        "restarts": sum(solve["restarts"] for solve in solves),
    }
