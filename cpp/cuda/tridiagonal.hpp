#pragma once

#include <cmath>

#include "block.hpp"

namespace gendemod::cuda {

/// The largest |eigenvalue| of T = tridiag(a, b), by the threads of a block.
template <int block_threads>
struct BlockTridiagonal {
  static constexpr int threads = block_threads, most_steps = 192, points = threads / 2;
  // (points + 1)^passes > 1e16
  static constexpr int passes = points < 64 ? 13 : points < 128 ? 9 : 8;
  struct Shared {
    double a[most_steps], b[most_steps];
    double low[2], high[2];
    double residual_square;
    int above[threads];

    GENDEMOD_DEVICE double norm() const { return high[0] > high[1] ? high[0] : high[1]; }
  };

  /// high[s] = the largest eigenvalue of T and of -T, by Sturm: the pivots of +-T - t I are all
  /// negative iff t lies above it. Every thread tries another t. Where they are, the last pivot
  /// falls with the slope -1 / (last entry of the vector)^2, and the residual is b_k times that
  /// entry.
  template <class Block>
  GENDEMOD_DEVICE static void find(const Block& block, Shared& shared, int steps) {
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

 private:
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

}  // namespace gendemod::cuda
