#pragma once

#include "norm_state.hpp"

namespace gendemod::cuda {

/// Whether limit I - sign D is positive definite, by Cholesky; the work of one block.
///
/// Columns are factored `panel` at a time. A thread has a row of the panel in registers: it takes
/// off what the columns before have to say, then eliminates, together with the threads of the
/// panel's own rows, from whom it learns what stands below the diagonal. 1/3 n^3 flops.
struct BlockCholesky {
  static constexpr int threads = 128, panel = 32;
  struct Shared {
    double others[panel][panel];  // (k, c): L[first + c, k] of columns k before
    double own[panel][panel];     // (c, m): what column c has in row c + m of the panel, then zeros
    int failed;
  };
  /// Of column c + m at m, where c is the next to be eliminated.
  struct Row {
    double values[panel];
  };

  Index order;  // a multiple of panel

  /// D (order, order), symmetric; L (order, order) is where the factor goes, by columns.
  template <class Block>
  GENDEMOD_DEVICE bool operator()(const Block& block, Shared& shared, const double* D, double sign,
                                  double limit, double* L) const {
    block.each([&](int t) {
      if (t == 0) shared.failed = 0;
    });
    for (Index first = 0; first < order && !shared.failed; first += panel) {
      for (Index top = first; top < order && !shared.failed; top += threads) {
        PerThread<Row, threads> rows;
        block.each([&](int t) {
          if (top + t >= order) return;
          for (int c = 0; c < panel; ++c) {
            rows[t].values[c] =
                (top + t == first + c ? limit : 0) - sign * D[(first + c) * order + top + t];
          }
        });
        for (Index k = 0; k < first; k += panel) take_off(block, shared, L, first, top, k, rows);
        if (top == first) {
          factor(block, shared, L, first, rows);
        } else {
          block.each([&](int t) {
            if (top + t >= order) return;
            for (int c = 0; c < panel; ++c) {
              L[(first + c) * order + top + t] = eliminate(shared.own[c], rows[t]);
            }
          });
        }
      }
    }
    const bool positive = !shared.failed;
    block.each([&](int) {});  // all have read
    return positive;
  }

 private:
  /// The panel of rows top .. and columns first .. less what columns k .. k + panel - 1 of L say.
  template <class Block>
  GENDEMOD_DEVICE void take_off(const Block& block, Shared& shared, const double* L, Index first,
                                Index top, Index k, PerThread<Row, threads>& rows) const {
    block.each([&](int t) {
      for (int e = t; e < panel * panel; e += threads) {
        shared.others[e / panel][e % panel] = L[(k + e / panel) * order + first + e % panel];
      }
    });
    block.each([&](int t) {
      if (top + t >= order) return;
      for (int column = 0; column < panel; ++column) {
        const double factor = L[(k + column) * order + top + t];
        for (int c = 0; c < panel; ++c) {
          rows[t].values[c] -= factor * shared.others[column][c];
        }
      }
    });
  }
  /// Factors the panel's own rows, those of the first threads, and eliminates in those below.
  template <class Block>
  GENDEMOD_DEVICE void factor(const Block& block, Shared& shared, double* L, Index first,
                              PerThread<Row, threads>& rows) const {
    for (int c = 0; c < panel; ++c) {
      block.each([&](int t) {
        if (t >= panel) return;
        shared.own[c][(t - c + panel) % panel] = t < c ? 0 : rows[t].values[0];
        if (t == c && !(rows[t].values[0] > 0)) shared.failed = 1;
      });
      if (shared.failed) return;
      block.each([&](int t) {
        if (first + t >= order) return;
        L[(first + c) * order + first + t] = eliminate(shared.own[c], rows[t]);
      });
    }
  }
  /// An entry of a column of L, which is taken off the columns behind it.
  GENDEMOD_DEVICE static double eliminate(const double (&column)[panel], Row& row) {
    const double left = row.values[0], factor = left / column[0];
    for (int m = 1; m < panel; ++m) row.values[m - 1] = row.values[m] - factor * column[m];
    return left / std::sqrt(column[0]);
  }
};

/// Tries whether ||D|| <= trial: whether trial I - D and trial I + D are positive definite. One
/// block a sign.
struct ProveBounds {
  static constexpr int threads = BlockCholesky::threads;
  using Shared = BlockCholesky::Shared;
  const double* matrices;  // (count, order, order)
  Index order;
  const NormState* states;
  double* factors;  // (count, 2, order, order)
  int* proven_out;  // (count, 2)

  template <class Block>
  GENDEMOD_DEVICE void operator()(const Block& block, Shared& shared) const {
    const Index problem = block.index() / 2, volume = order * order;
    if (!states[problem].open) return;
    const bool proven = BlockCholesky{order}(block, shared, matrices + problem * volume,
                                             block.index() % 2 == 0 ? 1 : -1, states[problem].trial,
                                             factors + block.index() * volume);
    block.each([&](int t) {
      if (t == 0) proven_out[block.index()] = proven;
    });
  }
};

}  // namespace gendemod::cuda
