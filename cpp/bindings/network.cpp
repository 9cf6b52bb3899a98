#include <memory>

#include "arrays.hpp"
#include "gendemod/network_pass.hpp"
#include "module.hpp"

namespace gendemod::bindings {
namespace {

template <class T>
using Network = ReLUNetwork<T>;

template <class T>
Network<T> from_arrays(const std::vector<Rows<T>>& arrays) {
  std::vector<OwnedMatrix<T>> weights;
  for (const auto& array : arrays) weights.push_back(column_major(view(array)));
  return Network<T>(std::move(weights));
}

template <class T>
Network<T> gaussian(const std::vector<Index>& dims, std::uint64_t seed, bool truncated) {
  return without_gil([&] {
    std::vector<OwnedMatrix<T>> weights;
    for (const auto& W : gaussian_weights(dims, seed, truncated)) {
      weights.emplace_back(W.template cast<T>());
    }
    return Network<T>(std::move(weights));
  });
}

/// Read-only arrays on the network's own memory, which they keep alive.
template <class T>
py::list weights(const py::object& self) {
  const auto& network = self.cast<const Network<T>&>();
  py::list out;
  for (Index i = 0; i < network.depth(); ++i) {
    const MatrixView<T> W = network.weight(i);
    const auto step = static_cast<py::ssize_t>(sizeof(T));
    py::array_t<T> array({W.rows(), W.cols()}, {step, step * W.rows()}, W.data(), self);
    array.attr("flags").attr("writeable") = false;
    out.append(array);
  }
  return out;
}

template <class T>
auto workspace(const Network<T>& network) {
  return [&network] { return NetworkPass<T>(network); };
}

template <class T>
Rows<T> forward(const Network<T>& network, const Rows<T>& z, int threads) {
  const auto z_view = view(z);
  auto out = allocate<T>({z_view.rows(), network.output_size()});
  T* data = out.mutable_data();
  for_each_row(z_view.rows(), threads, workspace(network), [&](NetworkPass<T>& pass, Index i) {
    pass.forward(z_view.row(i));
    row(data, i, network.output_size()) = pass.output();
  });
  return out;
}

template <class T>
std::vector<Rows<bool>> masks(const Network<T>& network, const Rows<T>& z, int threads) {
  const auto z_view = view(z);
  std::vector<Rows<bool>> out;
  std::vector<bool*> data;
  for (Index layer = 0; layer < network.depth(); ++layer) {
    out.push_back(allocate<bool>({z_view.rows(), network.weight(layer).rows()}));
    data.push_back(out.back().mutable_data());
  }
  for_each_row(z_view.rows(), threads, workspace(network), [&](NetworkPass<T>& pass, Index i) {
    pass.forward(z_view.row(i));
    for (Index layer = 0; layer < network.depth(); ++layer) {
      const Mask& mask = pass.mask(layer + 1);
      row(data[static_cast<std::size_t>(layer)], i, mask.size()) = mask.matrix();
    }
  });
  return out;
}

/// Column j of the piece is Lambda e_j.
template <class T>
Rows<T> linear_piece(const Network<T>& network, const Rows<T>& z, int threads) {
  const auto z_view = view(z);
  const Index ell = network.output_size(), n = network.input_size();
  auto out = allocate<T>({z_view.rows(), ell, n});
  T* data = out.mutable_data();
  for_each_row(z_view.rows(), threads, workspace(network), [&](NetworkPass<T>& pass, Index i) {
    using RowMajor = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
    Eigen::Map<RowMajor> piece(data + i * ell * n, ell, n);
    Vector<T> column(ell);
    pass.forward(z_view.row(i));
    for (Index j = 0; j < n; ++j) {
      pass.jacobian(Vector<T>::Unit(n, j), column);
      piece.col(j) = column;
    }
  });
  return out;
}

template <class T>
Rows<T> jvp(const Network<T>& network, const Rows<T>& z, const Rows<T>& v, int threads) {
  const auto z_view = view(z), v_view = view(v);
  auto out = allocate<T>({z_view.rows(), network.output_size()});
  T* data = out.mutable_data();
  for_each_row(z_view.rows(), threads, workspace(network), [&](NetworkPass<T>& pass, Index i) {
    Vector<T> product(network.output_size());
    pass.forward(z_view.row(i));
    pass.jacobian(v_view.row(i), product);
    row(data, i, network.output_size()) = product;
  });
  return out;
}

template <class T>
Rows<T> vjp(const Network<T>& network, const Rows<T>& z, const Rows<T>& r, int threads) {
  const auto z_view = view(z), r_view = view(r);
  auto out = allocate<T>({z_view.rows(), network.input_size()});
  T* data = out.mutable_data();
  for_each_row(z_view.rows(), threads, workspace(network), [&](NetworkPass<T>& pass, Index i) {
    Vector<T> product(network.input_size());
    pass.forward(z_view.row(i));
    pass.jacobian_transpose(r_view.row(i), product);
    row(data, i, network.input_size()) = product;
  });
  return out;
}

template <class T>
void add_network(py::module_& module, const char* name) {
  const auto z = py::arg("z").noconvert();
  const auto threads = py::arg("threads");
  py::class_<Network<T>>(module, name)
      .def(py::init(&from_arrays<T>), py::arg("weights").noconvert())
      .def_static("gaussian", &gaussian<T>, py::arg("dims"), py::arg("seed"), py::arg("truncated"))
      .def("weights", &weights<T>)
      .def("forward", &forward<T>, z, threads)
      .def("masks", &masks<T>, z, threads)
      .def("linear_piece", &linear_piece<T>, z, threads)
      .def("jvp", &jvp<T>, z, py::arg("v").noconvert(), threads)
      .def("vjp", &vjp<T>, z, py::arg("r").noconvert(), threads);
}

}  // namespace

void add_networks(py::module_& module) {
  add_network<float>(module, "Network32");
  add_network<double>(module, "Network64");
}

}  // namespace gendemod::bindings
