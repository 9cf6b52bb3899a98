#pragma once

#include "block_sum.hpp"
#include "expectation.hpp"

namespace gendemod::cuda {

/// What is known of a norm: value <= norm <= most, up to rounding.
struct NormState {
  double value, most;
  double slack;  // by how much the value may be too small
  double trial;  // what a proof is tried of that it is an upper bound
  int open;      // whether there is more to do

  /// After a proof was tried. The norm is known if no more than the slack is left of the bracket;
  /// otherwise the next proof halves it, or is tried nine times as far from the value as this one,
  /// where that is nearer.
  GENDEMOD_DEVICE void narrow(bool holds) {
    const double further = value + 9 * (trial - value);
    (holds ? most : value) = trial;
    const double close = value + slack, middle = (value + most) / 2;
    open = !((holds && trial <= close) || value >= most);
    trial = !holds && further < middle ? further : middle;
    if (trial < close) trial = close;
  }
};

/// The pivots of Cholesky and the steps of Lanczos are wrong by about this.
GENDEMOD_BOTH double rounding_of(Index n, double frobenius) {
  return 8 * 2.220446049250313e-16 * static_cast<double>(n) * frobenius;
}

/// D = G - level Q, and what is asked of its norm. The level is alpha, times xhat^T Q yhat of the
/// other matrix for the joint condition. One block a pair.
struct SubtractExpectation {
  static constexpr int threads = 256;
  struct Shared {
    double traces[threads], squares[threads];
  };
  double alpha, accuracy;   // of the norm, relative to that of G plus the level
  const PairAngle* angles;  // (pairs,)
  const double* vectors;    // (pairs, 2, order)
  const PairAngle* others;  // (pairs,), or null
  Index cols, order;
  double* grams;  // (pairs, order, order)
  NormState* states_out;

  template <class Block>
  GENDEMOD_DEVICE void operator()(const Block& block, Shared& shared) const {
    const Index pair = block.index();
    const double level = alpha * (others == nullptr ? 1 : others[pair].form());
    const double identity = angles[pair].identity();
    const double *const p = vectors + 2 * pair * order, *const q = p + order;
    double* const D = grams + pair * order * order;
    block.each([&](int t) {
      double trace = 0, square = 0;
      for (Index at = t; at < order * order; at += threads) {
        const Index i = at / order, j = at % order;
        if (i >= cols || j >= cols) continue;
        const double one = i == j ? identity : 0;
        if (i == j) trace += D[at];
        D[at] -= level * (one + (p[i] * p[j] - q[i] * q[j]));
        square += D[at] * D[at];
      }
      shared.traces[t] = trace;
      shared.squares[t] = square;
    });
    add_up(block, shared.traces);
    add_up(block, shared.squares);
    block.each([&](int t) {
      if (t > 0) return;
      const double scale = shared.traces[0] / static_cast<double>(cols) + level;
      const double frobenius = std::sqrt(shared.squares[0]) * (1 + 1e-12);
      const double lost = 4 * rounding_of(cols, frobenius), wanted = accuracy * scale;
      states_out[pair] = {0, frobenius, wanted > lost ? wanted : lost, 0, frobenius > 0};
    });
  }
};

/// Narrows the brackets of norms after proofs were tried. One block.
struct NarrowBrackets {
  static constexpr int threads = 256;
  struct Shared {
    int open[threads];
  };
  const int* proven;  // (count, 2)
  Index count;
  NormState* states;
  int* open_out;  // how many norms are not yet known

  template <class Block>
  GENDEMOD_DEVICE void operator()(const Block& block, Shared& shared) const {
    block.each([&](int t) {
      shared.open[t] = 0;
      for (Index i = t; i < count; i += threads) {
        if (states[i].open) states[i].narrow(proven[2 * i] && proven[2 * i + 1]);
        shared.open[t] += states[i].open;
      }
    });
    block.each([&](int t) {
      if (t > 0) return;
      int sum = 0;
      for (int i = 0; i < threads; ++i) sum += shared.open[i];
      *open_out = sum;
    });
  }
};

}  // namespace gendemod::cuda
