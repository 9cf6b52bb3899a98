"""Generators from and to the files of other frameworks, none of which is needed.

``load_safetensors`` and ``save_safetensors`` need the extra ``safetensors``, ``load_onnx`` the
extra ``onnx``. What is read are arrays and names of operators: no code runs, whatever the file.
"""

from ._onnx import load_onnx
from ._safetensors import load_safetensors, save_safetensors

__all__ = ["load_onnx", "load_safetensors", "save_safetensors"]
