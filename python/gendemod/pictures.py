"""Pictures as arrays: PNG, TIFF and NPY files, read and written.

PNG and TIFF need the extra ``gendemod[images]``; NPY needs NumPy alone.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._files import replacing

__all__ = ["SUFFIXES", "list_pictures", "pillow", "read_picture", "write_picture"]

Picture = NDArray[np.floating[Any]]

_TIFF = (".tif", ".tiff")
SUFFIXES = (".png", *_TIFF, ".npy")


def list_pictures(path: str | os.PathLike[str]) -> list[Path]:
    """Return the picture files that `path` names: the file itself, or a folder's, sorted by name.

    In a folder, files with other suffixes than those of `SUFFIXES`, hidden files and subfolders
    are left out.

    Raises
    ------
    FileNotFoundError
        If `path` does not exist.
    ValueError
        If `path` is a folder without a picture, or a file with another suffix.
    """
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(
            f"`path` must be a file or a folder because pictures are read from it; got {path}, "
            "which does not exist"
        )
    if path.is_file():
        _check_suffix(path)
        return [path]
    found = sorted(
        file
        for file in path.iterdir()
        if file.suffix.lower() in SUFFIXES and not file.name.startswith(".") and file.is_file()
    )
    if not found:
        raise ValueError(
            f"`path` must hold a picture ({', '.join(SUFFIXES)}) because there is nothing to do "
            f"otherwise; got the folder {path}"
        )
    return found


def read_picture(path: str | os.PathLike[str], *, finite: bool = True) -> Picture:
    """Read one picture as floating-point numbers.

    Parameters
    ----------
    path : path-like
        A PNG, TIFF (one page) or NPY file.
    finite : bool
        Whether NaN and infinite values are refused.

    Returns
    -------
    ndarray, shape (rows, cols) or (rows, cols, 3)
        Integers of 8 or 16 bits are divided by 255 or 65535 and become float64 in [0, 1], and
        booleans become 0 and 1. Floating-point values are returned as they are; half precision
        becomes float32.

    Raises
    ------
    ValueError
        If the file is empty, broken or of another kind; if the picture is neither grey nor of
        three channels, is transparent anywhere, or is not finite.
    OSError
        If the file cannot be opened.
    ImportError
        If a PNG or TIFF file is to be read without the extra ``gendemod[images]``.

    Notes
    -----
    An alpha channel that is opaque everywhere is dropped. PNG colours of 16 bits are read with
    8 bits a channel; TIFF and NPY keep all of them.
    """
    path = Path(path)
    _check_suffix(path)
    if path.stat().st_size == 0:
        raise ValueError(f"`path` must be a picture because it is read; got {path}, an empty file")
    suffix = path.suffix.lower()
    read = _read_npy if suffix == ".npy" else _read_tiff if suffix in _TIFF else _read_png
    try:
        raw = read(path)
    except (ImportError, PermissionError, MemoryError):
        raise
    except Exception as error:
        # The readers raise a dozen kinds of exception for a broken file.
        raise ValueError(
            f"`path` must be a readable {suffix[1:].upper()} file because it is read as a "
            f"picture; got {path} ({error})"
        ) from error
    picture = _to_float(_without_alpha(raw, path), path)
    if finite and not np.isfinite(picture).all():
        row, col = np.argwhere(~np.isfinite(picture))[0][:2]
        raise ValueError(
            "`path` must be a picture without NaN or infinite values because every pixel is "
            f"fitted; got {path}, whose pixel at row {row}, column {col} is not finite"
        )
    return picture


def write_picture(path: str | os.PathLike[str], picture: Picture) -> None:
    """Write one picture; the file appears whole or not at all.

    Parameters
    ----------
    path : path-like
        PNG is written with 8 bits a channel, 1 becoming 255; TIFF and NPY as floating-point
        numbers as they are (TIFF in float32).
    picture : ndarray, shape (rows, cols) or (rows, cols, 3)
        For PNG, values in [0, 1].

    Raises
    ------
    ValueError
        If the shape is another, or values for a PNG are not in [0, 1].
    ImportError
        If a PNG or TIFF file is to be written without the extra ``gendemod[images]``.
    """
    path = Path(path)
    _check_suffix(path)
    _check_shape(picture.shape, "picture", str(picture.shape))
    suffix = path.suffix.lower()
    if suffix == ".png" and not (np.min(picture) >= 0 and np.max(picture) <= 1):
        raise ValueError(
            "`picture` must lie in [0, 1] because a PNG file holds nothing else; got values from "
            f"{np.min(picture)} to {np.max(picture)}"
        )
    with replacing(path) as beside:
        if suffix == ".npy":
            np.save(beside, picture, allow_pickle=False)
        elif suffix in _TIFF:
            kind = "rgb" if picture.ndim == 3 else "minisblack"
            _tifffile().imwrite(beside, picture.astype(np.float32), photometric=kind)
        else:
            pillow().fromarray(np.rint(255 * picture).astype(np.uint8)).save(beside)


def _read_npy(path: Path) -> NDArray[Any]:
    array = np.load(path, allow_pickle=False)
    if not isinstance(array, np.ndarray):
        array.close()
        raise ValueError("an archive of several arrays")
    return array


def _read_png(path: Path) -> NDArray[Any]:
    with pillow().open(path, formats=["PNG"]) as image:
        if "transparency" in image.info:
            raise ValueError("one of its colours is transparent")
        opened = image.convert("RGB") if image.mode == "P" else image
        array = np.asarray(opened)
    # Pillow gives 16-bit grey as uint16 or, in older versions, as int32.
    return array.astype(np.uint16) if array.dtype == np.int32 else array


def _read_tiff(path: Path) -> NDArray[Any]:
    tifffile = _tifffile()
    with tifffile.TiffFile(path) as file:
        if len(file.pages) != 1:
            raise ValueError(f"{len(file.pages)} pages instead of one")
        page = file.pages[0].aspage()
        if page.photometric not in (tifffile.PHOTOMETRIC.MINISBLACK, tifffile.PHOTOMETRIC.RGB):
            raise ValueError(f"pixels neither black to white nor RGB: {page.photometric!r}")
        array: NDArray[Any] = page.asarray()
        planar = page.planarconfig == tifffile.PLANARCONFIG.SEPARATE
    return np.moveaxis(array, 0, -1) if planar and array.ndim == 3 else array


def _without_alpha(raw: NDArray[Any], path: Path) -> NDArray[Any]:
    """Drop an opaque alpha channel: the last of two or four channels of integers."""
    if raw.ndim != 3 or raw.shape[2] not in (2, 4) or raw.dtype.kind != "u":
        return raw
    if (raw[..., -1] != np.iinfo(raw.dtype).max).any():
        raise ValueError(
            "`path` must be an opaque picture because what a transparent pixel shows is not "
            f"defined; got {path}, with an alpha channel below its maximum"
        )
    return raw[..., 0] if raw.shape[2] == 2 else raw[..., :3]


def _to_float(raw: NDArray[Any], path: Path) -> Picture:
    _check_shape(raw.shape, "path", f"{path}, an array of shape {raw.shape}")
    raw = raw.astype(raw.dtype.newbyteorder("="), copy=False)
    if raw.dtype in (np.uint8, np.uint16):
        return raw / np.float64(np.iinfo(raw.dtype).max)
    if raw.dtype == np.bool_:
        return raw.astype(np.float64)
    if raw.dtype == np.float16:
        return raw.astype(np.float32)
    if raw.dtype in (np.float32, np.float64):
        return raw
    raise ValueError(
        "`path` must hold floating-point numbers, booleans or unsigned integers of 8 or 16 bits "
        f"because only their range is known; got {path}, of type {raw.dtype}"
    )


def _check_suffix(path: Path) -> None:
    if path.suffix.lower() not in SUFFIXES:
        raise ValueError(
            f"`path` must end in one of {', '.join(SUFFIXES)} because the suffix says the "
            f"format; got {path}"
        )


def _check_shape(shape: tuple[int, ...], name: str, got: str) -> None:
    if len(shape) not in (2, 3) or (len(shape) == 3 and shape[2] != 3) or 0 in shape:
        raise ValueError(
            f"`{name}` must be of shape (rows, cols) or (rows, cols, 3) because a picture is grey "
            f"or has three channels; got {got}"
        )


def pillow() -> Any:
    """Return the module that reads and writes PNG files, or raise naming the missing extra."""
    try:
        from PIL import Image
    except ImportError:
        raise ImportError("PNG files need scikit-image; install gendemod[images]") from None
    return Image


def _tifffile() -> Any:
    try:
        import tifffile
    except ImportError:
        raise ImportError("TIFF files need scikit-image; install gendemod[images]") from None
    return tifffile
