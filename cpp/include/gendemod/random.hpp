#pragma once

#include <cstdint>

#include "gendemod/types.hpp"

namespace gendemod {

/// What a stream of random numbers is for; streams of different names share no number.
struct Stream {
  enum class Kind : std::uint32_t { layer = 1, start = 2, climb = 3 };
  Kind kind;
  std::uint32_t major;  // layer: its index; start: the problem; climb: its number
  std::uint32_t minor;  // start: 2 * restart + (0 for h, 1 for m); climb: the step
};

/// out[i] ~ N(0, 1), a function of (seed, stream, i) alone: Philox4x32-10 (Salmon et al., 2011)
/// and the Box-Muller transform, one block of the generator for each pair of numbers.
void fill_normal(std::uint64_t seed, Stream stream, Index count, double* out);

}  // namespace gendemod
