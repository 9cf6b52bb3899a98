#pragma once

#include "block.hpp"

namespace gendemod::cuda {

/// max(value, 0); NaN stays NaN, so that what has overflown shows.
template <class T>
GENDEMOD_BOTH T relu(T value) {
  return value <= T(0) ? T(0) : value;
}

}  // namespace gendemod::cuda
