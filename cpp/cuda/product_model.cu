#include <numeric>

#include "launch.hpp"
#include "product_model.hpp"
#include "rows.hpp"

namespace gendemod::cuda {
namespace {

template <class T>
Array<T> padded_rows(Queue& queue, const T* rows, Index count, Index ell, Index stride) {
  Array<T> out(static_cast<std::size_t>(count * stride));
  upload_rows(queue, rows, count, ell, out.data(), stride);
  return out;
}

/// What one row adds to 2 f at w * x = 0, and to the positive entries with a weight.
template <class T>
struct SightTerm {
  static constexpr int count = 2;
  ProductModel<T> model;
  GENDEMOD_DEVICE void operator()(Index problem, Index row, T, double* sums) const {
    const bool seen = model.weight(problem, row) > T(0);
    sums[0] += model.square(problem, row, T(0), T(0));
    sums[1] += seen && model.observed(problem, row) > T(0) ? 1.0 : 0.0;
  }
};

/// out = f from the parts of Squares: one block a problem.
struct HalfOfSquares {
  static constexpr int threads = 128;
  using Shared = BlockSums<threads>;
  const int* active;
  Index tiles;
  const double* parts;  // (problems, 2, tiles)
  double* out;          // (problems,)

  template <class Block>
  GENDEMOD_DEVICE void operator()(const Block& block, Shared& shared) const {
    const Index problem = block.index();
    if (active[problem] == 0) return;
    sum_tiles(block, shared, parts + problem * 2 * tiles, tiles);
    block.each([&](int t) {
      if (t == 0) out[problem] = shared.totals[0] / 2;
    });
  }
};

}  // namespace

template <class T>
Observations<T>::Observations(Queue& queue, const T* y, Index count, const T* v, Index v_count,
                              Index ell)
    : ell_(ell), count_(count), v_count_(v_count) {
  const Index stride = Tiles<T>{nullptr, ell, 1}.padded_rows();
  y_ = padded_rows(queue, y, count, ell, stride);
  v_ = padded_rows(queue, v, v_count, ell, stride);
}

template <class T>
ProductModel<T> Observations<T>::model(const int* observation) const {
  const Index stride = Tiles<T>{nullptr, ell_, 1}.padded_rows();
  return {y_.data(),  v_count_ > 0 ? v_.data() : nullptr, v_count_ > 1 ? stride : 0, ell_, stride,
          observation};
}

template <class T>
std::vector<typename Observations<T>::Sight> Observations<T>::sights(Queue& queue) const {
  const auto count = static_cast<std::size_t>(count_);
  std::vector<int> numbers(count);
  std::iota(numbers.begin(), numbers.end(), 0);
  Array<int> observation(count), active(count);
  observation.upload(queue, numbers.data());
  queue.fill(active.data(), 1, count * sizeof(int));
  const auto seen = model(observation.data());
  const auto tiles = static_cast<std::size_t>(seen.tiles());
  Array<double> parts(count * 2 * tiles);
  launch(queue, count_ * seen.tiles(),
         SumTerm<T, SightTerm<T>>{active.data(), seen.stride, nullptr, {seen}, parts.data()});
  std::vector<double> sums(parts.size());
  parts.download(queue, sums.data());
  std::vector<Sight> out;
  for (std::size_t i = 0; i < count; ++i) {
    const auto row = sums.begin() + static_cast<std::ptrdiff_t>(2 * i * tiles);
    const auto middle = row + static_cast<std::ptrdiff_t>(tiles);
    const auto last = middle + static_cast<std::ptrdiff_t>(tiles);
    out.push_back({std::accumulate(row, middle, 0.0) / 2, std::accumulate(middle, last, 0.0)});
  }
  return out;
}

template <class T>
Objective<T>::Objective(Queue& queue, const ProductModel<T>& model, Index problems)
    : queue_(&queue),
      model_(model),
      problems_(problems),
      parts_(static_cast<std::size_t>(problems * 2 * model.tiles())) {
}

template <class T>
void Objective<T>::measure(const T* w, const T* x, const int* active, double* out) {
  launch(*queue_, problems_ * model_.tiles(), Squares<T>{active, model_, w, x, parts_.data()});
  launch(*queue_, problems_, HalfOfSquares{active, model_.tiles(), parts_.data(), out});
}

template class Objective<float>;
template class Objective<double>;
template class Observations<float>;
template class Observations<double>;

}  // namespace gendemod::cuda
