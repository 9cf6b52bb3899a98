#pragma once

#include "tiles.hpp"

namespace gendemod::cuda {

/// How the lower triangle of a Gram matrix is shared among threads, and its rows among blocks: a
/// function of its size alone, so that a problem has the same sums in every batch.
///
/// The triangle is covered by squares of 4 x 4 entries, one a thread, which are numbered in fours:
/// those of a larger square of 8 x 8. So threads beside each other read few columns.
struct GramShape {
  static constexpr int threads = 256;
  static constexpr int side = 4;
  static constexpr int entries = side * side;
  static constexpr int most_rows = 256;  // that lie in shared memory
  static constexpr int storage = 5152;   // numbers of them
  static constexpr Index most_cols = 320;

  explicit GramShape(Index columns) : cols(columns) {
    const auto blocks = static_cast<int>((cols + 2 * side - 1) / (2 * side));
    squares = 2 * blocks * (blocks + 1);
    stride = 2 * side * blocks + 2;
    for (rows = most_rows; rows * stride > storage; rows /= 2) continue;
    shares = (squares + threads - 1) / threads;
    in_share = squares < threads ? squares : threads;
    slices = threads / in_share;
  }

  Index cols;  // that of r included
  int squares;
  int stride;    // from row to row in shared memory: two more than columns, so that packs of rows
                 // that are written together fall on different banks
  int rows;      // in shared memory at a time: a power of two
  int shares;    // blocks that share the squares
  int in_share;  // squares of a block
  int slices;    // threads of a block that share the rows of a square

  /// Tiles of a group, of which there are at most 128, and their number.
  GENDEMOD_BOTH static Index group_tiles(Index tiles) {
    const Index size = (tiles + 127) / 128;
    return size < 2 ? 2 : size;
  }
  GENDEMOD_BOTH static Index groups(Index tiles) {
    return (tiles + group_tiles(tiles) - 1) / group_tiles(tiles);
  }

  /// The first entry of a square.
  struct Place {
    int row, col;
  };
  GENDEMOD_BOTH static Place place(int square) {
    const int number = square / 4;
    int row = 0;
    while ((row + 1) * (row + 2) / 2 <= number) ++row;
    const int col = number - row * (row + 1) / 2;
    return {side * (2 * row + square % 2), side * (2 * col + square / 2 % 2)};
  }
};

}  // namespace gendemod::cuda
