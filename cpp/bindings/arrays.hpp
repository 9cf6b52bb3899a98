#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <vector>

#include "gendemod/parallel.hpp"
#include "gendemod/types.hpp"

/// How arrays cross: views on NumPy's memory, never copies. Every bound function views its inputs,
/// lets NumPy allocate the output, and works without the GIL. Arguments of these types are bound
/// with noconvert(), so that an array of another dtype or order is refused instead of copied.
namespace gendemod::bindings {

namespace py = pybind11;

/// C-contiguous rows; the Python door makes every argument two-dimensional.
template <class T>
using Rows = py::array_t<T, py::array::c_style>;

template <class T>
Index row_count(const Rows<T>& array) {
  return static_cast<Index>(array.shape(0));
}

template <class T>
RowMajorView<T> view(const Rows<T>& array) {
  return {array.data(), row_count(array), static_cast<Index>(array.shape(1))};
}

/// A new array of NumPy's.
template <class T>
Rows<T> allocate(std::vector<Index> shape) {
  return Rows<T>(std::vector<py::ssize_t>(shape.begin(), shape.end()));
}

/// Row i of an output that is (rows, size).
template <class T>
Eigen::Map<Vector<T>> row(T* data, Index i, Index size) {
  return {data + i * size, size};
}

/// Runs body() without the GIL.
template <class Body>
auto without_gil(Body body) {
  const py::gil_scoped_release release;
  return body();
}

/// Without the GIL, runs body(workspace, i) for every row i; make() builds a thread's workspace.
template <class Make, class Body>
void for_each_row(Index count, int threads, Make make, Body body) {
  without_gil([&] { parallel_for_with(count, threads, make, body); });
}

}  // namespace gendemod::bindings
