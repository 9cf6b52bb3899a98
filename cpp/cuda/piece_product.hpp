#pragma once

#include "piece_plan.hpp"
#include "terms.hpp"

namespace gendemod::cuda {

/// A x, for pieces A of many problems or one matrix for all: one block a problem and tile. Reads A
/// once. The term is that of the masked product.
template <class T, class Term = NoTerm>
struct PieceProduct {
  static constexpr int threads = tile_threads;
  static constexpr int wide = 8;  // columns in flight
  static constexpr int chunk = 256;
  static constexpr int lanes = Pack<T>::size;
  static constexpr int packs = thread_packs<T>;
  struct Shared {
    T x[chunk];
    TermSums<Term> sums;
  };
  using Rows = ThreadRows<T>;

  const int* active;  // (problems,)
  Tiles<const T> A;   // of the first problem
  Index A_stride;     // from problem to problem; 0: one for all
  const T* x;         // (problems, n)
  T* product;         // A x, (problems, padded rows)
  const T* output;    // or null
  T* masked;          // A x where output > 0, else 0; or null
  PieceState* state;  // told that product is the slope now; or null
  Term term;
  double* parts;  // (problems, count, tiles)

  template <class Block>
  GENDEMOD_DEVICE void operator()(const Block& block, Shared& shared) const {
    const Index problem = block.index() / A.count(), tile = block.index() % A.count();
    if (active[problem] == 0) return;
    PerThread<Rows, threads> sums;
    for (Index first = 0; first < A.cols; first += chunk) {
      const int size = static_cast<int>(A.cols - first < chunk ? A.cols - first : chunk);
      block.each([&](int t) {
        for (int k = t; k < size; k += threads) shared.x[k] = x[problem * A.cols + first + k];
      });
      block.each([&](int t) {
        const T* columns = A.column(tile, first) + problem * A_stride;
        for (int k = 0; k < size; k += wide) add(shared, columns, k, size, t, sums[t]);
      });
    }
    block.each([&](int t) {
      store(problem, tile, t, sums[t]);
      if (state != nullptr && tile == 0 && t == 0) state[problem].has_slope = 1;
    });
    sum_term<T>(block, shared.sums, problem, tile, A.count(), sums, term, parts);
  }

 private:
  GENDEMOD_DEVICE static void add(const Shared& shared, const T* columns, int k, int size, int t,
                                  Rows& sums) {
    Pack<T> loaded[wide][packs];
    for (int c = 0; c < wide; ++c) {
      for (int i = 0; i < packs; ++i) {
        loaded[c][i] = Pack<T>{};
        if (k + c < size) {
          loaded[c][i] =
              reinterpret_cast<const Pack<T>*>(columns + (k + c) * tile_rows)[i * threads + t];
        }
      }
    }
    for (int c = 0; c < wide; ++c) {
      const T factor = k + c < size ? shared.x[k + c] : T(0);
      for (int i = 0; i < packs; ++i) {
        for (int j = 0; j < lanes; ++j) {
          sums.packs[i].values[j] += loaded[c][i].values[j] * factor;
        }
      }
    }
  }

  /// Leaves the masked rows in sums.
  GENDEMOD_DEVICE void store(Index problem, Index tile, int t, Rows& sums) const {
    const Index start = problem * A.padded_rows() + tile * tile_rows;
    for (int i = 0; i < packs; ++i) {
      const Index place = start + pack_row<T>(i, t);
      *reinterpret_cast<Pack<T>*>(product + place) = sums.packs[i];
      if (output == nullptr) continue;
      const auto on = *reinterpret_cast<const Pack<T>*>(output + place);
      for (int j = 0; j < lanes; ++j) {
        if (!(on.values[j] > T(0))) sums.packs[i].values[j] = T(0);
      }
      if (masked != nullptr) *reinterpret_cast<Pack<T>*>(masked + place) = sums.packs[i];
    }
  }
};

}  // namespace gendemod::cuda
