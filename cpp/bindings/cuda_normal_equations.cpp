#include <numeric>
#include <tuple>

#include "arrays.hpp"
#include "gram.hpp"
#include "module.hpp"
#include "normal_equations.hpp"
#include "pieces.hpp"

/// Gram matrices and damped steps on the device, with arrays of the host: how tests look at them.
namespace gendemod::bindings {
namespace {

template <class U>
cuda::Array<U> enter(cuda::Queue& queue, const U* host, py::ssize_t size) {
  cuda::Array<U> out(static_cast<std::size_t>(size));
  out.upload(queue, host);
  return out;
}

cuda::Array<int> ones(cuda::Queue& queue, Index count) {
  const std::vector<int> host(static_cast<std::size_t>(count), 1);
  auto out = enter(queue, host.data(), count);
  queue.wait();
  return out;
}

/// [J | r]^T [J | r] for rows of y, at rows (h / c, c m): (problems, cols + 1, cols + 1), of which
/// entries [:, i, j] with i <= j are set.
template <class T>
Rows<double> gram(const cuda::Network<T>& g1, const cuda::Network<T>& g2, const Rows<T>& y,
                  const Rows<T>& v, const Rows<T>& h, const Rows<T>& m, const Rows<double>& c) {
  const Index problems = row_count(y), ell = g1.output_size();
  const Index cols = g1.input_size() + g2.input_size();
  cuda::Queue queue;
  const cuda::Observations<T> observations(queue, y.data(), problems, v.data(), row_count(v), ell);
  std::vector<int> numbers(static_cast<std::size_t>(problems));
  std::iota(numbers.begin(), numbers.end(), 0);
  const auto observation = enter(queue, numbers.data(), problems);
  const auto latents_h = enter(queue, h.data(), h.size());
  const auto latents_m = enter(queue, m.data(), m.size());
  const auto balance = enter(queue, c.data(), c.size());
  const auto active = ones(queue, problems);
  const cuda::ProductModel<T> model = observations.model(observation.data());
  cuda::Pieces<T> pieces_h(queue, g1, problems), pieces_m(queue, g2, problems);
  pieces_h.jump(latents_h.data(), active.data());
  pieces_m.jump(latents_m.data(), active.data());
  cuda::NormalEquations equations(queue, problems, cols, model.tiles());
  equations.form(cuda::Linearisation<T>{model, pieces_h.piece(0), pieces_m.piece(0),
                                        pieces_h.piece_stride(), pieces_m.piece_stride(),
                                        pieces_h.outputs(), pieces_m.outputs(), balance.data()},
                 active.data());
  auto out = allocate<double>({problems, cols + 1, cols + 1});
  equations.gram().download(queue, out.mutable_data());
  return out;
}

/// The steps of such matrices, what they promise, and where there is one.
std::tuple<Rows<double>, Rows<double>, Rows<int>> damped_steps(const Rows<double>& matrices,
                                                               const Rows<double>& damping,
                                                               const Rows<double>& along) {
  const Index problems = row_count(matrices), cols = static_cast<Index>(matrices.shape(1)) - 1;
  cuda::Queue queue;
  cuda::NormalEquations equations(queue, problems, cols, 1);
  equations.gram().upload(queue, matrices.data());
  const auto mu = enter(queue, damping.data(), damping.size());
  const auto b = enter(queue, along.data(), along.size());
  const auto active = ones(queue, problems);
  equations.solve(mu.data(), b.data(), active.data());
  auto steps = allocate<double>({problems, cols});
  auto promised = allocate<double>({problems});
  auto solved = allocate<int>({problems});
  queue.download(equations.steps(), steps.mutable_data(), static_cast<std::size_t>(steps.nbytes()));
  queue.download(equations.promised(), promised.mutable_data(),
                 static_cast<std::size_t>(promised.nbytes()));
  queue.download(equations.solved(), solved.mutable_data(),
                 static_cast<std::size_t>(solved.nbytes()));
  return {steps, promised, solved};
}

template <class T>
void add_gram(py::module_& module) {
  module.def("gram", &gram<T>, py::arg("g1"), py::arg("g2"), py::arg("y").noconvert(),
             py::arg("y_weights").noconvert(), py::arg("h").noconvert(), py::arg("m").noconvert(),
             py::arg("c").noconvert());
}

}  // namespace

void add_cuda_normal_equations(py::module_& module) {
  add_gram<float>(module);
  add_gram<double>(module);
  module.attr("most_latent_coordinates") = cuda::NormalEquations::most_cols;
  module.def("damped_steps", &damped_steps, py::arg("gram").noconvert(),
             py::arg("damping").noconvert(), py::arg("along").noconvert());
}

}  // namespace gendemod::bindings
