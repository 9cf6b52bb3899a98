#pragma once

#include "micro_tile.hpp"
#include "padded_rows.hpp"

namespace gendemod::cuda {

/// Masked Gram sums, sum over listed rows of root_i^2 w_i w_i^T, (order, order), symmetric, with
/// zeros beyond n. One block a pair and a tile of `side` by `side` entries on or below the
/// diagonal, of which each thread has micro by micro; rows are gathered a chunk at a time, the next
/// while this one is multiplied. Sums of T run over a list, those of float64 over lists. About n^2
/// flops a row, and side / (2 micro) flops a byte that is read.
template <class T, int side>
struct MaskedGrams {
  static constexpr int groups = side / micro, threads = groups * groups;

  static constexpr int chunk = 32 / sizeof(T);  // rows at a time
  static constexpr int row_packs = side / Pack<T>::size;
  static constexpr int packs = chunk * row_packs / threads;  // of a thread and panel
  struct Shared {
    Panel<T, chunk, side> left[2], right[2];
  };
  struct Fetched {
    Pack<T> left[packs], right[packs];
  };
  struct Place {
    int g, h;
  };

  PaddedRows<T> W;
  const int* rows;    // (pairs, most_rows)
  const int* counts;  // (pairs,)
  Index most_rows;
  const T* roots;  // (pairs, W.padded_rows()), or null: 1
  bool begins;     // writes the sums; else adds to them
  Index order;
  double* grams_out;  // (pairs, order, order)

  GENDEMOD_BOTH Index tiles() const {
    const Index across = (W.cols + side - 1) / side;
    return across * (across + 1) / 2;
  }

  template <class Block>
  GENDEMOD_DEVICE void operator()(const Block& block, Shared& shared) const {
    const Index pair = block.index() / tiles(), tile = block.index() % tiles();
    const Place at = below_diagonal(static_cast<int>(tile));
    const bool diagonal = at.g == at.h;
    const Index left = Index(at.g) * side, right = Index(at.h) * side;
    const int count = counts[pair];
    PerThread<Place, threads> place;
    PerThread<MicroTile<T>, threads> sums;
    block.each([&](int t) {
      place[t] = diagonal ? below_diagonal(t) : Place{t / groups, t % groups};
      Fetched fetched;
      fetch(pair, 0, count, left, right, t, fetched);
      put(fetched, t, shared, 0);
    });
    for (int first = 0; first < count; first += chunk) {
      const int now = first / chunk % 2;
      const bool more = first + chunk < count;
      block.each([&](int t) {
        Fetched fetched;
        if (more) fetch(pair, first + chunk, count, left, right, t, fetched);
        const Place mine = place[t];
        if (mine.g < groups && left + mine.g * micro < W.cols) {
          const auto& other = diagonal ? shared.left[now] : shared.right[now];
          sums[t].add(shared.left[now], mine.g, other, mine.h);
        }
        if (more) put(fetched, t, shared, 1 - now);
      });
    }
    GENDEMOD_UNROLL(micro)
    for (int i = 0; i < micro; ++i) {
      block.each([&](int t) {
        if (place[t].g >= groups) return;
        const Index row = left + place[t].g * micro, col = right + place[t].h * micro;
        store(sums[t].sums[i], pair, row + i, col, row == col);
      });
    }
  }

 private:
  /// Number t of the pairs h <= g: (0, 0), (1, 0), (1, 1), (2, 0), ...
  GENDEMOD_DEVICE static Place below_diagonal(int t) {
    int g = 0;
    while ((g + 1) * (g + 2) / 2 <= t) ++g;
    return {g, t - g * (g + 1) / 2};
  }
  GENDEMOD_DEVICE void fetch(Index pair, int first, int count, Index left, Index right, int t,
                             Fetched& out) const {
    for (int e = 0; e < packs; ++e) {
      const int k = first + (t + e * threads) / row_packs;
      const Index col = (t + e * threads) % row_packs * Pack<T>::size;
      out.left[e] = out.right[e] = Pack<T>{};
      if (k >= count) continue;
      const Index row = rows[pair * most_rows + k];
      const T root = roots == nullptr ? T(1) : roots[pair * W.padded_rows() + row];
      if (left + col < W.width) out.left[e] = scaled(W.row(row) + left + col, root);
      if (left != right) out.right[e] = scaled(W.row(row) + right + col, root);
    }
  }
  GENDEMOD_DEVICE static Pack<T> scaled(const T* values, T factor) {
    Pack<T> pack = *reinterpret_cast<const Pack<T>*>(values);
    for (int j = 0; j < Pack<T>::size; ++j) pack.values[j] *= factor;
    return pack;
  }
  GENDEMOD_DEVICE static void put(const Fetched& fetched, int t, Shared& shared, int to) {
    for (int e = 0; e < packs; ++e) {
      const int k = (t + e * threads) / row_packs, index = (t + e * threads) % row_packs;
      shared.left[to].pack(k, index) = fetched.left[e];
      shared.right[to].pack(k, index) = fetched.right[e];
    }
  }
  /// Adds to both halves; where the thread has both, each by itself.
  GENDEMOD_DEVICE void store(const T (&sums)[micro], Index pair, Index row, Index col,
                             bool both) const {
    double* const G = grams_out + pair * order * order;
    for (int j = 0; j < micro; ++j) {
      if (row >= order || col + j >= order) continue;
      double& entry = G[row * order + col + j];
      entry = sums[j] + (begins ? 0.0 : entry);
      if (!both) G[(col + j) * order + row] = entry;
    }
  }
};

}  // namespace gendemod::cuda
