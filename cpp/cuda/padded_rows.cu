#include <algorithm>

#include "padded_rows.hpp"

namespace gendemod::cuda {
namespace {

/// Numbers that are brought to the device at a time.
constexpr Index staged = Index(1) << 22;

}  // namespace

template <class T>
OwnedRows<T>::OwnedRows(Queue& queue, const HostRows<T>& host, Index first, Index count)
    : rows_(count), cols_(host.cols) {
  const Index stride = width(cols_), padded = view().padded_rows();
  numbers_ = Array<T>(static_cast<std::size_t>(padded * stride));
  const Index step = std::min(padded, std::max<Index>(1, staged / stride));
  std::vector<T> packed(static_cast<std::size_t>(step * stride));
  for (Index at = 0; at < padded; at += step) {
    const Index size = std::min(step, padded - at);
    std::fill(packed.begin(), packed.end(), T(0));
    for (Index i = at; i < std::min(at + size, count); ++i) {
      std::copy_n(host.data + (first + i) * cols_, cols_, packed.data() + (i - at) * stride);
    }
    queue.upload(packed.data(), numbers_.data() + at * stride,
                 static_cast<std::size_t>(size * stride) * sizeof(T));
    queue.wait();
  }
}

template class OwnedRows<float>;
template class OwnedRows<double>;

}  // namespace gendemod::cuda
