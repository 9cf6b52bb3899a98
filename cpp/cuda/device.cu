#include <algorithm>

#include "device.hpp"

namespace gendemod::cuda {

OutOfMemory::OutOfMemory(std::size_t needed_bytes, std::size_t free_bytes)
    : DeviceError("the device has too little memory: " + std::to_string(needed_bytes) +
                  " bytes are needed, " + std::to_string(free_bytes) + " are free") {
}

void require(std::size_t bytes) {
  const std::size_t free = free_bytes();
  if (bytes > free) throw OutOfMemory(bytes, free);
}

/// An eighth is left, as memory is handed out in pieces larger than what is asked for.
long long group_size(std::size_t bytes_each, long long count) {
  require(bytes_each);
  const std::size_t fitting = std::max<std::size_t>(1, (free_bytes() / 8 * 7) / bytes_each);
  return std::min(count, static_cast<long long>(fitting));
}

}  // namespace gendemod::cuda
