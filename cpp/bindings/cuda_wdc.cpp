#include <algorithm>

#include "arrays.hpp"
#include "deviation.hpp"
#include "great_circle.hpp"
#include "module.hpp"

/// The deviations of _core.cuda, and their suprema on great circles.
namespace gendemod::bindings {
namespace {

template <class T>
cuda::HostRows<T> rows_of(const Rows<T>& array) {
  const auto rows = view(array);
  return {rows.data(), rows.rows(), rows.cols()};
}

template <class T>
Rows<double> wdc_deviations(const Rows<T>& W, const Rows<T>& x, const Rows<T>& y, double alpha) {
  const Index count = std::max(row_count(x), row_count(y));
  auto out = allocate<double>({count});
  double* data = out.mutable_data();
  const auto W_rows = rows_of(W), x_rows = rows_of(x), y_rows = rows_of(y);
  without_gil([&] { cuda::deviations(W_rows, x_rows, y_rows, alpha, count, data); });
  return out;
}

template <class T>
Rows<double> wdc_joint_deviations(const Rows<T>& B, const Rows<T>& C, const Rows<T>& h,
                                  const Rows<T>& x, const Rows<T>& m, const Rows<T>& y,
                                  double alpha) {
  const Index count = std::max({row_count(h), row_count(x), row_count(m), row_count(y)});
  auto out = allocate<double>({count, 2});
  double* data = out.mutable_data();
  const auto B_rows = rows_of(B), C_rows = rows_of(C), h_rows = rows_of(h), x_rows = rows_of(x),
             m_rows = rows_of(m), y_rows = rows_of(y);
  without_gil([&] {
    cuda::joint_deviations(B_rows, C_rows, h_rows, x_rows, m_rows, y_rows, alpha, count, data);
  });
  return out;
}

Rows<double> circles(const Rows<double>& W, const Rows<double>& x, const Rows<double>& start,
                     const Rows<double>& tangent, bool through, double alpha) {
  const Index count = std::max({row_count(x), row_count(start), row_count(tangent)});
  auto out = allocate<double>({count, 3});
  double* data = out.mutable_data();
  const auto W_rows = rows_of(W), x_rows = rows_of(x), start_rows = rows_of(start),
             tangent_rows = rows_of(tangent);
  without_gil([&] {
    cuda::great_circles(W_rows, x_rows, start_rows, tangent_rows, through, alpha, count, data);
  });
  return out;
}

template <class T>
void add_deviations(py::module_& module, const char* name, const char* joint_name) {
  module.def(name, &wdc_deviations<T>, py::arg("W").noconvert(), py::arg("x").noconvert(),
             py::arg("y").noconvert(), py::arg("alpha"));
  module.def(joint_name, &wdc_joint_deviations<T>, py::arg("B").noconvert(),
             py::arg("C").noconvert(), py::arg("h").noconvert(), py::arg("x").noconvert(),
             py::arg("m").noconvert(), py::arg("y").noconvert(), py::arg("alpha"));
}

}  // namespace

void add_cuda_wdc(py::module_& cuda) {
  add_deviations<float>(cuda, "wdc_deviations32", "wdc_joint_deviations32");
  add_deviations<double>(cuda, "wdc_deviations64", "wdc_joint_deviations64");
  cuda.def("wdc_great_circles", &circles, py::arg("W").noconvert(), py::arg("x").noconvert(),
           py::arg("start").noconvert(), py::arg("tangent").noconvert(), py::arg("through"),
           py::arg("alpha"));
}

}  // namespace gendemod::bindings
