#pragma once

#include "circle_walls.hpp"

namespace gendemod::cuda {

/// Gram sums of blocks of cells on circles, in places of a stack ("homes"), and what is made of
/// them; the work of one block of threads a circle. A half circle has the number 2 circle + 0 or 1.
template <int block_threads>
struct CircleSums {
  static constexpr int threads = block_threads;
  using Expectation = BlockExpectation<threads>;
  using Shared = typename Expectation::Shared;
  /// out = from + sign sum of w w^T over the walls at edges begin .. end - 1 that turn on, or off.
  struct Change {
    int out, from;  // of the matrices; from < 0: zero
    double sign;
    int begin, end;
    bool on;
  };

  PaddedRows<double> W, X, S, U;
  CircleWalls walls;
  bool through;
  double alpha;
  Index order, depth;
  double* matrices;  // (circles, 3 depth + 2, order, order)
  double* vectors;   // (circles, 5, order)

  /// The sums over the rows that are on somewhere in a block of cells, everywhere, and in its first
  /// cell. Through x the first and the last are one.
  GENDEMOD_DEVICE int least(int home) const { return 3 * home + 1; }
  GENDEMOD_DEVICE int most(int home) const { return 3 * home; }
  GENDEMOD_DEVICE int at_first(int home) const { return through ? most(home) : 3 * home + 2; }
  GENDEMOD_DEVICE double edge(int half, int cell) const {
    return walls.edges[half * (walls.most + 2) + cell];
  }
  GENDEMOD_DEVICE double* matrix(int half, int number) const {
    return matrices + (half / 2 * (3 * depth + 2) + number) * order * order;
  }
  /// Numbers of the two matrices behind those of the stack: D, and a factor.
  GENDEMOD_DEVICE int scratch() const { return 3 * static_cast<int>(depth); }
  GENDEMOD_DEVICE double* room(int half) const { return vectors + (half / 2 * 5 + 2) * order; }

  /// D = a matrix - alpha Q at an angle; returns its Frobenius norm, or a little more.
  template <class Block>
  GENDEMOD_DEVICE double difference(const Block& block, Shared& shared, int half, int gram,
                                    double angle) const {
    const Index circle = half / 2;
    const double *const x = X.row(X.of(circle)), *const s = S.row(S.of(circle)),
                        *const u = U.row(U.of(circle));
    double* const p = vectors + circle * 5 * order;
    const double* const q = p + order;
    const double along = std::cos(angle), across = (half % 2 == 0 ? 1 : -1) * std::sin(angle);
    const double identity = Expectation{W.cols, order}(
                                block, shared, [&](Index i) { return x[i]; },
                                [&](Index i) { return along * s[i] + across * u[i]; }, p)
                                .identity();
    const double* const G = matrix(half, gram);
    double* const D = matrix(half, scratch());
    block.each([&](int t) {
      double square = 0;
      for (Index at = t; at < order * order; at += threads) {
        const Index i = at / order, j = at % order;
        const double one = i == j && i < W.cols ? identity : 0;
        D[at] = G[at] - alpha * (one + (p[i] * p[j] - q[i] * q[j]));
        square += D[at] * D[at];
      }
      shared.first[t] = square;
    });
    add_up(block, shared.first);
    const double frobenius = std::sqrt(shared.first[0]) * (1 + 1e-12);
    block.each([&](int) {});  // all have read
    return frobenius;
  }
  /// Four by four entries, on or below the diagonal, a thread at a time.
  template <class Block>
  GENDEMOD_DEVICE void change(const Block& block, int half, const Change& at) const {
    const int* const begins = walls.begins + half * (walls.most + 3);
    const int* const codes = walls.codes + half * walls.most;
    const double* const from = at.from < 0 ? nullptr : matrix(half, at.from);
    double* const to = matrix(half, at.out);
    const int tiles = static_cast<int>(order / 4);
    block.each([&](int t) {
      for (int e = t; e < tiles * (tiles + 1) / 2; e += threads) {
        int g = static_cast<int>((std::sqrt(8.0 * e + 1) - 1) / 2);
        while (g * (g + 1) / 2 > e) --g;
        while ((g + 1) * (g + 2) / 2 <= e) ++g;
        const int i = 4 * g, j = 4 * (e - g * (g + 1) / 2);
        double sums[4][4] = {};
        const int end = i < W.width ? begins[at.end] : begins[at.begin];
        for (int k = begins[at.begin]; k < end; ++k) {
          if ((codes[k] % 2 != 0) == at.on) add(W.row(codes[k] / 2), i, j, sums);
        }
        for (int a = 0; a < 4; ++a) {
          for (int b = 0; b < 4; ++b) {
            const Index entry = (i + a) * order + j + b, mirrored = (j + b) * order + i + a;
            if (i + a < j + b) continue;
            to[entry] = (from == nullptr ? 0 : from[entry]) + at.sign * sums[a][b];
            to[mirrored] = to[entry];
          }
        }
      }
    });
  }

 private:
  GENDEMOD_DEVICE static void add(const double* w, int i, int j, double (&sums)[4][4]) {
    Pack<double> x[2], y[2];
    for (int k = 0; k < 2; ++k) {
      x[k] = reinterpret_cast<const Pack<double>*>(w + i)[k];
      y[k] = reinterpret_cast<const Pack<double>*>(w + j)[k];
    }
    for (int a = 0; a < 4; ++a) {
      for (int b = 0; b < 4; ++b) sums[a][b] += x[a / 2].values[a % 2] * y[b / 2].values[b % 2];
    }
  }
};

}  // namespace gendemod::cuda
