#pragma once

#include "gendemod/types.hpp"

namespace gendemod {

/// One cache line of numbers, the unit in which kernels read, add and write.
template <class T>
constexpr Index lanes = 64 / static_cast<Index>(sizeof(T));
template <class T>
using Lane = Eigen::Array<T, lanes<T>, 1>;
template <class T>
using LaneView = Eigen::Map<const Lane<T>>;
template <class T>
using LaneOut = Eigen::Map<Lane<T>>;

/// The next whole number of lanes.
template <class T>
constexpr Index whole_lanes(Index size) {
  return (size + lanes<T> - 1) / lanes<T> * lanes<T>;
}

/// Asks for a cache line that will be read soon; any address will do.
template <class T>
void prefetch(const T* address) {
#if defined(__GNUC__)
  __builtin_prefetch(address, 0, 2);
#else
  static_cast<void>(address);
#endif
}

}  // namespace gendemod
