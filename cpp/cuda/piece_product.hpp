#pragma once

#include "piece_plan.hpp"
#include "terms.hpp"

namespace gendemod::cuda {

/// A x, for pieces A of many problems or one matrix for all: one block a problem and tile. Reads A
/// once. The term is that of the masked product.
template <class T, class Term = NoTerm>
struct PieceProduct {
  static constexpr int threads = tile_threads;
  static constexpr int wide = 64 / static_cast<int>(sizeof(T));  // columns in registers
  static constexpr int lanes = Pack<T>::size;
  static constexpr int packs = thread_packs<T>;
  struct Shared {
    T x[wide];
    TermSums<Term> sums;
  };
  struct Columns {
    Pack<T> packs[wide][PieceProduct::packs];
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
    PerThread<Columns, threads> columns;
    for (Index first = 0; first < A.cols; first += wide) {
      block.each([&](int t) {
        if (t < wide) shared.x[t] = first + t < A.cols ? x[problem * A.cols + first + t] : T(0);
        load(problem, tile, first, t, columns[t]);
      });
      block.each([&](int t) { add(shared, columns[t], sums[t]); });
    }
    block.each([&](int t) {
      store(problem, tile, t, sums[t]);
      if (state != nullptr && tile == 0 && t == 0) state[problem].has_slope = 1;
    });
    sum_term<T>(block, shared.sums, problem, tile, A.count(), sums, term, parts);
  }

 private:
  /// All are on their way before the first is waited for: there may be few blocks.
  GENDEMOD_DEVICE void load(Index problem, Index tile, Index first, int t, Columns& out) const {
    const T* numbers = A.column(tile, first) + problem * A_stride;
    for (int c = 0; c < wide; ++c) {
      for (int i = 0; i < packs; ++i) {
        out.packs[c][i] = Pack<T>{};
        if (first + c < A.cols) {
          out.packs[c][i] =
              reinterpret_cast<const Pack<T>*>(numbers + c * tile_rows)[i * threads + t];
        }
      }
    }
  }
  GENDEMOD_DEVICE static void add(const Shared& shared, const Columns& columns, Rows& sums) {
    for (int c = 0; c < wide; ++c) {
      for (int i = 0; i < packs; ++i) {
        for (int j = 0; j < lanes; ++j) {
          sums.packs[i].values[j] += columns.packs[c][i].values[j] * shared.x[c];
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
