#include <algorithm>

#include "launch.hpp"
#include "padded_rows.hpp"

namespace gendemod::cuda {
namespace {

/// Numbers that wait on the device to be spread at a time.
constexpr Index staged = Index(1) << 20;

/// Rows of `cols` numbers, one after the other, become rows `width` apart, with zeros behind each;
/// rows from `rows` to `padded` are zeros. One thread a number.
template <class T>
struct SpreadRows {
  static constexpr int threads = 256;
  struct Shared {};
  const T* from;  // (rows, cols)
  Index rows, cols, padded, width;
  T* to;  // (padded, width)

  Index blocks() const { return (padded * width + threads - 1) / threads; }

  template <class Block>
  GENDEMOD_DEVICE void operator()(const Block& block, Shared&) const {
    block.each([&](int t) {
      const Index at = block.index() * threads + t, row = at / width, col = at % width;
      if (row < padded) to[at] = row < rows && col < cols ? from[row * cols + col] : T(0);
    });
  }
};

}  // namespace

template <class T>
OwnedRows<T>::OwnedRows(Queue& queue, const HostRows<T>& host, Index first, Index count)
    : rows_(count), cols_(host.cols) {
  const Index stride = width(cols_), padded = view().padded_rows();
  numbers_ = Array<T>(static_cast<std::size_t>(padded * stride));
  const Index step = std::min(padded, std::max<Index>(1, staged / cols_));
  const Array<T> raw(static_cast<std::size_t>(step * cols_));
  for (Index at = 0; at < padded; at += step) {
    const Index from = std::min(at, count), rows = std::min(step, count - from);
    queue.upload(host.data + (first + from) * cols_, raw.data(),
                 static_cast<std::size_t>(rows * cols_) * sizeof(T));
    const SpreadRows<T> spread{raw.data(), rows,
                               cols_,      std::min(step, padded - at),
                               stride,     numbers_.data() + at * stride};
    launch(queue, spread.blocks(), spread);
  }
  queue.wait();
}

template class OwnedRows<float>;
template class OwnedRows<double>;

}  // namespace gendemod::cuda
