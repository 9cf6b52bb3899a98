#pragma once

#include "padded_rows.hpp"

namespace gendemod::cuda {

/// Masks of directions, or one mask that goes with all.
struct Masks {
  const Word* words;
  Index directions;

  GENDEMOD_DEVICE Word word(Index pair, Index k, Index stride) const {
    return words[(directions == 1 ? 0 : pair) * stride + k];
  }
};

/// The masks of pairs: rows that are on for both directions. One thread a word.
struct BothMasks {
  static constexpr int threads = 256;
  struct Shared {};
  Masks first, second;
  Index pairs, stride;
  Word* out;  // (pairs, stride), which may be those of one of the two

  Index blocks() const { return (pairs * stride + threads - 1) / threads; }

  template <class Block>
  GENDEMOD_DEVICE void operator()(const Block& block, Shared&) const {
    block.each([&](int t) {
      const Index at = block.index() * threads + t, pair = at / stride, k = at % stride;
      if (pair >= pairs) return;
      out[at] = first.word(pair, k, stride) & second.word(pair, k, stride);
    });
  }
};

/// Lists the rows that a mask keeps, in order, of those of some words. One block a pair.
struct ListRows {
  static constexpr int threads = 128;
  struct Shared {
    int counts[threads + 1];
  };
  const Word* masks;           // (pairs, stride)
  Index stride, first, count;  // the words
  int* rows_out;               // (pairs, most_rows)
  Index most_rows;
  int* counts_out;  // (pairs,)

  template <class Block>
  GENDEMOD_DEVICE void operator()(const Block& block, Shared& shared) const {
    const Word* const words = masks + block.index() * stride + first;
    const Index share = (count + threads - 1) / threads;
    block.each([&](int t) {
      int on = 0;
      for (Index k = t * share; k < count && k < (t + 1) * share; ++k) {
        for (Word left = words[k]; left != 0; left &= left - 1) ++on;
      }
      shared.counts[t + 1] = on;
    });
    block.each([&](int t) {
      if (t > 0) return;
      shared.counts[0] = 0;
      for (int i = 0; i < threads; ++i) shared.counts[i + 1] += shared.counts[i];
      counts_out[block.index()] = shared.counts[threads];
    });
    block.each([&](int t) {
      int* out = rows_out + block.index() * most_rows + shared.counts[t];
      for (Index k = t * share; k < count && k < (t + 1) * share; ++k) {
        const Word word = words[k];
        for (int b = 0; b < word_rows; ++b) {
          if ((word >> b) & 1) *out++ = static_cast<int>((first + k) * word_rows + b);
        }
      }
    });
  }
};

}  // namespace gendemod::cuda
