"""Flat tables of numbers, words and lists as TOML, which Python reads and does not write."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

Plain = str | int | float | Sequence["Plain"]


def document(plain: Mapping[str, Plain], tables: Mapping[str, Mapping[str, Plain]]) -> str:
    """Return the text of some keys, and of some tables."""
    parts = [_lines(plain)]
    parts += [f"[{name}]\n{_lines(table)}" for name, table in tables.items() if table]
    return "\n".join(parts)


def _lines(table: Mapping[str, Plain]) -> str:
    return "".join(f"{name} = {_value(value)}\n" for name, value in table.items())


def _value(value: Plain) -> str:
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, int | float):
        return repr(value)
    return "[" + ", ".join(map(_value, value)) + "]"
