#pragma once

#include "block.hpp"
#include "device.hpp"

namespace gendemod::cuda {

/// Copies rows of `size` numbers of the host to the device, `stride` apart there, zeros between.
template <class T>
void upload_rows(Queue& queue, const T* host, Index count, Index size, T* device, Index stride) {
  if (count == 0) return;
  const auto rows = static_cast<std::size_t>(count);
  const std::size_t bytes = static_cast<std::size_t>(size) * sizeof(T);
  const std::size_t padded = static_cast<std::size_t>(stride) * sizeof(T);
  if (bytes < padded) queue.fill(device, 0, rows * padded);
  if (bytes == padded || rows == 1) {
    queue.upload(host, device, rows * bytes);
  } else {
    queue.upload_rows(host, bytes, rows, device, padded);
  }
  queue.wait();
}

/// The way back.
template <class T>
void download_rows(Queue& queue, const T* device, Index stride, Index count, Index size, T* host) {
  if (count == 0) return;
  const auto rows = static_cast<std::size_t>(count);
  const std::size_t bytes = static_cast<std::size_t>(size) * sizeof(T);
  const std::size_t padded = static_cast<std::size_t>(stride) * sizeof(T);
  if (bytes == padded || rows == 1) {
    queue.download(device, host, rows * bytes);
  } else {
    queue.download_rows(device, padded, rows, host, bytes);
  }
}

}  // namespace gendemod::cuda
