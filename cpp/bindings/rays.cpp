#include "arrays.hpp"
#include "gendemod/check.hpp"
#include "gendemod/ray_gradients.hpp"
#include "module.hpp"

namespace gendemod::bindings {
namespace {

py::tuple gradients_on_rays(const ReLUNetwork<double>& network, const Rows<double>& z,
                            const Rows<std::int32_t>& layer, const Rows<std::int32_t>& units,
                            const Rows<double>& x, const Rows<double>& y, int threads) {
  const auto z_view = view(z), x_view = view(x);
  const Pins pins{layer.data(), units.data(), static_cast<Index>(units.shape(1))};
  check_size("layer", static_cast<Index>(layer.size()), z_view.rows());
  check_size("units", row_count(units), z_view.rows());
  const std::vector<Index> shape{z_view.rows(), x_view.rows(), z_view.cols() + pins.count};
  auto u = allocate<double>(shape), v = allocate<double>(shape);
  auto regular = allocate<bool>({z_view.rows()});
  double *u_data = u.mutable_data(), *v_data = v.mutable_data();
  bool* regular_data = regular.mutable_data();
  const VectorView<double> y_view(y.data(), static_cast<Index>(y.size()));
  without_gil([&] {
    ray_gradients(network, z_view, pins, x_view, y_view, threads, u_data, v_data, regular_data);
  });
  return py::make_tuple(u, v, regular);
}

}  // namespace

void add_rays(py::module_& module) {
  module.def("ray_gradients", &gradients_on_rays, py::arg("network"), py::arg("z").noconvert(),
             py::arg("layer").noconvert(), py::arg("units").noconvert(), py::arg("x").noconvert(),
             py::arg("y").noconvert(), py::arg("threads"));
}

}  // namespace gendemod::bindings
