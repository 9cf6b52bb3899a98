#pragma once

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
    T part[groups][rows];
    T negative[2][rows];
    double squares[3][rows];
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
    multiply(block, problem, negative_h, shared.negative[0], shared);
    multiply(block, problem, negative_m, shared.negative[1], shared);
    block.each([&](int t) {
      if (t >= rows) return;
      const Index i = problem * model.stride + t;
      for (int k = 1; k < 4; ++k) {
        const T a = negates_h(k) ? shared.negative[0][t] : w[i];
        const T b = negates_m(k) ? shared.negative[1][t] : x[i];
        shared.squares[k - 1][t] = model.square(problem, t, a, b);
      }
    });
    block.each([&](int t) {
      if (t > 0) return;
      int rivals = 0;
      for (int k = 1; k < 4; ++k) {
        double sum = 0;
        for (int i = 0; i < rows; ++i) sum += shared.squares[k - 1][i];
        // A little room, for the sums to come add up in another order.
        if (sum * (1 - 1e-4) < 2 * objective[problem]) rivals |= 1 << k;
      }
      rivals_out[problem] = rivals;
    });
  }

 private:
  template <class Block>
  GENDEMOD_DEVICE void multiply(const Block& block, Index problem, const NegativeRows<T>& G, T* out,
                                Shared& shared) const {
    const Index count = G.units == nullptr ? G.M.cols : G.counts[problem];
    const T* const z = G.factors + problem * G.factors_stride;
    const int* const units = G.units == nullptr ? nullptr : G.units + problem * G.M.cols;
    block.each([&](int t) {
      const int lane = t % packs;
      Pack<T> sum{};
      for (Index k = t / packs; k < count; k += groups) {
        const Index column = units == nullptr ? k : units[k];
        const auto loaded = reinterpret_cast<const Pack<T>*>(G.M.column(0, column))[lane];
        for (int j = 0; j < lanes; ++j) sum.values[j] += loaded.values[j] * z[column];
      }
      for (int j = 0; j < lanes; ++j) shared.part[t / packs][lane * lanes + j] = sum.values[j];
    });
    block.each([&](int t) {
      if (t >= rows) return;
      T sum = 0;
      for (int g = 0; g < groups; ++g) sum += shared.part[g][t];
      sum = G.own * G.value[problem * model.stride + t] + G.sign * sum;
      out[t] = sum > T(0) ? sum : T(0);
    });
  }
};

}  // namespace gendemod::cuda
