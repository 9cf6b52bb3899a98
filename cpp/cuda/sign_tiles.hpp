#pragma once

#include "sign_pairs.hpp"

namespace gendemod::cuda {

/// Parts of the sums of squares of the rivals that are still in: one block a problem and tile,
/// tiles first .. last - 1. A rival whose sum over the tiles before `first` has reached that of
/// (h, m) is out.
template <class T>
struct SignTiles {
  static constexpr int threads = sum_threads;
  static constexpr int chunk = 256;  // columns whose factors are shared at a time
  static constexpr int lanes = Pack<T>::size;
  static constexpr int packs = thread_packs<T>;
  struct Shared {
    Pack<T> negative[2][tile_rows / lanes];
    T factors[chunk];
    int columns[chunk];
    BlockSums<threads, 3> sums;
  };
  using Rows = ThreadRows<T>;

  const int* active;
  ProductModel<T> model;
  NegativeRows<T> negative_h, negative_m;
  const T *w, *x;           // (problems, stride)
  const double* objective;  // (problems,)
  const int* rivals;        // (problems,)
  Index first, last;
  double* parts;  // (problems, tiles, 3)

  template <class Block>
  GENDEMOD_DEVICE void operator()(const Block& block, Shared& shared) const {
    const Index problem = block.index() / (last - first);
    const Index tile = first + block.index() % (last - first);
    if (active[problem] == 0 || rivals[problem] == 0) return;
    const int in = still_in(block, problem, shared);
    if (in == 0) return;
    if ((in & rivals_with_negative_h) != 0) multiply(block, problem, tile, negative_h, 0, shared);
    if ((in & rivals_with_negative_m) != 0) multiply(block, problem, tile, negative_m, 1, shared);
    block_sums(block, shared.sums, [&](int t, double* sums) {
      for (int k = 0; k < 3; ++k) sums[k] = 0;
      for (int i = 0; i < packs; ++i) add_squares(shared, problem, tile, i, t, in, sums);
    });
    block.each([&](int t) {
      if (t < 3) parts[(problem * model.tiles() + tile) * 3 + t] = shared.sums.totals[t];
    });
  }

 private:
  /// The squares of pack i of a thread, of each rival that is in.
  GENDEMOD_DEVICE void add_squares(const Shared& shared, Index problem, Index tile, int i, int t,
                                   int in, double* sums) const {
    const Index row = tile * tile_rows + pack_row<T>(i, t), place = problem * model.stride + row;
    const auto own_w = *reinterpret_cast<const Pack<T>*>(w + place);
    const auto own_x = *reinterpret_cast<const Pack<T>*>(x + place);
    const Pack<T> other_w = shared.negative[0][i * threads + t];
    const Pack<T> other_x = shared.negative[1][i * threads + t];
    for (int j = 0; j < lanes; ++j) {
      for (int k = 1; k < 4; ++k) {
        if ((in >> k & 1) == 0) continue;
        const T a = negates_h(k) ? other_w.values[j] : own_w.values[j];
        const T b = negates_m(k) ? other_x.values[j] : own_x.values[j];
        sums[k - 1] += model.square(problem, row + j, a, b);
      }
    }
  }

  template <class Block>
  GENDEMOD_DEVICE int still_in(const Block& block, Index problem, Shared& shared) const {
    int in = rivals[problem];
    if (first == 0) return in;
    block_sums(block, shared.sums, [&](int t, double* out) {
      for (int k = 0; k < 3; ++k) {
        out[k] = 0;
        for (Index i = t; i < first; i += threads) {
          out[k] += parts[(problem * model.tiles() + i) * 3 + k];
        }
      }
    });
    for (int k = 1; k < 4; ++k) {
      if (shared.sums.totals[k - 1] * (1 - 1e-4) >= 2 * objective[problem]) in &= ~(1 << k);
    }
    return in;
  }

  template <class Block>
  GENDEMOD_DEVICE void multiply(const Block& block, Index problem, Index tile,
                                const NegativeRows<T>& G, int factor, Shared& shared) const {
    const Index count = G.units == nullptr ? G.M.cols : G.counts[problem];
    PerThread<Rows, threads> sums;
    for (Index done = 0; done < count; done += chunk) {
      const int size = static_cast<int>(count - done < chunk ? count - done : chunk);
      block.each([&](int t) {
        for (int k = t; k < size; k += threads) {
          const Index column =
              G.units == nullptr ? done + k : G.units[problem * G.M.cols + done + k];
          shared.columns[k] = static_cast<int>(column);
          shared.factors[k] = G.factors[problem * G.factors_stride + column];
        }
      });
      block.each([&](int t) {
        for (int k = 0; k < size; ++k) {
          const auto* column =
              reinterpret_cast<const Pack<T>*>(G.M.column(tile, shared.columns[k]));
          for (int i = 0; i < packs; ++i) {
            const Pack<T> loaded = column[i * threads + t];
            for (int j = 0; j < lanes; ++j) {
              sums[t].packs[i].values[j] += loaded.values[j] * shared.factors[k];
            }
          }
        }
      });
    }
    block.each([&](int t) {
      const auto* value =
          reinterpret_cast<const Pack<T>*>(G.value + problem * model.stride + tile * tile_rows);
      for (int i = 0; i < packs; ++i) {
        const Pack<T> own = value[i * threads + t];
        const int left = G.M.rows_of(tile) - pack_row<T>(i, t);
        Pack<T> out;
        for (int j = 0; j < lanes; ++j) {
          out.values[j] = j < left ? G.output(own.values[j], sums[t].packs[i].values[j]) : T(0);
        }
        shared.negative[factor][i * threads + t] = out;
      }
    });
  }
};

/// The sign pair of the least objective, the first of equals. One block a problem.
struct ChooseSigns {
  static constexpr int threads = 128;
  using Shared = BlockSums<threads, 3>;
  const int* active;
  const int* rivals;
  Index first, tiles;       // tiles that all rivals of `rivals` have; all tiles
  const double* parts;      // (problems, tiles, 3)
  const double* objective;  // (problems,)
  int* best_out;            // (problems,)

  template <class Block>
  GENDEMOD_DEVICE void operator()(const Block& block, Shared& shared) const {
    const Index problem = block.index();
    if (active[problem] == 0) return;
    const int in = rivals[problem];
    block.each([&](int t) {
      if (t == 0) best_out[problem] = 0;
    });
    if (in == 0) return;
    const int left = sum(block, shared, problem, in, first);
    if (left == 0) return;
    const int winners = first < tiles ? sum(block, shared, problem, left, tiles) : left;
    block.each([&](int t) {
      if (t > 0) return;
      double least = 2 * objective[problem];
      for (int k = 1; k < 4; ++k) {
        if ((winners >> k & 1) == 0 || !(shared.totals[k - 1] < least)) continue;
        least = shared.totals[k - 1];
        best_out[problem] = k;
      }
    });
  }

 private:
  /// Sums over the tiles before `last`; the rivals of `in` that these leave.
  template <class Block>
  GENDEMOD_DEVICE int sum(const Block& block, Shared& shared, Index problem, int in,
                          Index last) const {
    block_sums(block, shared, [&](int t, double* out) {
      for (int k = 0; k < 3; ++k) {
        out[k] = 0;
        for (Index i = t; i < last; i += threads) out[k] += parts[(problem * tiles + i) * 3 + k];
      }
    });
    for (int k = 1; k < 4; ++k) {
      if (shared.totals[k - 1] * (1 - 1e-4) >= 2 * objective[problem]) in &= ~(1 << k);
    }
    return in;
  }
};

}  // namespace gendemod::cuda
