#pragma once

#include "tiles.hpp"

/// What is done entry by entry with outputs (problems, padded rows): one block a problem and tile.
namespace gendemod::cuda {

/// values = 0 where on <= 0: a mask on a layer. It keeps what NaN stands for, so that it shows.
template <class T>
struct Mask {
  static constexpr int threads = 128;
  struct Shared {};
  const T* on;
  T* values;

  template <class Block>
  GENDEMOD_DEVICE void operator()(const Block& block, Shared&) const {
    const Index start = block.index() * tile_rows;
    block.each([&](int t) {
      for (Index i = start + t; i < start + tile_rows; i += threads) {
        if (on[i] <= T(0)) values[i] = T(0);
      }
    });
  }
};

/// out = term(problem, row), a struct of plain data.
template <class T, class Term>
struct SetRows {
  static constexpr int threads = 128;
  struct Shared {};
  Term term;
  Index stride;  // padded rows
  T* out;        // (problems, stride)

  template <class Block>
  GENDEMOD_DEVICE void operator()(const Block& block, Shared&) const {
    const Index start = block.index() * tile_rows, problem = start / stride;
    block.each([&](int t) {
      for (Index i = start + t; i < start + tile_rows; i += threads) {
        out[i] = term(problem, i - problem * stride);
      }
    });
  }
};

}  // namespace gendemod::cuda
