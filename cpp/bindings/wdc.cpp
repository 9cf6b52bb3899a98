#include <tuple>

#include "arrays.hpp"
#include "gendemod/deviation.hpp"
#include "gendemod/great_circle.hpp"
#include "gendemod/wdc_bound.hpp"
#include "gendemod/wdc_exact.hpp"
#include "gendemod/wdc_search.hpp"
#include "module.hpp"

namespace gendemod::bindings {
namespace {

template <class T>
Rows<double> wdc_deviations(const Rows<T>& W, const Rows<T>& x, const Rows<T>& y, double alpha,
                            int threads) {
  const Index count = std::max(row_count(x), row_count(y));
  auto out = allocate<double>({count});
  double* data = out.mutable_data();
  const auto W_view = view(W), x_view = view(x), y_view = view(y);
  without_gil(
      [&] { deviations(MaskedGram<T>(W_view), x_view, y_view, alpha, threads, count, data); });
  return out;
}

template <class T>
Rows<double> wdc_joint_deviations(const Rows<T>& B, const Rows<T>& C, const Rows<T>& h,
                                  const Rows<T>& x, const Rows<T>& m, const Rows<T>& y,
                                  double alpha, int threads) {
  const Index count =
      std::max(std::max(row_count(h), row_count(x)), std::max(row_count(m), row_count(y)));
  auto out = allocate<double>({count, 2});
  double* data = out.mutable_data();
  const auto B_view = view(B), C_view = view(C), h_view = view(h), x_view = view(x),
             m_view = view(m), y_view = view(y);
  without_gil([&] {
    joint_deviations(MaskedGram<T>(B_view), MaskedGram<T>(C_view), h_view, x_view, m_view, y_view,
                     alpha, threads, count, data);
  });
  return out;
}

py::tuple as_tuple(const Witness& found) {
  const auto vector = [](const Eigen::VectorXd& z) {
    return Rows<double>(static_cast<py::ssize_t>(z.size()), z.data());
  };
  return py::make_tuple(found.value, vector(found.x), vector(found.y));
}

py::tuple exact(const Rows<double>& W, double alpha) {
  const auto W_view = view(W);
  const Enclosed found = without_gil([&] { return wdc_exact(W_view, alpha); });
  return py::make_tuple(as_tuple(found.lower), found.upper);
}

Rows<double> circles(const Rows<double>& W, const Rows<double>& x, const Rows<double>& start,
                     const Rows<double>& tangent, bool through, double alpha, int threads) {
  const Index count = std::max(std::max(row_count(x), row_count(start)), row_count(tangent));
  auto out = allocate<double>({count, 3});
  double* data = out.mutable_data();
  const auto W_view = view(W), x_view = view(x), start_view = view(start),
             tangent_view = view(tangent);
  without_gil([&] {
    great_circles(MaskedGram<double>(W_view), x_view, start_view, tangent_view, through, alpha,
                  threads, count, data);
  });
  return out;
}

template <class T>
void add_deviations(py::module_& module, const char* name, const char* joint_name) {
  module.def(name, &wdc_deviations<T>, py::arg("W").noconvert(), py::arg("x").noconvert(),
             py::arg("y").noconvert(), py::arg("alpha"), py::arg("threads"));
  module.def(joint_name, &wdc_joint_deviations<T>, py::arg("B").noconvert(),
             py::arg("C").noconvert(), py::arg("h").noconvert(), py::arg("x").noconvert(),
             py::arg("m").noconvert(), py::arg("y").noconvert(), py::arg("alpha"),
             py::arg("threads"));
}

}  // namespace

void add_wdc(py::module_& module) {
  add_deviations<float>(module, "wdc_deviations32", "wdc_joint_deviations32");
  add_deviations<double>(module, "wdc_deviations64", "wdc_joint_deviations64");
  py::class_<WdcSearch>(module, "WdcSearch")
      .def(py::init([](const Rows<double>& W, double alpha, std::uint64_t seed) {
             return std::make_unique<WdcSearch>(view(W), alpha, seed);
           }),
           py::arg("W").noconvert(), py::arg("alpha"), py::arg("seed"), py::keep_alive<1, 2>())
      .def_property_readonly_static("climb_length",
                                    [](const py::object&) { return WdcClimb::most_steps; })
      .def("run", &WdcSearch::run, py::arg("climbs"), py::arg("threads"), py::arg("seconds"),
           py::call_guard<py::gil_scoped_release>())
      .def("done", &WdcSearch::climbs_done)
      .def("best", [](WdcSearch& search) { return as_tuple(search.best()); });
  module.def("wdc_great_circles", &circles, py::arg("W").noconvert(), py::arg("x").noconvert(),
             py::arg("start").noconvert(), py::arg("tangent").noconvert(), py::arg("through"),
             py::arg("alpha"), py::arg("threads"));
  using Bytes = Rows<std::uint8_t>;
  py::class_<WdcBound>(module, "WdcBound")
      .def(py::init([](const Rows<double>& W, double alpha, double tolerance, const Rows<double>& x,
                       const Rows<double>& y, const Bytes& tree) {
             const auto W_view = view(W);
             const PairCodes codes(tree.data(), tree.data() + tree.size());
             return without_gil([&] {
               return std::make_unique<WdcBound>(W_view, alpha, tolerance, x.data(), y.data(),
                                                 codes);
             });
           }),
           py::arg("W").noconvert(), py::arg("alpha"), py::arg("tolerance"),
           py::arg("x").noconvert(), py::arg("y").noconvert(), py::arg("tree").noconvert(),
           py::keep_alive<1, 2>())
      .def_property_readonly_static("most_columns",
                                    [](const py::object&) { return most_cone_columns; })
      .def("run", &WdcBound::run, py::arg("most_pairs"), py::arg("threads"), py::arg("seconds"),
           py::call_guard<py::gil_scoped_release>())
      .def("done", &WdcBound::pairs_done)
      .def("lower", [](const WdcBound& bound) { return as_tuple(bound.lower()); })
      .def("upper", &WdcBound::upper)
      .def("tree", [](const WdcBound& bound) {
        const auto codes = without_gil([&] { return bound.tree(); });
        return Bytes(static_cast<py::ssize_t>(codes.size()), codes.data());
      });
  module.def("wdc_exact", &exact, py::arg("W").noconvert(), py::arg("alpha"));
}

}  // namespace gendemod::bindings
