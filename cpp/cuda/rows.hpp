#pragma once

#include <algorithm>

#include "device.hpp"
#include "tiles.hpp"

namespace gendemod::cuda {

/// Copies rows of `size` numbers of the host to the device, `stride` apart there, zeros between.
template <class T>
void upload_rows(Queue& queue, const T* host, Index count, Index size, T* device, Index stride) {
  std::vector<T> padded(static_cast<std::size_t>(count * stride), T(0));
  for (Index i = 0; i < count; ++i) std::copy_n(host + i * size, size, padded.data() + i * stride);
  queue.upload(padded.data(), device, padded.size() * sizeof(T));
  queue.wait();
}

/// The way back.
template <class T>
void download_rows(Queue& queue, const T* device, Index stride, Index count, Index size, T* host) {
  std::vector<T> padded(static_cast<std::size_t>(count * stride));
  queue.download(device, padded.data(), padded.size() * sizeof(T));
  for (Index i = 0; i < count; ++i) std::copy_n(padded.data() + i * stride, size, host + i * size);
}

}  // namespace gendemod::cuda
