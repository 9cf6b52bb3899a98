#pragma once

#include "block_sum.hpp"
#include "sign_pairs.hpp"

namespace gendemod::cuda {

/// The first rows of all rivals: most of them are out then. One block a problem. 64 rows over
/// threads, and columns over groups of threads.
template <class T>
struct FirstSigns {
  static constexpr int threads = 256;
  static constexpr int rows = 64;
  static constexpr int lanes = Pack<T>::size;
  static constexpr int packs = rows / lanes;  // threads of a group
  static constexpr int groups = threads / packs;
  struct Shared {
    T part[2][groups][rows];
    T negative[2][rows];
    BlockSums<threads, 3> sums;
  };

  const int* active;
  ProductModel<T> model;
  NegativeRows<T> negative_h, negative_m;
  const T *w, *x;           // (problems, stride)
  const double* objective;  // (problems,)
  int* rivals_out;          // (problems,)

  template <class Block>
  GENDEMOD_DEVICE void operator()(const Block& block, Shared& shared) const {
    const Index problem = block.index();
    if (active[problem] == 0) return;
    block.each([&](int t) {
      multiply(problem, negative_h, t, shared.part[0]);
      multiply(problem, negative_m, t, shared.part[1]);
    });
    block.each([&](int t) {
      if (t < rows) shared.negative[0][t] = add_up(problem, negative_h, t, shared.part[0]);
      const int row = t - rows;
      if (row < 0 || row >= rows) return;
      shared.negative[1][row] = add_up(problem, negative_m, row, shared.part[1]);
    });
    block_sums(block, shared.sums, [&](int t, double* squares) {
      const Index i = problem * model.stride + t;
      for (int k = 1; k < 4; ++k) {
        squares[k - 1] = 0;
        if (t >= rows) continue;
        const T a = negates_h(k) ? shared.negative[0][t] : w[i];
        const T b = negates_m(k) ? shared.negative[1][t] : x[i];
        squares[k - 1] = model.square(problem, t, a, b);
      }
    });
    block.each([&](int t) {
      if (t > 0) return;
      int rivals = 0;
      for (int k = 1; k < 4; ++k) {
        // A little room, for the sums to come add up in another order.
        if (shared.sums.totals[k - 1] * (1 - 1e-4) < 2 * objective[problem]) rivals |= 1 << k;
      }
      rivals_out[problem] = rivals;
    });
  }

 private:
  /// The sums of a group of threads over its columns.
  GENDEMOD_DEVICE static void multiply(Index problem, const NegativeRows<T>& G, int t,
                                       T (&part)[groups][rows]) {
    const Index count = G.units == nullptr ? G.M.cols : G.counts[problem];
    const T* const z = G.factors + problem * G.factors_stride;
    const int* const units = G.units == nullptr ? nullptr : G.units + problem * G.M.cols;
    const int lane = t % packs;
    Pack<T> sum{};
    for (Index k = t / packs; k < count; k += groups) {
      const Index column = units == nullptr ? k : units[k];
      const auto loaded = reinterpret_cast<const Pack<T>*>(G.M.column(0, column))[lane];
      for (int j = 0; j < lanes; ++j) sum.values[j] += loaded.values[j] * z[column];
    }
    for (int j = 0; j < lanes; ++j) part[t / packs][lane * lanes + j] = sum.values[j];
  }
  /// A row of G(-z).
  GENDEMOD_DEVICE T add_up(Index problem, const NegativeRows<T>& G, int row,
                           const T (&part)[groups][rows]) const {
    T sum = 0;
    for (int g = 0; g < groups; ++g) sum += part[g][row];
    return row < model.ell ? G.output(G.value[problem * model.stride + row], sum) : T(0);
  }
};

}  // namespace gendemod::cuda
