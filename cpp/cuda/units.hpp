#pragma once

#include "block.hpp"

namespace gendemod::cuda {

/// Lists the columns where a vector is > 0, in order: what is left of a matrix under a mask. NaN is
/// listed, too, so that it reaches the layers above. One block a problem; the list of problem p
/// begins at p * size.
template <class T>
struct ListUnits {
  static constexpr int threads = 256;
  struct Shared {
    int counts[threads + 1];
  };
  const T* values;  // (problems, stride)
  Index size, stride;
  int* units_out;               // (problems, size)
  int* counts_out;              // (problems,)
  const int* active = nullptr;  // (problems,): what is 0 there is left alone; null: all

  template <class Block>
  GENDEMOD_DEVICE void operator()(const Block& block, Shared& shared) const {
    const Index problem = block.index();
    if (active != nullptr && active[problem] == 0) return;
    const T* const value = values + problem * stride;
    const Index share = (size + threads - 1) / threads;
    block.each([&](int t) {
      int count = 0;
      for (Index i = t * share; i < size && i < (t + 1) * share; ++i) count += !(value[i] <= T(0));
      shared.counts[t + 1] = count;
    });
    block.each([&](int t) {
      if (t > 0) return;
      shared.counts[0] = 0;
      for (int i = 0; i < threads; ++i) shared.counts[i + 1] += shared.counts[i];
      counts_out[problem] = shared.counts[threads];
    });
    block.each([&](int t) {
      int* out = units_out + problem * size + shared.counts[t];
      for (Index i = t * share; i < size && i < (t + 1) * share; ++i) {
        if (!(value[i] <= T(0))) *out++ = static_cast<int>(i);
      }
    });
  }
};

}  // namespace gendemod::cuda
