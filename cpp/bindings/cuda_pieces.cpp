#include <numeric>
#include <tuple>

#include "arrays.hpp"
#include "four_signs.hpp"
#include "module.hpp"
#include "pieces.hpp"

/// Pieces on the device, with arrays of the host: how tests walk them.
namespace gendemod::bindings {
namespace {

template <class T>
class PiecesOnHost {
 public:
  PiecesOnHost(const cuda::Network<T>& network, Index problems)
      : pieces_(queue_, network, problems),
        n_(network.input_size()),
        ell_(network.output_size()),
        active_(static_cast<std::size_t>(problems)),
        step_(active_.size()),
        latents_(active_.size() * static_cast<std::size_t>(n_)),
        rows_(active_.size() * static_cast<std::size_t>(pieces_.stride())) {}

  void jump(const Rows<T>& z, const Rows<int>& active) {
    pieces_.jump(enter(z), enter(active));
    queue_.wait();
  }
  void move(const Rows<T>& z, const Rows<int>& active) {
    pieces_.move(enter(z), enter(active));
    queue_.wait();
  }
  void move_along(const Rows<T>& z, const Rows<T>& step, const Rows<int>& active) {
    step_.upload(queue_, step.data());
    pieces_.move_along(enter(z), step_.data(), enter(active));
    queue_.wait();
  }
  Rows<T> outputs() { return leave(pieces_.outputs()); }
  Rows<T> product(const Rows<T>& d, const Rows<int>& active) {
    pieces_.product(enter(d), enter(active), rows_.data());
    return leave(rows_.data());
  }
  Rows<double> pull_back(const Rows<T>& r, const Rows<int>& active) {
    std::vector<T> padded(rows_.size());
    for (Index p = 0; p < pieces_.problems(); ++p) {
      std::copy_n(r.data() + p * ell_, ell_, padded.data() + p * pieces_.stride());
    }
    rows_.upload(queue_, padded.data());
    cuda::Array<double> sums(latents_.size());
    sums.zero(queue_);
    pieces_.pull_back(rows_.data(), enter(active), sums.data());
    auto out = allocate<double>({static_cast<Index>(pieces_.problems()), n_});
    sums.download(queue_, out.mutable_data());
    return out;
  }

 private:
  const T* enter(const Rows<T>& latents) {
    latents_.upload(queue_, latents.data());
    return latents_.data();
  }
  const int* enter(const Rows<int>& active) {
    active_.upload(queue_, active.data());
    return active_.data();
  }
  /// Rows without those of zeros.
  Rows<T> leave(const T* rows) {
    const auto problems = static_cast<Index>(pieces_.problems());
    std::vector<T> padded(rows_.size());
    queue_.download(rows, padded.data(), padded.size() * sizeof(T));
    auto out = allocate<T>({problems, ell_});
    for (Index p = 0; p < problems; ++p) {
      std::copy_n(padded.data() + p * pieces_.stride(), ell_, out.mutable_data() + p * ell_);
    }
    return out;
  }

  cuda::Queue queue_;
  cuda::Pieces<T> pieces_;
  Index n_, ell_;
  cuda::Array<int> active_;
  cuda::Array<T> step_, latents_, rows_;
};

/// The best of the four signs at (h, m) for rows of y: sign pairs, and the objectives at (h, m).
template <class T>
std::tuple<Rows<int>, Rows<double>> four_signs(const cuda::Network<T>& g1,
                                               const cuda::Network<T>& g2, const Rows<T>& y,
                                               const Rows<T>& v, const Rows<T>& h,
                                               const Rows<T>& m) {
  const Index problems = row_count(y), ell = g1.output_size();
  const auto count = static_cast<std::size_t>(problems);
  cuda::Queue queue;
  const cuda::Observations<T> observations(queue, y.data(), problems, v.data(), row_count(v), ell);
  std::vector<int> numbers(count), ones(count, 1);
  std::iota(numbers.begin(), numbers.end(), 0);
  cuda::Array<int> observation(count), active(count), best(count);
  cuda::Array<T> latents_h(static_cast<std::size_t>(h.size()));
  cuda::Array<T> latents_m(static_cast<std::size_t>(m.size()));
  cuda::Array<double> objectives(count);
  observation.upload(queue, numbers.data());
  active.upload(queue, ones.data());
  latents_h.upload(queue, h.data());
  latents_m.upload(queue, m.data());
  const cuda::ProductModel<T> model = observations.model(observation.data());
  cuda::Pieces<T> pieces_h(queue, g1, problems), pieces_m(queue, g2, problems);
  pieces_h.jump(latents_h.data(), active.data());
  pieces_m.jump(latents_m.data(), active.data());
  cuda::Objective<T>(queue, model, problems)
      .measure(pieces_h.outputs(), pieces_m.outputs(), active.data(), objectives.data());
  cuda::FourSigns<T>(queue, model, pieces_h, pieces_m)
      .choose(latents_h.data(), latents_m.data(), objectives.data(), active.data(), best.data());
  Rows<int> pairs({static_cast<py::ssize_t>(problems)});
  Rows<double> f({static_cast<py::ssize_t>(problems)});
  best.download(queue, pairs.mutable_data());
  objectives.download(queue, f.mutable_data());
  return {pairs, f};
}

template <class T>
void add_pieces(py::module_& module, const char* name) {
  using Walk = PiecesOnHost<T>;
  py::class_<Walk>(module, name)
      .def(py::init<const cuda::Network<T>&, Index>(), py::arg("network"), py::arg("problems"),
           py::keep_alive<1, 2>())
      .def("jump", &Walk::jump, py::arg("z").noconvert(), py::arg("active").noconvert())
      .def("move", &Walk::move, py::arg("z").noconvert(), py::arg("active").noconvert())
      .def("move_along", &Walk::move_along, py::arg("z").noconvert(), py::arg("step").noconvert(),
           py::arg("active").noconvert())
      .def("outputs", &Walk::outputs)
      .def("product", &Walk::product, py::arg("d").noconvert(), py::arg("active").noconvert())
      .def("pull_back", &Walk::pull_back, py::arg("r").noconvert(), py::arg("active").noconvert());
  module.def("four_signs", &four_signs<T>, py::arg("g1"), py::arg("g2"), py::arg("y").noconvert(),
             py::arg("y_weights").noconvert(), py::arg("h").noconvert(), py::arg("m").noconvert());
}

}  // namespace

void add_cuda_pieces(py::module_& cuda) {
  add_pieces<float>(cuda, "Pieces32");
  add_pieces<double>(cuda, "Pieces64");
}

}  // namespace gendemod::bindings
