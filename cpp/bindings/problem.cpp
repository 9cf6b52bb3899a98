#include <utility>

#include "arrays.hpp"
#include "gendemod/product_model.hpp"
#include "module.hpp"

namespace gendemod::bindings {
namespace {

/// Both networks at the latents of one row, with the vectors that the products need.
template <class T>
struct Workspace {
  explicit Workspace(const ProductModel<T>& model)
      : pass_h(model.g1()), pass_m(model.g2()), seed(model.g1().output_size()) {
    gradient_h.setZero(model.g1().input_size());
    gradient_m.setZero(model.g2().input_size());
  }
  NetworkPass<T> pass_h, pass_m;
  Vector<T> seed, gradient_h, gradient_m;
};

template <class T>
auto workspace(const ProductModel<T>& model) {
  return [&model] { return Workspace<T>(model); };
}

template <class T>
ProductModel<T> make_problem(const ReLUNetwork<T>& g1, const ReLUNetwork<T>& g2, const Rows<T>& y,
                             const Rows<T>& v) {
  return ProductModel<T>(g1, g2, {y.data(), static_cast<Index>(y.size())},
                         {v.data(), static_cast<Index>(v.size())});
}

template <class T>
Rows<double> objective(const ProductModel<T>& model, const Rows<T>& h, const Rows<T>& m,
                       int threads) {
  const auto h_view = view(h), m_view = view(m);
  auto out = allocate<double>({h_view.rows()});
  double* data = out.mutable_data();
  for_each_row(h_view.rows(), threads, workspace(model), [&](Workspace<T>& at, Index i) {
    at.pass_h.forward(h_view.row(i));
    at.pass_m.forward(m_view.row(i));
    data[i] = model.objective(at.pass_h.output(), at.pass_m.output());
  });
  return out;
}

/// The gradients at passes that stand at (h, m), with the masks that they have.
template <class T>
void pull_back(const ProductModel<T>& model, Workspace<T>& at) {
  const Vector<T>&w = at.pass_h.output(), &x = at.pass_m.output();
  model.gradient_seed(0, w.size(), w.data(), x.data(), x.data(), at.seed.data());
  at.pass_h.jacobian_transpose(at.seed, at.gradient_h);
  model.gradient_seed(0, w.size(), w.data(), x.data(), w.data(), at.seed.data());
  at.pass_m.jacobian_transpose(at.seed, at.gradient_m);
}

/// Both gradients at every row; move(workspace, i) brings the passes to row i.
template <class T, class Move>
std::pair<Rows<T>, Rows<T>> gradients_at(const ProductModel<T>& model, Index count, int threads,
                                         Move move) {
  const Index n = model.g1().input_size(), p = model.g2().input_size();
  auto out_h = allocate<T>({count, n});
  auto out_m = allocate<T>({count, p});
  T* data_h = out_h.mutable_data();
  T* data_m = out_m.mutable_data();
  for_each_row(count, threads, workspace(model), [&](Workspace<T>& at, Index i) {
    move(at, i);
    pull_back(model, at);
    row(data_h, i, n) = at.gradient_h;
    row(data_m, i, p) = at.gradient_m;
  });
  return {out_h, out_m};
}

template <class T>
auto gradients(const ProductModel<T>& model, const Rows<T>& h, const Rows<T>& m, int threads) {
  const auto h_view = view(h), m_view = view(m);
  return gradients_at(model, h_view.rows(), threads, [&](Workspace<T>& at, Index i) {
    at.pass_h.forward(h_view.row(i));
    at.pass_m.forward(m_view.row(i));
  });
}

template <class T>
auto one_sided_gradients(const ProductModel<T>& model, const Rows<T>& h, const Rows<T>& m,
                         const Rows<T>& dh, const Rows<T>& dm, int threads) {
  const auto h_view = view(h), m_view = view(m), dh_view = view(dh), dm_view = view(dm);
  return gradients_at(model, h_view.rows(), threads, [&](Workspace<T>& at, Index i) {
    at.pass_h.forward_along(h_view.row(i), dh_view.row(i));
    at.pass_m.forward_along(m_view.row(i), dm_view.row(i));
  });
}

template <class T>
Rows<double> directional_derivative(const ProductModel<T>& model, const Rows<T>& h,
                                    const Rows<T>& m, const Rows<T>& dh, const Rows<T>& dm,
                                    int threads) {
  const auto h_view = view(h), m_view = view(m), dh_view = view(dh), dm_view = view(dm);
  auto out = allocate<double>({h_view.rows()});
  double* data = out.mutable_data();
  for_each_row(h_view.rows(), threads, workspace(model), [&](Workspace<T>& at, Index i) {
    at.pass_h.forward_along(h_view.row(i), dh_view.row(i));
    at.pass_m.forward_along(m_view.row(i), dm_view.row(i));
    data[i] = model.derivative(at.pass_h.output(), at.pass_m.output(), at.pass_h.tangent(),
                               at.pass_m.tangent());
  });
  return out;
}

template <class T>
Rows<int> best_signs(const ProductModel<T>& model, const Rows<T>& h, const Rows<T>& m,
                     int threads) {
  const auto h_view = view(h), m_view = view(m);
  auto out = allocate<int>({h_view.rows(), 2});
  int* data = out.mutable_data();
  for_each_row(h_view.rows(), threads, workspace(model), [&](Workspace<T>& at, Index i) {
    NetworkPass<T> negative_h(model.g1()), negative_m(model.g2());
    at.pass_h.forward(h_view.row(i));
    at.pass_m.forward(m_view.row(i));
    negative_h.forward(-h_view.row(i));
    negative_m.forward(-m_view.row(i));
    const int best = best_sign_pair(model, at.pass_h.output(), negative_h.output(),
                                    at.pass_m.output(), negative_m.output());
    data[2 * i] = sign_pairs[best][0];
    data[2 * i + 1] = sign_pairs[best][1];
  });
  return out;
}

template <class T>
void add_problem(py::module_& module, const char* name) {
  using Model = ProductModel<T>;
  const auto h = py::arg("h").noconvert(), m = py::arg("m").noconvert();
  const auto dh = py::arg("dh").noconvert(), dm = py::arg("dm").noconvert();
  const auto threads = py::arg("threads");
  py::class_<Model>(module, name)
      .def(py::init(&make_problem<T>), py::arg("g1"), py::arg("g2"), py::arg("y").noconvert(),
           py::arg("y_weights").noconvert(), py::keep_alive<1, 2>(), py::keep_alive<1, 3>())
      .def("objective", &objective<T>, h, m, threads)
      .def("gradients", &gradients<T>, h, m, threads)
      .def("one_sided_gradients", &one_sided_gradients<T>, h, m, dh, dm, threads)
      .def("directional_derivative", &directional_derivative<T>, h, m, dh, dm, threads)
      .def("best_signs", &best_signs<T>, h, m, threads);
}

}  // namespace

void add_problems(py::module_& module) {
  add_problem<float>(module, "Problem32");
  add_problem<double>(module, "Problem64");
}

}  // namespace gendemod::bindings
