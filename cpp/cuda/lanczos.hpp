#pragma once

#include "norm_state.hpp"

namespace gendemod::cuda {

/// A value that ||D|| reaches, up to rounding: the largest |eigenvalue| of T = tridiag(a, b) after
/// some steps of Lanczos, without orthogonalisation. Without it eigenvalues of T appear more than
/// once, but still lie near those of D. The work of one block.
template <int block_threads>
struct BlockLanczos {
  static constexpr int threads = block_threads, most_steps = 192, points = threads / 2;
  static constexpr int passes = points < 64 ? 13 : 9;  // (points + 1)^passes > 1e16
  struct Shared {
    double part[threads];
    double a[most_steps], b[most_steps];
    double low[2], high[2];
    double residual_square;
    int above[threads];
  };
  Index cols, order;

  /// Steps until the residual promises that the value is at most `slack` too small, or `limit` of
  /// them are done. D (order, order), symmetric; vectors (3, order) is room. `negligible`: what
  /// rounding leaves of nothing.
  template <class Block>
  GENDEMOD_DEVICE double operator()(const Block& block, Shared& shared, const double* D,
                                    double* vectors, double slack, double negligible,
                                    int limit) const {
    begin(block, shared, vectors);
    int check = cols < 24 ? static_cast<int>(cols) : 24;
    double norm = 0;
    bool done = false;
    for (int k = 0; k < limit && !done; ++k) {
      step(block, shared, D, vectors, k);
      const bool invariant = shared.b[k] <= negligible;
      if (k + 1 < check && k + 1 < limit && !invariant) continue;
      check = k + 1 + (k + 1) / 2;
      top(block, shared, k + 1);
      norm = shared.high[0] > shared.high[1] ? shared.high[0] : shared.high[1];
      const double wide = norm > slack ? norm : slack;
      done = invariant || shared.residual_square <= slack * wide;
    }
    return norm > 0 ? norm : 0;
  }

 private:
  /// A fixed start with a share of every direction.
  template <class Block>
  GENDEMOD_DEVICE void begin(const Block& block, Shared& shared, double* v) const {
    block.each([&](int t) {
      double square = 0;
      for (Index i = t; i < order; i += threads) {
        const unsigned hash = static_cast<unsigned>(i + 1) * 2654435761u;
        v[i] = i < cols ? 0.5 + hash * 0x1p-32 : 0;
        square += v[i] * v[i];
      }
      shared.part[t] = square;
    });
    add_up(block, shared.part);
    const double length = std::sqrt(shared.part[0]);
    block.each([&](int t) {
      for (Index i = t; i < order; i += threads) v[i] /= length;
    });
  }
  /// v, the vector before it, and the next one stand at (k, k - 1, k + 1) mod 3.
  template <class Block>
  GENDEMOD_DEVICE void step(const Block& block, Shared& shared, const double* D, double* vectors3,
                            int k) const {
    double* const v = vectors3 + k % 3 * order;
    double* const next = vectors3 + (k + 1) % 3 * order;
    const double* const before = vectors3 + (k + 2) % 3 * order;
    block.each([&](int t) {
      const double coupling = k > 0 ? shared.b[k - 1] : 0;
      double dot = 0;
      for (Index i = t; i < order; i += threads) {
        double sums[4] = {0, 0, 0, 0};
        GENDEMOD_UNROLL(4)
        for (Index j = 0; j < order; j += 4) {
          for (int s = 0; s < 4; ++s) sums[s] += D[(j + s) * order + i] * v[j + s];
        }
        next[i] = (sums[0] + sums[1]) + (sums[2] + sums[3]);
        if (k > 0) next[i] -= coupling * before[i];
        dot += next[i] * v[i];
      }
      shared.part[t] = dot;
    });
    add_up(block, shared.part);
    const double a = shared.part[0];
    block.each([&](int) {});  // all have read
    block.each([&](int t) {
      double square = 0;
      for (Index i = t; i < order; i += threads) {
        next[i] -= a * v[i];
        square += next[i] * next[i];
      }
      shared.part[t] = square;
    });
    add_up(block, shared.part);
    const double b = std::sqrt(shared.part[0]), inverse = b > 0 ? 1 / b : 0;
    block.each([&](int t) {
      if (t == 0) {
        shared.a[k] = a;
        shared.b[k] = b;
      }
      for (Index i = t; i < order; i += threads) next[i] *= inverse;
    });
  }
  /// high[s] = the largest eigenvalue of T and of -T, by Sturm: the pivots of +-T - t I are all
  /// negative iff t lies above it. Every thread tries another t. Where they are, the last pivot
  /// falls with the slope -1 / (last entry of the vector)^2, and the residual is b_k times that
  /// entry.
  template <class Block>
  GENDEMOD_DEVICE void top(const Block& block, Shared& shared, int steps) const {
    block.each([&](int t) {
      if (t > 1) return;
      const double sign = t == 0 ? 1 : -1;
      double low = sign * shared.a[0], high = low;
      for (int k = 0; k < steps; ++k) {
        const double reach = (k > 0 ? shared.b[k - 1] : 0) + (k + 1 < steps ? shared.b[k] : 0);
        const double middle = sign * shared.a[k];
        low = low > middle ? low : middle;
        high = high > middle + reach ? high : middle + reach;
      }
      const double size = std::fabs(low) > std::fabs(high) ? std::fabs(low) : std::fabs(high);
      shared.low[t] = low - 1e-15 * size;
      shared.high[t] = high + 1e-15 * size;
    });
    for (int pass = 0; pass < passes; ++pass) {
      block.each([&](int t) {
        const int s = t / points;
        double slope = 0;
        shared.above[t] = last_pivot(shared, steps, s == 0 ? 1 : -1, point(shared, t), slope) < 0;
      });
      block.each([&](int t) {
        if (t > 1) return;
        int first = 0;
        while (first < points && !shared.above[t * points + first]) ++first;
        const int at = t * points + first;
        const double low = first > 0 ? point(shared, at - 1) : shared.low[t];
        if (first < points) shared.high[t] = point(shared, at);
        shared.low[t] = low;
      });
    }
    block.each([&](int t) {
      if (t > 0) return;
      const int s = shared.high[0] >= shared.high[1] ? 0 : 1;
      double slope = -1;
      last_pivot(shared, steps, s == 0 ? 1 : -1, shared.high[s], slope);
      shared.residual_square = shared.b[steps - 1] * shared.b[steps - 1] / -slope;
    });
  }
  GENDEMOD_DEVICE static double point(const Shared& shared, int t) {
    const int s = t / points, j = t % points;
    return shared.low[s] + (shared.high[s] - shared.low[s]) * (j + 1) / (points + 1);
  }
  /// Of sign T - at I: negative iff all are, and then with its slope.
  GENDEMOD_DEVICE static double last_pivot(const Shared& shared, int steps, double sign, double at,
                                           double& slope_out) {
    double pivot = sign * shared.a[0] - at, slope = -1;
    for (int k = 1; k < steps && pivot < 0; ++k) {
      const double ratio = shared.b[k - 1] / pivot;
      slope = -1 + ratio * ratio * slope;
      pivot = sign * shared.a[k] - at - shared.b[k - 1] * ratio;
    }
    slope_out = slope;
    return pivot;
  }
};

/// A first guess at norms, from inside the spectrum. One block a matrix.
template <int block_threads>
struct GuessNorms {
  static constexpr int threads = block_threads;
  using Lanczos = BlockLanczos<threads>;
  using Shared = typename Lanczos::Shared;
  const double* matrices;  // (count, order, order)
  Index cols, order;
  double* vectors;  // (count, 3, order)
  NormState* states;

  template <class Block>
  GENDEMOD_DEVICE void operator()(const Block& block, Shared& shared) const {
    NormState& state = states[block.index()];
    if (!state.open) return;
    const double value =
        Lanczos{cols, order}(block, shared, matrices + block.index() * order * order,
                             vectors + block.index() * 3 * order, state.slack,
                             rounding_of(cols, state.most), Lanczos::most_steps);
    block.each([&](int t) {
      if (t > 0) return;
      state.value = value;
      state.trial = value + state.slack;
    });
  }
};

}  // namespace gendemod::cuda
