#pragma once

#include "gendemod/types.hpp"

namespace gendemod {

inline constexpr int most_cone_columns = 6;

/// Matrices of a few columns, on the stack; a column has room for a lane.
using SmallMatrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::ColMajor, 8, 8>;
using SmallVector = Eigen::Matrix<double, Eigen::Dynamic, 1, Eigen::ColMajor, 8>;

/// A simplicial cone of directions, the non-negative combinations of n vertices in R^n. The
/// vertices are columns of dyadic fractions, which halving an edge keeps exact.
struct Cone {
  SmallMatrix vertices;  // (n, n)

  /// The cone of the signs (-1)^{bit i of number}.
  static Cone orthant(int n, unsigned number);
  /// n (n - 1) / 2; edge (i, j), i < j, in lexicographic order.
  static int edges(int n) { return n * (n - 1) / 2; }
  /// Replaces the first end of an edge by the edge's middle, or the second; both halves together
  /// are the cone. False, and nothing is done, where the middle is not a number of 53 bits.
  bool halve(int edge, bool second);
};

/// A unit vector inside a cone, the largest angle between it and a vertex, which is the largest
/// angle between it and any direction of the cone, and the longest edge.
struct ConeMeasure {
  ConeMeasure() = default;
  explicit ConeMeasure(const Cone& cone);
  SmallVector centre;
  double radius = 0;
  int longest_edge = 0;
};

/// The sign of w.v, exactly: -1, 0 or 1, for finite vectors of n entries none of whose products
/// underflows.
int exact_sign(const double* w, const double* v, int n);

}  // namespace gendemod
