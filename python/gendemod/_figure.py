"""Rows of small pictures with their names on the left, as one picture."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .metrics import scale_aligned
from .pictures import pillow

__all__ = ["figure", "fitted", "spread"]

Array = NDArray[np.floating[Any]]

_ZOOM = 3
_GAP = 8
_LABELS = 190
_HEAD = 30
_TEXT = 18
_FRAME = 0.6


def figure(corner: str, headings: list[str], rows: list[tuple[str, Array]]) -> Array:
    """Return one grey picture, dark text on white, of rows of pictures.

    Parameters
    ----------
    corner : str
        What the headings are; it stands left of them.
    headings : list of str
        What stands above each column.
    rows : list of (str, ndarray of shape (columns, size, size))
        The name of each row and its pictures, with values in [0, 1]; all of one shape.

    Returns
    -------
    ndarray, shape (height, width)
        Every pixel of a picture is three pixels wide. Values in [0, 1].
    """
    columns, size, _ = rows[0][1].shape
    side = _ZOOM * size
    step = side + _GAP
    tops = [_HEAD + row * step for row in range(len(rows))]
    lefts = [_LABELS + column * step for column in range(columns)]
    sheet = np.ones((_HEAD + len(rows) * step, _LABELS + columns * step))
    for top, (_, pictures) in zip(tops, rows, strict=True):
        for left, picture in zip(lefts, pictures, strict=True):
            # A thin frame, since the ground of a picture is as white as the sheet.
            sheet[top - 1 : top + side + 1, left - 1 : left + side + 1] = _FRAME
            tile = np.kron(picture, np.ones((_ZOOM, _ZOOM)))
            sheet[top : top + side, left : left + side] = tile
    middle = side // 2
    title = ((_LABELS - _GAP, _HEAD // 2), corner, "rm")
    names = [
        ((_LABELS - _GAP, top + middle), name, "rm")
        for top, (name, _) in zip(tops, rows, strict=True)
    ]
    heads = [
        ((left + middle, _HEAD // 2), text, "mm")
        for left, text in zip(lefts, headings, strict=True)
    ]
    return np.minimum(sheet, _text(sheet.shape, [title, *names, *heads]))


def spread(quality: Array, columns: int) -> NDArray[np.int64]:
    """Return places spread evenly over the ranks by quality, at most `columns`, the best first."""
    ranks = np.round(np.linspace(0, len(quality) - 1, min(columns, len(quality)))).astype(int)
    places: NDArray[np.int64] = np.argsort(-quality, kind="stable")[ranks]
    return places


def fitted(estimates: Array, truths: Array) -> Array:
    """Scale every estimate to its truth, for display."""
    return np.clip(scale_aligned(estimates, truths), 0.0, 1.0)


def _text(shape: tuple[int, ...], texts: list[tuple[tuple[int, int], str, str]]) -> Array:
    """Return black texts on a white sheet: of each its place, itself, and which end is there."""
    from PIL import ImageDraw, ImageFont

    sheet = pillow().new("L", shape[::-1], 255)
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(size=_TEXT)
    for place, text, anchor in texts:
        draw.text(place, text, fill=0, font=font, anchor=anchor)
    return np.asarray(sheet) / 255
