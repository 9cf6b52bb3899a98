#pragma once

#include "tiles.hpp"

namespace gendemod::cuda {

/// A tile's part of Lambda^T r, Lambda = A where the output is on: one block a problem and tile.
/// seed(problem, row) is r, asked for once a row. Reads A once. Four groups of threads take columns
/// in turn; the rows of a column are summed by the 32 threads of a group, first in T, then in
/// float64.
template <class T, class Seed>
struct TransposeProduct {
  static constexpr int threads = 128;
  static constexpr int lanes = Pack<T>::size;
  static constexpr int group = 32;                           // threads of a column
  static constexpr int packs = tile_rows / (group * lanes);  // of a thread
  static constexpr int each = 16 / packs;                    // columns of a group in flight
  static constexpr int wide = threads / group * each;        // columns at a time
  struct Shared {
    Pack<T> r[tile_rows / lanes];
    T part[wide][group + 1];
    double eighth[wide][threads / wide];
  };
  struct Rows {
    Pack<T> packs[TransposeProduct::packs];
  };
  struct Columns {
    Rows rows[each];
  };

  const int* active;
  Tiles<const T> A;  // of the first problem
  Index A_stride;    // from problem to problem; 0: one for all
  const T* output;   // (problems, padded rows)
  Seed seed;
  double* parts;  // (problems, n, tiles)

  template <class Block>
  GENDEMOD_DEVICE void operator()(const Block& block, Shared& shared) const {
    const Index problem = block.index() / A.count(), tile = block.index() % A.count();
    if (active[problem] == 0) return;
    block.each([&](int t) {
      for (int i = t; i < tile_rows; i += threads) {
        const Index row = tile * tile_rows + i;
        const T seeded = seed(problem, row);
        const bool on = output[problem * A.padded_rows() + row] > T(0);
        shared.r[i / lanes].values[i % lanes] = on ? seeded : T(0);
      }
    });
    PerThread<Rows, threads> r;
    PerThread<Columns, threads> columns;
    block.each([&](int t) {
      for (int i = 0; i < packs; ++i) r[t].packs[i] = shared.r[i * group + t % group];
      load(problem, tile, 0, t, columns[t]);
    });
    for (Index first = 0; first < A.cols; first += wide) {
      block.each([&](int t) { multiply(t, columns[t], r[t], shared); });
      block.each([&](int t) {
        load(problem, tile, first + wide, t, columns[t]);  // on their way meanwhile
        sum(t, shared);
      });
      block.each([&](int t) {
        if (t >= wide || first + t >= A.cols) return;
        double total = 0;
        for (int k = 0; k < threads / wide; ++k) total += shared.eighth[t][k];
        parts[(problem * A.cols + first + t) * A.count() + tile] = total;
      });
    }
  }

 private:
  GENDEMOD_DEVICE void load(Index problem, Index tile, Index first, int t, Columns& out) const {
    const Index column = first + t / group * each;
    const T* numbers = A.column(tile, column) + problem * A_stride;
    for (int c = 0; c < each; ++c) {
      for (int i = 0; i < packs; ++i) {
        out.rows[c].packs[i] = Pack<T>{};
        if (column + c < A.cols) {
          out.rows[c].packs[i] =
              reinterpret_cast<const Pack<T>*>(numbers + c * tile_rows)[i * group + t % group];
        }
      }
    }
  }

  GENDEMOD_DEVICE static void multiply(int t, const Columns& columns, const Rows& r,
                                       Shared& shared) {
    for (int c = 0; c < each; ++c) {
      T total = 0;
      for (int i = 0; i < packs; ++i) {
        for (int j = 0; j < lanes; ++j) {
          total += columns.rows[c].packs[i].values[j] * r.packs[i].values[j];
        }
      }
      shared.part[t / group * each + c][t % group] = total;
    }
  }

  GENDEMOD_DEVICE static void sum(int t, Shared& shared) {
    constexpr int share = group * wide / threads;  // of a thread
    const int c = t / (threads / wide), k = t % (threads / wide);
    double total = 0;
    for (int i = 0; i < share; ++i) total += static_cast<double>(shared.part[c][k * share + i]);
    shared.eighth[c][k] = total;
  }
};

/// out = the sum over tiles, in order: `sums` rows of parts, each of a problem and coordinate.
struct SumTiles {
  static constexpr int threads = 128;
  static constexpr int share = 32;              // threads of a row
  static constexpr int rows = threads / share;  // of a block
  struct Shared {
    double part[threads];
  };

  const int* active;
  Index per_problem, problems, tiles;
  const double* parts;  // (problems, per_problem, tiles)
  double* out;          // (problems, per_problem)

  template <class Block>
  GENDEMOD_DEVICE void operator()(const Block& block, Shared& shared) const {
    const Index first = block.index() * rows;
    block.each([&](int t) {
      const Index row = first + t / share;
      double total = 0;
      if (is_due(row)) {
        for (Index k = t % share; k < tiles; k += share) total += parts[row * tiles + k];
      }
      shared.part[t] = total;
    });
    block.each([&](int t) {
      if (t >= rows || !is_due(first + t)) return;
      double total = 0;
      for (int k = 0; k < share; ++k) total += shared.part[t * share + k];
      out[first + t] = total;
    });
  }

  GENDEMOD_BOTH Index blocks() const { return (problems * per_problem + rows - 1) / rows; }

 private:
  GENDEMOD_DEVICE bool is_due(Index row) const {
    return row < problems * per_problem && active[row / per_problem] != 0;
  }
};

}  // namespace gendemod::cuda
