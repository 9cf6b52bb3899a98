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

}  // namespace gendemod
