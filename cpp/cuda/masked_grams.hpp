#pragma once

#include "micro_tile.hpp"
#include "padded_rows.hpp"

namespace gendemod::cuda {

/// Masked Gram sums, sum over listed rows of root_i^2 w_i w_i^T, (order, order), symmetric, with
/// zeros beyond n. One block a pair and a tile of `side` by `side` entries on or below the
/// diagonal, of which each thread has micro by micro; rows are gathered a chunk at a time, the next
/// while this one is multiplied. Sums of T run over a list, those of float64 over lists, on and
/// below the diagonal; the last list mirrors them. About n^2 flops a row, and side / (2 micro)
/// flops a byte that is read.
template <class T, int side>
struct MaskedGrams {
  static constexpr int groups = side / micro, threads = groups * groups;

  static constexpr int chunk = 32 / sizeof(T);  // rows at a time
  static constexpr int row_packs = side / Pack<T>::size;
  static constexpr int packs = chunk * row_packs / threads;  // of a thread and panel
  struct Shared {
    Panel<T, chunk, side> left[2], right[2];

    /// Panel k of the four.
    GENDEMOD_DEVICE Panel<T, chunk, side>& panel(int k) { return k < 2 ? left[k] : right[k - 2]; }
  };
  static_assert(groups <= 4 * chunk);
  /// Numbers of the rows of packs, -1 beyond the last; the packs, and what to multiply them with.
  struct Listed {
    int rows[packs];
  };
  struct Fetched {
    Pack<T> left[packs], right[packs];
    T roots[packs];
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
  bool ends;       // writes above the diagonal, too
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
    const int left = at.g * side, right = at.h * side;
    const int count = counts[pair];
    PerThread<Place, threads> place;
    PerThread<Listed, threads> listed;
    PerThread<MicroTile<T>, threads> sums;
    block.each([&](int t) {
      place[t] = diagonal ? below_diagonal(t) : Place{t / groups, t % groups};
      Fetched fetched;
      list(pair, 0, count, t, listed[t]);
      fetch(pair, listed[t], left, right, t, fetched);
      list(pair, chunk, count, t, listed[t]);
      put(fetched, t, shared, 0);
    });
    for (int first = 0; first < count; first += chunk) {
      const int now = first / chunk % 2;
      const bool more = first + chunk < count;
      block.each([&](int t) {
        Fetched fetched;
        if (more) fetch(pair, listed[t], left, right, t, fetched);
        list(pair, first + 2 * chunk, count, t, listed[t]);
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
      block.each([&](int t) { spread(sums[t].sums[i], place[t], shared); });
      block.each([&](int t) { store(shared, pair, left, right, i, t); });
    }
  }

 private:
  /// Number t of the pairs h <= g: (0, 0), (1, 0), (1, 1), (2, 0), ...
  GENDEMOD_DEVICE static Place below_diagonal(int t) {
    int g = 0;
    while ((g + 1) * (g + 2) / 2 <= t) ++g;
    return {g, t - g * (g + 1) / 2};
  }
  GENDEMOD_DEVICE void list(Index pair, int first, int count, int t, Listed& out) const {
    for (int e = 0; e < packs; ++e) {
      const int k = first + (t + e * threads) / row_packs;
      out.rows[e] = k < count ? rows[pair * most_rows + k] : -1;
    }
  }
  GENDEMOD_DEVICE void fetch(Index pair, const Listed& listed, int left, int right, int t,
                             Fetched& out) const {
    const int width = static_cast<int>(W.width);
    for (int e = 0; e < packs; ++e) {
      const int row = listed.rows[e], col = (t + e * threads) % row_packs * Pack<T>::size;
      out.left[e] = out.right[e] = Pack<T>{};
      out.roots[e] = T(1);
      if (row < 0) continue;
      if (roots != nullptr) out.roots[e] = roots[pair * W.padded_rows() + row];
      const T* const w = W.data + Index(row) * width + col;
      if (left + col < width) out.left[e] = pack_at(w + left);
      if (left != right) out.right[e] = pack_at(w + right);
    }
  }
  GENDEMOD_DEVICE static Pack<T> pack_at(const T* values) {
    return *reinterpret_cast<const Pack<T>*>(values);
  }
  /// Multiplies here, so that nobody waits for what is fetched before.
  GENDEMOD_DEVICE static void put(const Fetched& fetched, int t, Shared& shared, int to) {
    for (int e = 0; e < packs; ++e) {
      const int k = (t + e * threads) / row_packs, index = (t + e * threads) % row_packs;
      shared.left[to].pack(k, index) = scaled(fetched.left[e], fetched.roots[e]);
      shared.right[to].pack(k, index) = scaled(fetched.right[e], fetched.roots[e]);
    }
  }
  GENDEMOD_DEVICE static Pack<T> scaled(Pack<T> pack, T factor) {
    for (int j = 0; j < Pack<T>::size; ++j) pack.values[j] *= factor;
    return pack;
  }
  /// Row i of all micro tiles: that of the tiles in group g of rows goes to row g of the panels.
  GENDEMOD_DEVICE static void spread(const T (&sums)[micro], Place place, Shared& shared) {
    if (place.g >= groups) return;
    for (int part = 0; part < micro / Pack<T>::size; ++part) {
      Pack<T> pack;
      for (int j = 0; j < Pack<T>::size; ++j) pack.values[j] = sums[part * Pack<T>::size + j];
      shared.panel(place.g / chunk).values[place.g % chunk][part][place.h] = pack;
    }
  }
  /// Adds what was spread; neighbouring threads have neighbouring entries of a row.
  GENDEMOD_DEVICE void store(Shared& shared, Index pair, int left, int right, int i, int t) const {
    double* const G = grams_out + pair * order * order;
    for (int e = t; e < groups * side; e += threads) {
      const int g = e / side;
      const Index row = left + g * micro + i, col = right + e % side;
      if (row >= order || col > row) continue;
      double& entry = G[row * order + col];
      entry = shared.panel(g / chunk).at(g % chunk, e % side) + (begins ? 0.0 : entry);
      if (ends) G[col * order + row] = entry;
    }
  }
};

}  // namespace gendemod::cuda
