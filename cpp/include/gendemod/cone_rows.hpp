#pragma once

#include <algorithm>
#include <vector>

#include "gendemod/cone.hpp"
#include "gendemod/memory.hpp"

namespace gendemod {

/// What is certain about the rows of a matrix over a cone of directions: 1 where a row is on for
/// every direction of the cone, and 1 where it is not off for all of them.
struct RowPattern {
  explicit RowPattern(Index whole_rows) : sure(whole_rows), maybe(whole_rows) {
    std::fill_n(sure.data(), whole_rows, 0.0);
    std::fill_n(maybe.data(), whole_rows, 0.0);
  }
  Buffer<double> sure, maybe;
};

/// The rows w_i of a matrix W, (ell, n), n <= 6, over cones of directions.
class ConeRows {
 public:
  /// The memory of W is the caller's and must outlive this.
  explicit ConeRows(const RowMajorView<double>& W);

  int cols() const { return cols_; }
  Index whole_rows() const { return whole_rows_; }
  /// sum_i ||w_i||^2.
  double trace() const { return trace_; }

  /// A row is surely on if w.v > 0 at every vertex, and surely off if w.v <= 0 at every vertex,
  /// both exactly. 2 ell n^2 flops.
  void pattern(const Cone& cone, RowPattern& out) const;
  /// The rows that are on at one direction, exactly, as both parts of a pattern.
  void pattern(const double* direction, RowPattern& out) const;

  /// sum of w_i w_i^T over the rows that are sure for both (least), and over those that are not
  /// off for either (most). About 2 n^2 ell flops; entries are wrong by ell + 1 roundings at most.
  void grams(const RowPattern& x, const RowPattern& y, SmallMatrix& least, SmallMatrix& most) const;

 private:
  void decide(Index row, const double* vertices, int count, RowPattern& out) const;

  const double* by_row_;
  int cols_;
  Index rows_, whole_rows_;
  Buffer<double> columns_;   // (whole_rows, n)
  Buffer<double> products_;  // (whole_rows, n (n + 1) / 2): w_a w_b
  Buffer<double> doubt_;     // (whole_rows): the rounding error of a product with a vertex, at most
  double trace_ = 0;
};

}  // namespace gendemod
