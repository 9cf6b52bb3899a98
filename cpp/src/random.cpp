#include "gendemod/random.hpp"

#include <array>
#include <cmath>

namespace gendemod {
namespace {

using Block = std::array<std::uint32_t, 4>;

Block philox(Block counter, std::uint64_t seed) {
  auto key0 = static_cast<std::uint32_t>(seed);
  auto key1 = static_cast<std::uint32_t>(seed >> 32);
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t p0 = std::uint64_t{0xD2511F53} * counter[0];
    const std::uint64_t p1 = std::uint64_t{0xCD9E8D57} * counter[2];
    counter = {
        static_cast<std::uint32_t>(p1 >> 32) ^ counter[1] ^ key0, static_cast<std::uint32_t>(p1),
        static_cast<std::uint32_t>(p0 >> 32) ^ counter[3] ^ key1, static_cast<std::uint32_t>(p0)};
    key0 += 0x9E3779B9;
    key1 += 0xBB67AE85;
  }
  return counter;
}

/// Uniform in the open interval (0, 1), 53 bits.
double uniform(std::uint32_t low, std::uint32_t high) {
  const std::uint64_t bits = (std::uint64_t{high} << 32) | low;
  return (static_cast<double>(bits >> 11) + 0.5) * 0x1p-53;
}

}  // namespace

void fill_normal(std::uint64_t seed, Stream stream, Index count, double* out) {
  constexpr double two_pi = 6.283185307179586476925286766559;
  for (Index i = 0; i < count; i += 2) {
    const Block bits = philox({static_cast<std::uint32_t>(i / 2),
                               static_cast<std::uint32_t>(stream.kind), stream.major, stream.minor},
                              seed);
    const double radius = std::sqrt(-2 * std::log(uniform(bits[0], bits[1])));
    const double angle = two_pi * uniform(bits[2], bits[3]);
    out[i] = radius * std::cos(angle);
    if (i + 1 < count) out[i + 1] = radius * std::sin(angle);
  }
}

}  // namespace gendemod
