#pragma once

#include "block.hpp"

namespace gendemod::cuda {

/// Rows of a matrix that lie together, column after column: what one block works on. A tile of a
/// column is contiguous, so that threads side by side read side by side, and the sum over columns
/// of a row belongs to one thread.
inline constexpr int tile_rows = 512;

/// A matrix in tiles of rows. The last tile is filled up with rows of zeros.
template <class T>
struct Tiles {
  T* data;
  Index rows, cols;

  GENDEMOD_BOTH Index count() const { return (rows + tile_rows - 1) / tile_rows; }
  /// Rows with those of zeros.
  GENDEMOD_BOTH Index padded_rows() const { return count() * tile_rows; }
  /// Rows of a tile without those of zeros.
  GENDEMOD_BOTH int rows_of(Index tile) const {
    const Index left = rows - tile * tile_rows;
    return static_cast<int>(left < tile_rows ? left : tile_rows);
  }
  /// Numbers in memory.
  GENDEMOD_BOTH Index volume() const { return padded_rows() * cols; }
  /// Column `col` of a tile: tile_rows numbers.
  GENDEMOD_BOTH T* column(Index tile, Index col) const {
    return data + (tile * cols + col) * tile_rows;
  }
};

/// Threads that share the rows of a tile, and the packs of a thread.
inline constexpr int tile_threads = 128;
template <class T>
inline constexpr int thread_packs = tile_rows / (tile_threads * Pack<T>::size);

/// The first row of pack i of thread t.
template <class T>
GENDEMOD_BOTH int pack_row(int i, int t) {
  return (i * tile_threads + t) * Pack<T>::size;
}

/// The rows of a tile that one thread holds.
template <class T>
struct ThreadRows {
  Pack<T> packs[thread_packs<T>];
};

}  // namespace gendemod::cuda
