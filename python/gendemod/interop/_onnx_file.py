"""ONNX files as plain Python: constants as arrays, nodes as names and attributes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .._arrays import Array, must
from .._weights import REASON

_STANDARD = ("", "ai.onnx")  # the domain of ONNX's own operators


@dataclass(frozen=True)
class Node:
    """One operator, and the names of what it takes and makes."""

    operator: str
    inputs: list[str]
    outputs: list[str]
    attributes: Mapping[str, Any]


@dataclass(frozen=True)
class Graph:
    """Nodes, each after those whose outputs it takes."""

    inputs: list[str]
    outputs: list[str]
    batch: int  # rows of the first input; 0 where that is not said
    width: int  # of the first input, without the axis of the batch; 0 where it is not said
    constants: Mapping[str, Array]
    nodes: list[Node]


def read_graph(path: str) -> Graph:
    """Return the graph of the file at `path`; nothing of it is run."""
    try:
        import onnx
    except ImportError:
        raise ImportError("ONNX files need onnx; install gendemod[onnx]") from None
    with open(path, "rb") as file:
        content = file.read()
    try:
        return _graph(onnx.load_model_from_string(content), Path(path).parent.resolve())
    # A damaged model fails in as many ways as protobuf and NumPy know.
    except Exception as error:
        got = f"{path} ({error or type(error).__name__})"
        raise ValueError(must("path", "be an ONNX model", REASON, got)) from None


def _graph(model: Any, folder: Path) -> Graph:
    graph = model.graph
    if not graph.node or not model.opset_import:
        raise ValueError("it is empty or cut short")
    if model.functions:
        raise ValueError("it defines functions of its own")
    constants = {tensor.name: _array(tensor, folder) for tensor in graph.initializer}
    # Old files list the initializers among the inputs, too.
    inputs = [value for value in graph.input if value.name not in constants]
    batch, width = _sizes(inputs[0]) if inputs else (0, 0)
    return Graph(
        inputs=[value.name for value in inputs],
        outputs=[value.name for value in graph.output],
        batch=batch,
        width=width,
        constants=constants,
        nodes=[_node(node, folder) for node in graph.node],
    )


def _sizes(value: Any) -> tuple[int, int]:
    """Return k and n of a batch (k, n), or 0 and n of a vector (n,); 0 where one is not said."""
    sizes = [dimension.dim_value for dimension in value.type.tensor_type.shape.dim]
    return (sizes[0] if sizes[1:] else 0), math.prod(sizes[1:] or sizes or [0])


def _node(node: Any, folder: Path) -> Node:
    inputs = list(node.input)
    while inputs and not inputs[-1]:  # an empty name stands for what is left out
        inputs.pop()
    standard = node.domain in _STANDARD
    return Node(
        operator=node.op_type if standard else f"{node.domain}.{node.op_type}",
        inputs=inputs,
        outputs=list(node.output),
        attributes={item.name: _attribute(item, folder) for item in node.attribute},
    )


def _attribute(attribute: Any, folder: Path) -> Any:
    from onnx.helper import get_attribute_value

    value = get_attribute_value(attribute)
    return _array(value, folder) if attribute.type == attribute.TENSOR else value


def _array(tensor: Any, folder: Path) -> Array:
    from onnx.numpy_helper import to_array

    if tensor.data_location == tensor.EXTERNAL:
        tensor.raw_data = _external(tensor, folder)
        tensor.data_location = tensor.DEFAULT
    array: Array = to_array(tensor)
    return array


def _external(tensor: Any, folder: Path) -> bytes:
    """Return the bytes of a tensor that lie in a file of the model's folder, and of no other."""
    entries = {entry.key: entry.value for entry in tensor.external_data}
    name = entries.get("location", "")
    place = (folder / name).resolve()
    if place.parent != folder or not place.is_file():
        raise ValueError(f"{tensor.name} is in {name!r}, which is no file of the same folder")
    with open(place, "rb") as file:
        file.seek(int(entries.get("offset", 0)))
        return file.read(int(entries.get("length", -1)))
