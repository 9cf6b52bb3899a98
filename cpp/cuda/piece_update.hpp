#pragma once

#include "piece_plan.hpp"
#include "relu.hpp"
#include "terms.hpp"

namespace gendemod::cuda {

/// Brings a tile of a piece A = P_{i+1} up to date as planned, and A z with it: one block a problem
/// and tile. A is read and written once; where it is kept it is read once; where it slides it is
/// not touched. A few columns of A at a time lie in registers, rows over threads, and the listed
/// columns of W_{i+1} pass by.
///
/// The term is that of the output.
template <class T, class Term = NoTerm>
struct UpdatePiece {
  static constexpr int threads = tile_threads;
  static constexpr int wide = 64 / static_cast<int>(sizeof(T));  // columns of A in registers
  static constexpr int deep = 32;                                // units whose factors are shared
  static constexpr int together = 16 / static_cast<int>(sizeof(T));  // of these, loaded at a time
  static constexpr int lanes = Pack<T>::size;
  static constexpr int packs = thread_packs<T>;
  struct Shared {
    Pack<T> factors[deep][wide / lanes + 1];
    T z[wide];
    int columns[deep];
    TermSums<Term> sums;
  };
  struct Columns {
    Pack<T> packs[wide][UpdatePiece::packs];
  };
  using Rows = ThreadRows<T>;

  const int* active;        // (problems,)
  const PieceState* state;  // (problems,), or null: kept
  const int* units;         // (problems, P.rows)
  const int* mask;          // (problems, P.rows)
  Tiles<const T> P;         // P_i of the first problem
  Index P_stride;           // from problem to problem
  Tiles<const T> W;
  Tiles<T> A;  // of the first problem; the others follow at A_stride
  Index A_stride;
  const T* z;      // (problems, n)
  const T* slope;  // (problems, padded rows): A times the direction of a slide
  const T* step;   // (problems,): how far it goes
  T* value;        // (problems, padded rows): A z
  T* row_squares;  // of A, (problems, padded rows), or null
  T* output;       // relu(A z), or null
  Term term;
  double* parts;  // (problems, count, tiles)

  template <class Block>
  GENDEMOD_DEVICE void operator()(const Block& block, Shared& shared) const {
    const Index problem = block.index() / A.count(), tile = block.index() % A.count();
    if (active[problem] == 0) return;
    const Follow follow = state == nullptr ? Follow::keep : state[problem].follow;
    PerThread<Rows, threads> sums;
    if (follow == Follow::slide) {
      block.each([&](int t) { slide(problem, tile, t, sums[t]); });
    } else {
      multiply_out(block, shared, problem, tile, follow, sums);
    }
    block.each([&](int t) { finish(problem, tile, t, sums[t]); });
    sum_term<T>(block, shared.sums, problem, tile, A.count(), sums, term, parts);
  }

 private:
  /// Changes A as planned, and sums A z up.
  template <class Block>
  GENDEMOD_DEVICE void multiply_out(const Block& block, Shared& shared, Index problem, Index tile,
                                    Follow follow, PerThread<Rows, threads>& sums) const {
    const int count = follow == Follow::keep ? 0 : state[problem].count;
    PerThread<Columns, threads> columns;
    PerThread<Rows, threads> squares;
    for (Index first = 0; first < A.cols; first += wide) {
      block.each([&](int t) {
        if (t < wide && first + t < A.cols) shared.z[t] = z[problem * A.cols + first + t];
        load(problem, tile, first, t, follow, columns[t]);
      });
      for (int done = 0; done < count; done += deep) {
        const int size = count - done < deep ? count - done : deep;
        block.each([&](int t) { share(problem, first, done, size, t, shared); });
        block.each([&](int t) { add(shared, size, tile, t, columns[t]); });
      }
      block.each([&](int t) {
        multiply(shared, first, columns[t], sums[t], squares[t]);
        if (follow != Follow::keep) store(problem, tile, first, t, columns[t]);
      });
    }
    if (row_squares == nullptr || follow == Follow::keep) return;
    block.each([&](int t) {
      for (int i = 0; i < packs; ++i) at(row_squares, problem, tile, i, t) = squares[t].packs[i];
    });
  }

  /// A thread's pack i of a tile, in a vector over the rows of A.
  template <class U>
  GENDEMOD_DEVICE auto& at(U* rows, Index problem, Index tile, int i, int t) const {
    return pack(rows + problem * A.padded_rows() + tile * tile_rows, i, t);
  }
  GENDEMOD_DEVICE static Pack<T>& pack(T* tile, int i, int t) {
    return reinterpret_cast<Pack<T>*>(tile)[i * threads + t];
  }
  GENDEMOD_DEVICE static const Pack<T>& pack(const T* tile, int i, int t) {
    return reinterpret_cast<const Pack<T>*>(tile)[i * threads + t];
  }

  GENDEMOD_DEVICE void slide(Index problem, Index tile, int t, Rows& sums) const {
    for (int i = 0; i < packs; ++i) {
      const Pack<T> old = at(value, problem, tile, i, t), d = at(slope, problem, tile, i, t);
      for (int j = 0; j < lanes; ++j) {
        sums.packs[i].values[j] = old.values[j] + step[problem] * d.values[j];
      }
    }
  }

  GENDEMOD_DEVICE void load(Index problem, Index tile, Index first, int t, Follow follow,
                            Columns& out) const {
    for (int c = 0; c < wide; ++c) {
      for (int i = 0; i < packs; ++i) {
        out.packs[c][i] = Pack<T>{};
        if (follow != Follow::rebuild && first + c < A.cols) {
          out.packs[c][i] = pack(A.column(tile, first + c) + problem * A_stride, i, t);
        }
      }
    }
  }

  /// The rows S P_i[units, :] of a few units, for the columns at hand.
  GENDEMOD_DEVICE void share(Index problem, Index first, int done, int size, int t,
                             Shared& shared) const {
    const int k = t % deep;
    if (k >= size) return;
    const int unit = units[problem * P.rows + done + k];
    const T sign = mask[problem * P.rows + unit] == 1 ? T(1) : T(-1);
    const T* rows = P.data + problem * P_stride + unit / tile_rows * tile_rows * P.cols;
    if (t == k) shared.columns[k] = unit;
    for (int c = t / deep; c < wide; c += threads / deep) {
      const Index column = first + c;
      const T entry = column < P.cols ? rows[column * tile_rows + unit % tile_rows] : T(0);
      shared.factors[k][c / lanes].values[c % lanes] = sign * entry;
    }
  }

  /// A += W[:, units] times those rows; columns of a few units are on their way together.
  GENDEMOD_DEVICE void add(const Shared& shared, int size, Index tile, int t, Columns& out) const {
    for (int k = 0; k < size; k += together) {
      Rows w[together];
      for (int u = 0; u < together; ++u) {
        for (int i = 0; i < packs && k + u < size; ++i) {
          w[u].packs[i] = pack(W.column(tile, shared.columns[k + u]), i, t);
        }
      }
      for (int u = 0; u < together; ++u) {
        if (k + u < size) add_unit(shared.factors[k + u], w[u], out);
      }
    }
  }
  GENDEMOD_DEVICE static void add_unit(const Pack<T>* rows, const Rows& w, Columns& out) {
    for (int group = 0; group < wide / lanes; ++group) {
      const Pack<T> factors = rows[group];
      for (int c = 0; c < lanes; ++c) {
        for (int i = 0; i < packs; ++i) {
          for (int j = 0; j < lanes; ++j) {
            out.packs[group * lanes + c][i].values[j] += w.packs[i].values[j] * factors.values[c];
          }
        }
      }
    }
  }

  GENDEMOD_DEVICE void multiply(const Shared& shared, Index first, const Columns& columns,
                                Rows& sums, Rows& squares) const {
    for (int c = 0; c < wide; ++c) {
      if (first + c >= A.cols) continue;
      for (int i = 0; i < packs; ++i) {
        for (int j = 0; j < lanes; ++j) {
          const T entry = columns.packs[c][i].values[j];
          sums.packs[i].values[j] += entry * shared.z[c];
          squares.packs[i].values[j] += entry * entry;
        }
      }
    }
  }

  GENDEMOD_DEVICE void store(Index problem, Index tile, Index first, int t,
                             const Columns& columns) const {
    for (int c = 0; c < wide; ++c) {
      if (first + c >= A.cols) continue;
      for (int i = 0; i < packs; ++i) {
        pack(A.column(tile, first + c) + problem * A_stride, i, t) = columns.packs[c][i];
      }
    }
  }

  /// Leaves the output in sums.
  GENDEMOD_DEVICE void finish(Index problem, Index tile, int t, Rows& sums) const {
    for (int i = 0; i < packs; ++i) {
      at(value, problem, tile, i, t) = sums.packs[i];
      if (output == nullptr) continue;
      const int left = A.rows_of(tile) - pack_row<T>(i, t);
      for (int j = 0; j < lanes; ++j) {
        // Beyond the last row there are zeros, times inf perhaps.
        sums.packs[i].values[j] = j < left ? relu(sums.packs[i].values[j]) : T(0);
      }
      at(output, problem, tile, i, t) = sums.packs[i];
    }
  }
};

}  // namespace gendemod::cuda
