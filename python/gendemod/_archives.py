"""Files of plain arrays (``.npz``, ``.npy``), read without running code."""

from __future__ import annotations

import zipfile

import numpy as np

from ._arrays import Array, must


def read_archive(path: str, name: str, reason: str) -> dict[str, Array]:
    """Return the arrays of the archive at `path`; errors call it `name` and give the reason."""
    requirement = "be an .npz archive of plain arrays"
    with open(path, "rb") as file:
        if not zipfile.is_zipfile(file):
            raise ValueError(must(name, requirement, reason, f"{path} (not an archive)"))
        file.seek(0)
        try:
            archive = np.load(file, allow_pickle=False)
            if len(set(archive.files)) < len(archive.files):
                raise ValueError("two arrays of one name")
            arrays = {key: archive[key] for key in archive.files}
        # A damaged archive fails in as many ways as zipfile, its codecs and NumPy know.
        except Exception as error:
            got = f"{path} ({error or type(error).__name__})"
            raise ValueError(must(name, requirement, reason, got)) from None
    for key, array in arrays.items():
        if not isinstance(array, np.ndarray):
            raise ValueError(must(name, requirement, reason, f"{path} ({key} is no array)"))
    return arrays


def read_array(path: str, name: str, reason: str) -> Array:
    """Return the array of the ``.npy`` file at `path`, likewise."""
    with open(path, "rb") as file:
        try:
            array: Array = np.lib.format.read_array(file, allow_pickle=False)
        # A damaged file fails in as many ways as NumPy knows.
        except Exception as error:
            got = f"{path} ({error or type(error).__name__})"
            raise ValueError(must(name, "be a plain .npy array", reason, got)) from None
    return array
