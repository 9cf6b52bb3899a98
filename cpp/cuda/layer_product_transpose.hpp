#pragma once

#include "tiles.hpp"

namespace gendemod::cuda {

/// parts_out[p, tile, k] = sum over the rows of a tile of W[:, units[k]] r: a transposed layer at
/// many vectors, each with its list of units. One block a problem, tile and `chunk` units. Reads
/// 512 contiguous numbers of each column that is on: rows |units| numbers a problem.
///
/// Several threads share a column; each sums 32 rows (16 in float64) as T, the rest is float64.
template <class T>
struct LayerProductTranspose {
  static constexpr int threads = 128;
  static constexpr int chunk = 64;  // columns of a block
  static constexpr int packs = 8;   // of a column that a thread reads, all on their way at a time
  static constexpr int lanes = tile_rows / (packs * Pack<T>::size);  // threads of a column
  struct Shared {
    int columns[chunk];
    double part[chunk][lanes + 1];  // one more, so that the threads that add it up do not collide
  };

  Tiles<const T> W;
  const T* r;         // (problems, W.padded_rows()), 0 in the rows of zeros
  const int* units;   // (problems, W.cols), or null: all columns
  const int* counts;  // (problems,)
  double* parts_out;  // (problems, W.count(), W.cols)

  GENDEMOD_BOTH static Index chunks(Index cols) { return (cols + chunk - 1) / chunk; }
  Index blocks(Index problems) const { return problems * W.count() * chunks(W.cols); }

  template <class Block>
  GENDEMOD_DEVICE void operator()(const Block& block, Shared& shared) const {
    const Index first = block.index() % chunks(W.cols) * chunk;
    const Index part = block.index() / chunks(W.cols);  // problem and tile
    const Index problem = part / W.count(), tile = part % W.count();
    const Index count = units == nullptr ? W.cols : counts[problem];
    if (first >= count) return;
    const int size = static_cast<int>(count - first < chunk ? count - first : chunk);
    block.each([&](int t) {
      if (t >= size) return;
      const Index column = units == nullptr ? first + t : units[problem * W.cols + first + t];
      shared.columns[t] = static_cast<int>(column);
    });
    block.each([&](int t) { dot(shared, size, problem, tile, t); });
    block.each([&](int t) {
      if (t >= size) return;
      double sum = 0;
      for (int lane = 0; lane < lanes; ++lane) sum += shared.part[t][lane];
      parts_out[part * W.cols + first + t] = sum;
    });
  }

 private:
  /// A thread's rows of every column in its turn.
  GENDEMOD_DEVICE void dot(Shared& shared, int size, Index problem, Index tile, int t) const {
    const int lane = t % lanes;
    const auto* factors =
        reinterpret_cast<const Pack<T>*>(r + problem * W.padded_rows() + tile * tile_rows);
    Pack<T> factor[packs];
    for (int i = 0; i < packs; ++i) factor[i] = factors[i * lanes + lane];
    for (int k = t / lanes; k < size; k += threads / lanes) {
      const auto* column = reinterpret_cast<const Pack<T>*>(W.column(tile, shared.columns[k]));
      Pack<T> pack[packs];
      for (int i = 0; i < packs; ++i) pack[i] = column[i * lanes + lane];
      T sum = 0;
      for (int i = 0; i < packs; ++i) {
        for (int j = 0; j < Pack<T>::size; ++j) sum += pack[i].values[j] * factor[i].values[j];
      }
      shared.part[k][lane] = static_cast<double>(sum);
    }
  }
};

/// out[p, units[k]] = sum over the tiles of parts[p, tile, k], the second stage of the product. One
/// block a problem and 32 units. Where a unit is off, out is left as it is.
template <class T>
struct SumParts {
  static constexpr int columns = 32, shares = 8, threads = columns * shares;
  struct Shared {
    double part[shares][columns];
  };
  const double* parts;  // (problems, tiles, cols)
  Index tiles, cols;
  const int* units;   // as in LayerProductTranspose
  const int* counts;  // (problems,)
  T* out;             // (problems, stride)
  Index stride;

  GENDEMOD_BOTH static Index chunks(Index cols) { return (cols + columns - 1) / columns; }
  Index blocks(Index problems) const { return problems * chunks(cols); }

  template <class Block>
  GENDEMOD_DEVICE void operator()(const Block& block, Shared& shared) const {
    const Index problem = block.index() / chunks(cols);
    const Index first = block.index() % chunks(cols) * columns;
    const Index count = units == nullptr ? cols : counts[problem];
    if (first >= count) return;
    const Index share = (tiles + shares - 1) / shares;
    block.each([&](int t) {
      const Index begin = t / columns * share, k = first + t % columns;
      const Index end = begin + share < tiles ? begin + share : tiles;
      double sum = 0;
      if (k < count) {
        for (Index tile = begin; tile < end; ++tile) {
          sum += parts[(problem * tiles + tile) * cols + k];
        }
      }
      shared.part[t / columns][t % columns] = sum;
    });
    block.each([&](int t) {
      const Index k = first + t;
      if (t >= columns || k >= count) return;
      double sum = 0;
      for (int i = 0; i < shares; ++i) sum += shared.part[i][t];
      out[problem * stride + (units == nullptr ? k : units[problem * cols + k])] =
          static_cast<T>(sum);
    });
  }
};

}  // namespace gendemod::cuda
