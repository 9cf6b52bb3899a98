#pragma once

#include "tiles.hpp"

namespace gendemod::cuda {

/// Sums of squares of the columns of a matrix: one block a column.
template <class T>
struct ColumnSquares {
  static constexpr int threads = 128;
  struct Shared {
    double part[threads];
  };
  Tiles<const T> W;
  double* out;  // (cols,)

  template <class Block>
  GENDEMOD_DEVICE void operator()(const Block& block, Shared& shared) const {
    const Index column = block.index();
    block.each([&](int t) {
      double total = 0;
      for (Index tile = 0; tile < W.count(); ++tile) {
        const T* numbers = W.column(tile, column);
        for (int i = t; i < tile_rows; i += threads) {
          total += static_cast<double>(numbers[i]) * static_cast<double>(numbers[i]);
        }
      }
      shared.part[t] = total;
    });
    block.each([&](int t) {
      if (t > 0) return;
      double total = 0;
      for (int i = 0; i < threads; ++i) total += shared.part[i];
      out[column] = total;
    });
  }
};

/// Sums of squares of the rows of a matrix: one block a tile.
template <class T>
struct RowSquares {
  static constexpr int threads = tile_rows;
  struct Shared {};
  Tiles<const T> W;
  T* out;  // (padded rows,)

  template <class Block>
  GENDEMOD_DEVICE void operator()(const Block& block, Shared&) const {
    const Index tile = block.index();
    block.each([&](int t) {
      T total = 0;
      for (Index column = 0; column < W.cols; ++column) {
        const T entry = W.column(tile, column)[t];
        total += entry * entry;
      }
      out[tile * tile_rows + t] = total;
    });
  }
};

}  // namespace gendemod::cuda
