"""The MNIST handwritten digits, from a folder or downloaded, as in the paper's experiment."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .. import _arrays
from ._idx import Bytes, entries, unpacked
from ._resize import enlarged
from ._types import Integers

#: The environment variable that names the folder where no other is named.
FOLDER = "GENDEMOD_MNIST"
MIRROR = "https://ossci-datasets.s3.amazonaws.com/mnist/"


class File(NamedTuple):
    """A file of MNIST: its shape, and the SHA-256 of its contents and of the published archive.

    A folder's files are known by their contents, since archives are often packed again.
    """

    name: str
    shape: tuple[int, ...]
    contents: str
    archive: str


FILES = {
    "train": (
        File(
            "train-images-idx3-ubyte",
            (60000, 28, 28),
            "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
            "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
        ),
        File(
            "train-labels-idx1-ubyte",
            (60000,),
            "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
            "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
        ),
    ),
    "test": (
        File(
            "t10k-images-idx3-ubyte",
            (10000, 28, 28),
            "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
            "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
        ),
        File(
            "t10k-labels-idx1-ubyte",
            (10000,),
            "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
            "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
        ),
    ),
}


def mnist(
    folder: str | os.PathLike[str] | None = None, *, part: str = "train", size: int = 64
) -> tuple[NDArray[np.float32], Integers]:
    """Return the handwritten digits of MNIST, dark on white, enlarged.

    The 28 x 28 pictures are enlarged bilinearly and inverted, ``1 - digit / 255``, so that the
    ground is white, as in the paper's experiment.

    Parameters
    ----------
    folder : path-like, optional
        Of the four IDX files, plain or gzipped, under their usual names
        (``train-images-idx3-ubyte``, ``train-images.idx3-ubyte``, with or without ``.gz``). None:
        the folder that the environment variable ``GENDEMOD_MNIST`` names; without that, the files
        are downloaded once, 12 MB, into pooch's cache.
    part : "train" or "test"
        The 60,000 training pictures or the 10,000 test pictures.
    size : int
        Rows and columns of a picture, at least 28.

    Returns
    -------
    images : ndarray of float32, shape (count, size * size)
        One picture a row, values in [0, 1].
    labels : ndarray of int64, shape (count,)
        The digit that each picture shows, 0 to 9.

    Raises
    ------
    TypeError
        If `folder` is no path or `size` is not an integer.
    ValueError
        If a file is broken or its SHA-256 is not that of MNIST, if `part` is another word, or if
        `size` is smaller than 28.
    FileNotFoundError
        If the folder or one of its files is missing.
    OSError
        If the files cannot be downloaded.
    ImportError
        If scikit-image or, for the download, pooch is missing.

    Notes
    -----
    float32, because the pixels have 8 bits and networks train in float32: the training pictures
    at 64 x 64 take 1 GB, and would take 2 GB in float64. Other IDX files are read by `idx`.

    References
    ----------
    LeCun, Cortes, Burges, "The MNIST database of handwritten digits".
    """
    if part not in ("train", "test"):
        reason = "MNIST has these two parts"
        raise ValueError(_arrays.must("part", 'be "train" or "test"', reason, repr(part)))
    size = _arrays.integer(size, "size", 28, "the digits are 28 by 28 pictures, to be enlarged")
    ink, labels = (_read(file, folder) for file in FILES[part])
    images = enlarged(ink.astype(np.float32) / np.float32(255), size)
    return np.subtract(1, images, out=images), labels.astype(np.int64)


def _read(file: File, folder: str | os.PathLike[str] | None) -> Bytes:
    """Return the array of one file, which must be the one of MNIST."""
    name = "folder" if folder is not None else FOLDER
    where = folder if folder is not None else os.environ.get(FOLDER) or None
    path = (
        _downloaded(file) if where is None else _found(file, Path(_arrays.path(where, name)), name)
    )
    contents = unpacked(path, name, file.shape)
    found = hashlib.sha256(contents).hexdigest()
    if found != file.contents:
        requirement = f"hold MNIST, unpacked with the SHA-256 {file.contents},"
        reason, got = "results are compared", f"{path}, unpacked with {found}"
        raise ValueError(_arrays.must(name, requirement, reason, got))
    return entries(contents)


def _found(file: File, folder: Path, name: str) -> Path:
    """Return the path of a file in `folder`, by one of its names."""
    if not folder.is_dir():
        reason, got = "MNIST is read from it", f"{folder}, which is none"
        raise FileNotFoundError(_arrays.must(name, "be a folder", reason, got))
    for stem in (file.name, file.name.replace("-idx", ".idx")):
        for suffix in ("", ".gz"):
            if (folder / f"{stem}{suffix}").is_file():
                return folder / f"{stem}{suffix}"
    requirement = f"hold {file.name} or {file.name}.gz"
    raise FileNotFoundError(_arrays.must(name, requirement, "MNIST is read from it", folder))


def _downloaded(file: File) -> Path:
    """Return the path of a file in pooch's cache, downloaded at the first time."""
    try:
        import pooch
    except ImportError:
        raise ImportError(
            "downloading MNIST needs pooch; install gendemod[demo] or name a folder"
        ) from None
    archive = f"{file.name}.gz"
    cache, sha256 = pooch.os_cache("gendemod"), f"sha256:{file.archive}"
    try:
        return Path(pooch.retrieve(MIRROR + archive, sha256, fname=archive, path=cache))
    except (OSError, ValueError) as error:
        kind = ValueError if isinstance(error, ValueError) else OSError
        reason = f"the published file cannot be had from {MIRROR}{archive}"
        raise kind(_arrays.must("folder", "be named", reason, error)) from None
