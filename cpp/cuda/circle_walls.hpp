#pragma once

#include <cmath>

#include "block_sum.hpp"
#include "expectation.hpp"
#include "padded_rows.hpp"

namespace gendemod::cuda {

/// Where rows turn on or off on halves of circles, y(t) = s cos t +- u sin t, t in [0, pi]: their
/// walls in the order of their angles, and the cells between them.
struct CircleWalls {
  static constexpr double same_wall = 1e-14;  // closer ones may not be in their true order
  static constexpr double none = 4;           // beyond every angle

  Index most;      // walls of a half: a power of two
  double* angles;  // (halves, most)
  int* codes;      // (halves, most): 2 row + 1{it turns on}
  double* edges;   // (halves, most + 2), of the cells: 0, the distinct walls, pi
  int* begins;     // (halves, most + 3): the first wall at each edge, and the number of walls
  int* cells;      // (halves,)
  double* mixed;   // (halves,): the largest ||w||^2 of walls that are taken for one
};

/// Finds and sorts them. One block a half circle; bitonic sort in global memory.
struct FindWalls {
  static constexpr int threads = 256;
  struct Shared {
    double part[threads];
    int edges[threads];
    int walls;
  };
  PaddedRows<double> W, X;
  const double *Wx, *Ws, *Wu;  // (directions, W.padded_rows()); Ws null: through x
  Index x_count, s_count, u_count;
  CircleWalls out;

  template <class Block>
  GENDEMOD_DEVICE void operator()(const Block& block, Shared& shared) const {
    const Index half = block.index();
    gather(block, shared, half);
    for (Index size = 2; size <= out.most; size *= 2) {
      for (Index stride = size / 2; stride > 0; stride /= 2) {
        block.each([&](int t) {
          for (Index k = t; k < out.most / 2; k += threads) {
            const Index low = k / stride * 2 * stride + k % stride;
            order(half * out.most + low, half * out.most + low + stride, (low & size) == 0);
          }
        });
      }
    }
    cut(block, shared, half);
    add_doubts(block, shared, half);
  }

 private:
  template <class Block>
  GENDEMOD_DEVICE void gather(const Block& block, Shared& shared, Index half) const {
    const Index circle = half / 2, n = W.padded_rows();
    const double direction = half % 2 == 0 ? 1 : -1;
    const double* const x = X.row(X.of(circle));
    const double* const with_x = Wx + (x_count == 1 ? 0 : circle) * n;
    const double* const with_s = Ws + (s_count == 1 ? 0 : circle) * n;
    const double* const with_u = Wu + (u_count == 1 ? 0 : circle) * n;
    block.each([&](int t) {
      shared.part[t] = 0;
      for (Index k = t; k < X.cols; k += threads) shared.part[t] += x[k] * x[k];
    });
    add_up(block, shared.part);
    const double length = std::sqrt(shared.part[0]);
    block.each([&](int) {});  // all have read
    block.each([&](int t) {
      shared.part[t] = 0;
      for (Index i = t; i < out.most; i += threads) {
        double angle = CircleWalls::none;
        bool on = false;
        if (i < W.rows && with_x[i] > 0) {
          const double a = Ws == nullptr ? with_x[i] / length : with_s[i];
          const double b = direction * with_u[i];
          on = a > 0 || (a == 0 && b > 0);
          // The sign of a cos t + b sin t changes at this angle in [0, pi].
          if (a != 0 || b != 0) angle = on ? std::atan2(a, -b) : std::atan2(-a, b);
        }
        shared.part[t] += angle < CircleWalls::none;
        out.angles[half * out.most + i] = angle;
        out.codes[half * out.most + i] = 2 * static_cast<int>(i) + !on;
      }
    });
    add_up(block, shared.part);
    block.each([&](int t) {
      if (t == 0) shared.walls = static_cast<int>(shared.part[0]);
    });
  }
  /// Exchanges two walls that are not in order.
  GENDEMOD_DEVICE void order(Index i, Index j, bool upwards) const {
    const double a = out.angles[i], b = out.angles[j];
    const int p = out.codes[i], q = out.codes[j];
    const bool after = a > b || (a == b && p > q);
    if (after != upwards) return;
    out.angles[i] = b;
    out.angles[j] = a;
    out.codes[i] = q;
    out.codes[j] = p;
  }
  /// Through x rows only turn off: two walls in the wrong order change no supremum. Elsewhere,
  /// walls that may be in the wrong order are taken for one, and what they could add is.
  template <class Block>
  GENDEMOD_DEVICE void cut(const Block& block, Shared& shared, Index half) const {
    const double same = Ws == nullptr ? 0 : CircleWalls::same_wall;
    const double* const angles = out.angles + half * out.most;
    double* const edges = out.edges + half * (out.most + 2);
    int* const begins = out.begins + half * (out.most + 3);
    block.each([&](int t) {
      int count = 0;
      edges_of(angles, shared.walls, same, t, [&](int) { ++count; });
      shared.edges[t] = count;
    });
    block.each([&](int t) {
      if (t > 0) return;
      int count = 1;
      for (int i = 0; i < threads; ++i) {
        const int own = shared.edges[i];
        shared.edges[i] = count;
        count += own;
      }
      int end = shared.walls;
      while (end > 0 && pi - angles[end - 1] <= same) --end;
      edges[0] = 0;
      edges[count] = pi;
      begins[0] = 0;
      begins[count] = end;
      begins[count + 1] = shared.walls;
      out.cells[half] = count;
    });
    block.each([&](int t) {
      int number = shared.edges[t];
      edges_of(angles, shared.walls, same, t, [&](int k) {
        edges[number] = angles[k];
        begins[number++] = k;
      });
    });
  }
  /// visit(k) for the walls k at which the edges of a thread's share begin: each is further than
  /// `same` from the last, from 0 and from pi. A share begins where this is so of two neighbours.
  template <class Visit>
  GENDEMOD_DEVICE static void edges_of(const double* angles, int walls, double same, int t,
                                       Visit visit) {
    const int share = (walls + threads - 1) / threads, next = (t + 1) * share;
    const auto apart = [&](int k) { return k == 0 || angles[k] - angles[k - 1] > same; };
    int k = t * share;
    while (k < next && k < walls && !apart(k)) ++k;
    if (k >= next) return;
    double last = 0;
    for (; k < walls && pi - angles[k] > same && (k < next || !apart(k)); ++k) {
      if (angles[k] - last <= same) continue;
      last = angles[k];
      visit(k);
    }
  }
  /// The largest sum of ||w||^2 over walls that are taken for one, unless they all turn on or all
  /// off.
  template <class Block>
  GENDEMOD_DEVICE void add_doubts(const Block& block, Shared& shared, Index half) const {
    const int cells = out.cells[half];
    const int* const begins = out.begins + half * (out.most + 3);
    const int* const codes = out.codes + half * out.most;
    block.each([&](int t) {
      shared.part[t] = 0;
      for (int edge = t; Ws != nullptr && edge <= cells; edge += threads) {
        const bool end = edge == 0 || edge == cells;
        bool on = end, off = end;
        double sum = 0;
        for (int k = begins[edge]; k < begins[edge + 1]; ++k) {
          const double* const w = W.row(codes[k] / 2);
          for (Index c = 0; c < W.cols; ++c) sum += w[c] * w[c];
          (codes[k] % 2 != 0 ? on : off) = true;
        }
        if (on && off && sum > shared.part[t]) shared.part[t] = sum;
      }
    });
    block.each([&](int t) {
      if (t > 0) return;
      double largest = 0;
      for (int i = 0; i < threads; ++i)
        largest = largest > shared.part[i] ? largest : shared.part[i];
      out.mixed[half] = largest;
    });
  }
};

}  // namespace gendemod::cuda
