#pragma once

#include <cmath>

#include "block.hpp"

namespace gendemod::cuda {

/// part[0] = the sum of the parts, a power of two of them, by halves: one order.
template <int threads, class Block>
GENDEMOD_DEVICE void add_up(const Block& block, double (&part)[threads]) {
  for (int half = threads / 2; half > 0; half /= 2) {
    block.each([&](int t) {
      if (t < half) part[t] += part[t + half];
    });
  }
}

/// What the threads of a block share to sum numbers up.
template <int threads, int count = 1>
struct BlockSums {
  static constexpr int group = 8;
  double parts[count][threads];
  double groups[count][threads / group];
  double totals[count];
};

/// Sums of `count` numbers of each thread, which term(t, numbers_out) sets: shared.totals. Threads
/// in groups, groups in order: where no number is negative, a sum over the first groups is never
/// more than that over all.
template <class Block, int threads, int count, class Term>
GENDEMOD_DEVICE void block_sums(const Block& block, BlockSums<threads, count>& shared, Term term) {
  constexpr int group = BlockSums<threads, count>::group;
  block.each([&](int t) {
    double numbers[count];
    term(t, numbers);
    for (int k = 0; k < count; ++k) shared.parts[k][t] = numbers[k];
  });
  block.each([&](int t) {
    for (int i = t; i < count * (threads / group); i += threads) {
      const int k = i / (threads / group), g = i % (threads / group);
      double total = 0;
      for (int j = 0; j < group; ++j) total += shared.parts[k][g * group + j];
      shared.groups[k][g] = total;
    }
  });
  block.each([&](int t) {
    if (t >= count) return;
    double total = 0;
    for (int g = 0; g < threads / group; ++g) total += shared.groups[t][g];
    shared.totals[t] = total;
  });
}

/// The same for the sums over tiles of `count` rows of parts, each of `tiles` numbers.
template <class Block, int threads, int count>
GENDEMOD_DEVICE void sum_tiles(const Block& block, BlockSums<threads, count>& shared,
                               const double* parts, Index tiles) {
  block_sums(block, shared, [&](int t, double* out) {
    for (int k = 0; k < count; ++k) {
      out[k] = 0;
      for (Index tile = t; tile < tiles; tile += threads) out[k] += parts[k * tiles + tile];
    }
  });
}

/// <a, b> in float64.
template <class Block, int threads, class T>
GENDEMOD_DEVICE double dot(const Block& block, BlockSums<threads>& shared, const T* a, const T* b,
                           Index n) {
  block_sums(block, shared, [&](int t, double* out) {
    *out = 0;
    for (Index i = t; i < n; i += threads) {
      *out += static_cast<double>(a[i]) * static_cast<double>(b[i]);
    }
  });
  return shared.totals[0];
}

}  // namespace gendemod::cuda
