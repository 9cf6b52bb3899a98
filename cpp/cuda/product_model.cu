#include <algorithm>

#include "launch.hpp"
#include "product_model.hpp"

namespace gendemod::cuda {
namespace {

template <class T>
Array<T> upload_rows(Queue& queue, const T* rows, Index count, Index ell, Index stride) {
  std::vector<T> padded(static_cast<std::size_t>(count * stride), T(0));
  for (Index i = 0; i < count; ++i) {
    std::copy_n(rows + i * ell, ell, padded.data() + i * stride);
  }
  Array<T> out(padded.size());
  out.upload(queue, padded.data());
  queue.wait();
  return out;
}

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
    : ell_(ell), v_count_(v_count) {
  const Index stride = Tiles<T>{nullptr, ell, 1}.padded_rows();
  y_ = upload_rows(queue, y, count, ell, stride);
  v_ = upload_rows(queue, v, v_count, ell, stride);
}

template <class T>
ProductModel<T> Observations<T>::model(const int* observation) const {
  const Index stride = Tiles<T>{nullptr, ell_, 1}.padded_rows();
  return {y_.data(),  v_count_ > 0 ? v_.data() : nullptr, v_count_ > 1 ? stride : 0, ell_, stride,
          observation};
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
