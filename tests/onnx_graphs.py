"""ONNX graphs of a few lines, and what they compute by ONNX's own definition."""

import numpy as np
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

node = helper.make_node


def model(nodes, constants, dims, *, output="y", inputs=("z",), outputs=None, kind="FLOAT"):
    """A model of nodes and named arrays, from rows `z` (k, n) to rows of `output` (k, ell)."""
    number = getattr(TensorProto, kind)
    ends = outputs or (output,)
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info(name, number, ["k", dims[0]]) for name in inputs],
        [helper.make_tensor_value_info(name, number, None) for name in ends],
        [numpy_helper.from_array(np.asarray(array), name) for name, array in constants.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def chain(weights):
    """relu(W_d ... relu(W_1 z)) as exporters write it: z W^T by MatMul."""
    nodes, value = [], "z"
    for i, _ in enumerate(weights, start=1):
        nodes += [
            node("MatMul", [value, f"B{i}"], [f"p{i}"]),
            node("Relu", [f"p{i}"], [f"z{i}"]),
        ]
        value = f"z{i}"
    constants = {f"B{i}": W.T for i, W in enumerate(weights, start=1)}
    kind = {"float16": "FLOAT16", "float32": "FLOAT", "float64": "DOUBLE"}[weights[0].dtype.name]
    return model(nodes, constants, (weights[0].shape[1],), output=value, kind=kind)


def saved(graph, path):
    path.write_bytes(graph.SerializeToString())
    return path


def computed(graph, z):
    """The rows that the graph makes of rows z, in their order."""
    (name,) = (value.name for value in graph.graph.input if value.name == "z")
    (out,) = ReferenceEvaluator(graph).run(None, {name: z})
    return np.asarray(out).reshape(len(z), -1)
