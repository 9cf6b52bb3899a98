#pragma once

#include <cmath>

#include "block_sum.hpp"
#include "padded_rows.hpp"

namespace gendemod::cuda {

inline constexpr double pi = 3.14159265358979323846;

/// What Q_{x,y} needs to know of a pair: lengths of x and y, p = ||xhat + yhat||, q = ||xhat -
/// yhat||; theta = 2 atan2(q, p), cos(theta) = (p^2 - q^2) / 4, sin(theta) = p q / 2.
struct PairAngle {
  double x_length, y_length, p, q;

  /// (pi - theta) / (2 pi).
  GENDEMOD_DEVICE double identity() const { return std::atan2(p, q) / pi; }
  /// xhat^T Q yhat = ((pi - theta) cos(theta) + sin(theta)) / (2 pi).
  GENDEMOD_DEVICE double form() const {
    return identity() * (p * p - q * q) / 4 + p * q / (4 * pi);
  }
};

/// Q_{x,y} = (pi - theta) / (2 pi) I + p p^T - q q^T, p along xhat + yhat, q along xhat - yhat,
/// ||p||^2 = ||q||^2 = sin(theta) / (2 pi): the vectors p and q, (2, order), with zeros beyond n. x
/// and y are functions of the entry's number. The work of one block.
template <int threads>
struct BlockExpectation {
  struct Shared {
    double first[threads], second[threads];
  };
  Index cols, order;

  template <class Block, class X, class Y>
  GENDEMOD_DEVICE PairAngle operator()(const Block& block, Shared& shared, X x, Y y,
                                       double* vectors_out) const {
    double *const p = vectors_out, *const q = p + order;
    add_up_both(block, shared, [&](Index i, double& first, double& second) {
      first += x(i) * x(i);
      second += y(i) * y(i);
    });
    PairAngle angle{std::sqrt(shared.first[0]), std::sqrt(shared.second[0]), 0, 0};
    block.each([&](int) {});  // all have read
    add_up_both(block, shared, [&](Index i, double& first, double& second) {
      const double a = x(i) / angle.x_length, b = y(i) / angle.y_length;
      first += (a + b) * (a + b);
      second += (a - b) * (a - b);
    });
    angle.p = std::sqrt(shared.first[0]);
    angle.q = std::sqrt(shared.second[0]);
    const double length = std::sqrt(angle.p * angle.q / (4 * pi));
    block.each([&](int t) {
      for (Index i = t; i < order; i += threads) {
        const double a = i < cols ? x(i) / angle.x_length : 0;
        const double b = i < cols ? y(i) / angle.y_length : 0;
        p[i] = angle.p > 0 ? (a + b) * (length / angle.p) : 0;
        q[i] = angle.q > 0 ? (a - b) * (length / angle.q) : 0;
      }
    });
    return angle;
  }

 private:
  template <class Block, class Add>
  GENDEMOD_DEVICE void add_up_both(const Block& block, Shared& shared, Add add) const {
    block.each([&](int t) {
      shared.first[t] = shared.second[t] = 0;
      for (Index i = t; i < cols; i += threads) add(i, shared.first[t], shared.second[t]);
    });
    add_up(block, shared.first);
    add_up(block, shared.second);
  }
};

/// Q of pairs. One block a pair.
template <class T>
struct Expectations {
  static constexpr int threads = 64;
  using Shared = BlockExpectation<threads>::Shared;
  PaddedRows<T> X, Y;
  Index order;
  PairAngle* angles_out;  // (pairs,)
  double* vectors_out;    // (pairs, 2, order)

  template <class Block>
  GENDEMOD_DEVICE void operator()(const Block& block, Shared& shared) const {
    const Index pair = block.index();
    const T *const x = X.row(X.of(pair)), *const y = Y.row(Y.of(pair));
    const PairAngle angle = BlockExpectation<threads>{X.cols, order}(
        block, shared, [&](Index i) { return double(x[i]); }, [&](Index i) { return double(y[i]); },
        vectors_out + 2 * pair * order);
    block.each([&](int t) {
      if (t == 0) angles_out[pair] = angle;
    });
  }
};

/// What rows of the one matrix count for in the sums over the other, as its square root:
/// sqrt(ell relu(c_i.m) relu(c_i.y) / (||m|| ||y||)). One thread a row and pair.
template <class T>
struct Roots {
  static constexpr int threads = 256;
  struct Shared {};
  const T *first, *second;  // c_i.m and c_i.y: (directions, padded_rows)
  Index first_count, second_count;
  const PairAngle* angles;  // of (m, y)
  Index pairs, rows, padded_rows;
  T* out;  // (pairs, padded_rows)

  Index blocks() const { return (pairs * padded_rows + threads - 1) / threads; }

  template <class Block>
  GENDEMOD_DEVICE void operator()(const Block& block, Shared&) const {
    block.each([&](int t) {
      const Index at = block.index() * threads + t, pair = at / padded_rows;
      if (pair >= pairs) return;
      const Index row = at % padded_rows;
      const double a = first[(first_count == 1 ? 0 : pair) * padded_rows + row];
      const double b = second[(second_count == 1 ? 0 : pair) * padded_rows + row];
      const double factor =
          static_cast<double>(rows) / (angles[pair].x_length * angles[pair].y_length);
      out[at] = a > 0 && b > 0 ? static_cast<T>(std::sqrt(factor * a * b)) : T(0);
    });
  }
};

}  // namespace gendemod::cuda
