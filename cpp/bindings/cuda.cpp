#include "arrays.hpp"
#include "device.hpp"
#include "gendemod/relu_network.hpp"
#include "module.hpp"
#include "problem.hpp"

/// The submodule _core.cuda, siblings of _core's: the same names and arguments, less `threads`.
namespace gendemod::bindings {
namespace {

template <class T>
using DeviceNetwork = cuda::Network<T>;

template <class T>
DeviceNetwork<T> copy_to_device(const ReLUNetwork<T>& network) {
  return without_gil([&] {
    std::vector<cuda::HostMatrix<T>> weights;
    for (Index i = 0; i < network.depth(); ++i) {
      const MatrixView<T> W = network.weight(i);
      weights.push_back({W.data(), W.rows(), W.cols()});
    }
    return DeviceNetwork<T>(weights);
  });
}

template <class T>
Rows<T> forward(const DeviceNetwork<T>& network, const Rows<T>& z) {
  const auto z_view = view(z);
  auto out = allocate<T>({z_view.rows(), static_cast<Index>(network.output_size())});
  T* data = out.mutable_data();
  without_gil([&] { cuda::network_forward(network, z_view.data(), z_view.rows(), data); });
  return out;
}

template <class T>
Rows<T> jvp(const DeviceNetwork<T>& network, const Rows<T>& z, const Rows<T>& v) {
  const auto z_view = view(z), v_view = view(v);
  auto out = allocate<T>({z_view.rows(), static_cast<Index>(network.output_size())});
  T* data = out.mutable_data();
  without_gil(
      [&] { cuda::network_jacobian(network, z_view.data(), v_view.data(), z_view.rows(), data); });
  return out;
}

template <class T>
Rows<T> vjp(const DeviceNetwork<T>& network, const Rows<T>& z, const Rows<T>& r) {
  const auto z_view = view(z), r_view = view(r);
  auto out = allocate<T>({z_view.rows(), static_cast<Index>(network.input_size())});
  T* data = out.mutable_data();
  without_gil([&] {
    cuda::network_jacobian_transpose(network, z_view.data(), r_view.data(), z_view.rows(), data);
  });
  return out;
}

template <class T>
void add_network(py::module_& module, const char* name) {
  const auto z = py::arg("z").noconvert();
  py::class_<DeviceNetwork<T>>(module, name)
      .def(py::init(&copy_to_device<T>), py::arg("network"))
      .def("forward", &forward<T>, z)
      .def("jvp", &jvp<T>, z, py::arg("v").noconvert())
      .def("vjp", &vjp<T>, z, py::arg("r").noconvert());
}

template <class T>
using DeviceProblem = cuda::Problem<T>;

template <class T>
DeviceProblem<T> make_problem(const DeviceNetwork<T>& g1, const DeviceNetwork<T>& g2,
                              const Rows<T>& y, const Rows<T>& v) {
  const T *y_data = y.data(), *v_data = v.data();
  return without_gil([&] { return DeviceProblem<T>(g1, g2, y_data, v_data); });
}

template <class T>
Rows<double> objective(const DeviceProblem<T>& model, const Rows<T>& h, const Rows<T>& m) {
  const auto h_view = view(h), m_view = view(m);
  auto out = allocate<double>({h_view.rows()});
  double* data = out.mutable_data();
  without_gil([&] { model.objective(h_view.data(), m_view.data(), h_view.rows(), data); });
  return out;
}

template <class T>
auto gradients(const DeviceProblem<T>& model, const Rows<T>& h, const Rows<T>& m) {
  const auto h_view = view(h), m_view = view(m);
  auto h_out = allocate<T>({h_view.rows(), h_view.cols()});
  auto m_out = allocate<T>({m_view.rows(), m_view.cols()});
  T *h_data = h_out.mutable_data(), *m_data = m_out.mutable_data();
  without_gil(
      [&] { model.gradients(h_view.data(), m_view.data(), h_view.rows(), h_data, m_data); });
  return std::make_pair(h_out, m_out);
}

template <class T>
Rows<int> best_signs(const DeviceProblem<T>& model, const Rows<T>& h, const Rows<T>& m) {
  const auto h_view = view(h), m_view = view(m);
  auto out = allocate<int>({h_view.rows(), 2});
  int* data = out.mutable_data();
  without_gil([&] { model.best_signs(h_view.data(), m_view.data(), h_view.rows(), data); });
  return out;
}

template <class T>
void add_problem(py::module_& module, const char* name) {
  const auto h = py::arg("h").noconvert(), m = py::arg("m").noconvert();
  py::class_<DeviceProblem<T>>(module, name)
      .def(py::init(&make_problem<T>), py::arg("g1"), py::arg("g2"), py::arg("y").noconvert(),
           py::arg("y_weights").noconvert(), py::keep_alive<1, 2>(), py::keep_alive<1, 3>())
      .def("objective", &objective<T>, h, m)
      .def("gradients", &gradients<T>, h, m)
      .def("best_signs", &best_signs<T>, h, m);
}

py::dict device() {
  const cuda::DeviceInfo info = cuda::device_info();
  py::dict out;
  out["name"] = info.name;
  out["driver"] = info.driver;
  out["compute_capability"] = info.compute_capability;
  out["total_bytes"] = info.total_bytes;
  out["free_bytes"] = info.free_bytes;
  return out;
}

}  // namespace

void add_cuda(py::module_& core) {
  py::module_ module = core.def_submodule("cuda");
  py::register_exception<cuda::DeviceError>(module, "DeviceError", PyExc_RuntimeError);
  py::register_exception<cuda::OutOfMemory>(module, "OutOfMemory", PyExc_MemoryError);
  module.attr("build") = GENDEMOD_CUDA;
  module.def("why_no_device", &cuda::why_no_device);
  module.def("device", &device);
  add_network<float>(module, "Network32");
  add_network<double>(module, "Network64");
  add_problem<float>(module, "Problem32");
  add_problem<double>(module, "Problem64");
  add_cuda_normal_equations(module);
  add_cuda_pieces(module);
  add_cuda_solvers(module);
  add_cuda_wdc(module);
}

}  // namespace gendemod::bindings
