"""Results as JSON."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np


class Findings:
    """The base of all results, which are frozen dataclasses."""

    def to_dict(self) -> dict[str, Any]:
        """Return everything as numbers, lists and dicts for JSON."""
        return {one.name: _plain(getattr(self, one.name)) for one in fields(self)}  # type: ignore[arg-type]


def _plain(value: Any) -> Any:
    if isinstance(value, Findings):
        return value.to_dict()
    if isinstance(value, np.ndarray | np.generic):
        return _plain(value.tolist())
    return [_plain(one) for one in value] if isinstance(value, list | tuple) else value
