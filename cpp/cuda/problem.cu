#include "launch.hpp"
#include "outputs.hpp"
#include "problem.hpp"
#include "sign_pairs.hpp"

namespace gendemod::cuda {
namespace {

template <class T>
std::vector<T> negative(const T* z, Index size) {
  std::vector<T> out(static_cast<std::size_t>(size));
  std::transform(z, z + size, out.begin(), [](T value) { return -value; });
  return out;
}

template <class T>
Observations<T> observe(const T* y, const T* v, Index ell) {
  Queue queue;
  return Observations<T>(queue, y, 1, v, 1, ell);
}

/// The model of many latents that belong to one observation, and f at their outputs.
template <class T>
class Evaluation {
 public:
  /// Memory for each pair of latents.
  static std::size_t bytes(Index tiles) {
    return 2 * sizeof(int) + static_cast<std::size_t>(2 * tiles + 1) * sizeof(double);
  }
  Evaluation(Queue& queue, const Observations<T>& observation, Index capacity)
      : queue_(&queue),
        first_(static_cast<std::size_t>(capacity)),
        active_(first_.size()),
        f_(first_.size()),
        model_(observation.model(first_.data())),
        objective_(queue, model_, capacity) {
    first_.zero(queue);
    queue.fill(active_.data(), 1, active_.size() * sizeof(int));
  }
  const ProductModel<T>& model() const { return model_; }
  /// f at the capacity of pairs of outputs, on the host.
  std::vector<double> objectives(const T* w, const T* x) {
    objective_.measure(w, x, active_.data(), f_.data());
    std::vector<double> out(f_.size());
    f_.download(*queue_, out.data());
    return out;
  }

 private:
  Queue* queue_;
  Array<int> first_, active_;  // all 0: the observation; all 0x01010101: every pair is evaluated
  Array<double> f_;
  ProductModel<T> model_;
  Objective<T> objective_;
};

}  // namespace

template <class T>
Problem<T>::Problem(const Network<T>& g1, const Network<T>& g2, const T* y, const T* v)
    : g1_(&g1), g2_(&g2), observation_(observe(y, v, g1.output_size())) {
}

template <class T>
std::size_t Problem<T>::bytes(int passes) const {
  return static_cast<std::size_t>(passes) *
             (NetworkPass<T>::bytes(*g1_) + NetworkPass<T>::bytes(*g2_)) +
         Evaluation<T>::bytes(stride() / tile_rows);
}

template <class T>
void Problem<T>::objective(const T* h, const T* m, Index count, double* out) const {
  const Index capacity = group_size(bytes(1), count);
  Queue queue;
  NetworkPass<T> pass_h(*g1_, capacity), pass_m(*g2_, capacity);
  Evaluation<T> evaluation(queue, observation_, capacity);
  for (Index first = 0; first < count; first += capacity) {
    const Index size = std::min(capacity, count - first);
    pass_h.forward(queue, h + first * g1_->input_size(), size);
    pass_m.forward(queue, m + first * g2_->input_size(), size);
    const auto f = evaluation.objectives(pass_h.output(), pass_m.output());
    std::copy_n(f.begin(), size, out + first);
  }
}

template <class T>
void Problem<T>::gradients(const T* h, const T* m, Index count, T* h_out, T* m_out) const {
  const Index n = g1_->input_size(), p = g2_->input_size();
  const Index capacity = group_size(bytes(1), count);
  Queue queue;
  NetworkPass<T> pass_h(*g1_, capacity), pass_m(*g2_, capacity);
  const Evaluation<T> evaluation(queue, observation_, capacity);
  for (Index first = 0; first < count; first += capacity) {
    const Index size = std::min(capacity, count - first);
    pass_h.forward(queue, h + first * n, size);
    pass_m.forward(queue, m + first * p, size);
    const T *w = pass_h.output(), *x = pass_m.output();
    const auto seed = [&](const T* other, T* out) {
      const GradientSeed<T> term{evaluation.model(), w, x, other};
      launch(queue, size * stride() / tile_rows, SetRows<T, GradientSeed<T>>{term, stride(), out});
    };
    seed(x, pass_h.seed());
    queue.download(pass_h.jacobian_transpose(queue), h_out + first * n,
                   static_cast<std::size_t>(size * n) * sizeof(T));
    seed(w, pass_m.seed());
    queue.download(pass_m.jacobian_transpose(queue), m_out + first * p,
                   static_cast<std::size_t>(size * p) * sizeof(T));
  }
}

template <class T>
void Problem<T>::best_signs(const T* h, const T* m, Index count, int* out) const {
  const Index n = g1_->input_size(), p = g2_->input_size();
  const Index capacity = group_size(bytes(2), count);
  Queue queue;
  NetworkPass<T> h_passes[2] = {{*g1_, capacity}, {*g1_, capacity}};
  NetworkPass<T> m_passes[2] = {{*g2_, capacity}, {*g2_, capacity}};
  Evaluation<T> evaluation(queue, observation_, capacity);
  for (Index first = 0; first < count; first += capacity) {
    const Index size = std::min(capacity, count - first);
    const std::vector<T> negative_h = negative(h + first * n, size * n);
    const std::vector<T> negative_m = negative(m + first * p, size * p);
    h_passes[0].forward(queue, h + first * n, size);
    h_passes[1].forward(queue, negative_h.data(), size);
    m_passes[0].forward(queue, m + first * p, size);
    m_passes[1].forward(queue, negative_m.data(), size);
    std::vector<double> f[4];
    for (int k = 0; k < 4; ++k) {
      f[k] =
          evaluation.objectives(h_passes[negates_h(k)].output(), m_passes[negates_m(k)].output());
    }
    for (Index i = 0; i < size; ++i) {
      const auto at = static_cast<std::size_t>(i);
      int best = 0;
      for (int k = 1; k < 4; ++k) {
        if (f[k][at] < f[best][at]) best = k;
      }
      out[2 * (first + i)] = negates_h(best) ? -1 : 1;
      out[2 * (first + i) + 1] = negates_m(best) ? -1 : 1;
    }
  }
}

template class Problem<float>;
template class Problem<double>;

}  // namespace gendemod::cuda
