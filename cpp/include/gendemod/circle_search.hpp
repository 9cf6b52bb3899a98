#pragma once

#include <vector>

#include "gendemod/types.hpp"

namespace gendemod {

/// What v^T Q_{z(s),o} v depends on along the circle z(s) = z cos s + u sin s, all vectors unit:
/// dot products of z, u and the other direction o with each other and with v. `equal`: o = z(s),
/// where Q = I / 2.
struct CircleMean {
  bool equal;
  double zo, uo, vz, vu, vo;

  /// v^T Q v at the angle with this cosine and sine.
  double operator()(double cosine, double sine) const;
};

/// The largest value of sign (sum of c_i over the rows that are on - alpha v^T Q v) along a circle
/// of directions z(s) = z cos s + u sin s. A row is on over half a turn, between two walls; the sum
/// is constant between walls. O(rows log rows).
class CircleSearch {
 public:
  void clear();
  /// A row with products a with z and b with u, and the share c > 0 in the sum.
  void add(double a, double b, double c);
  /// The angle s in (-pi, pi) of the largest value above `least`, taken beside its wall, inside the
  /// cell; 0 if there is none.
  double best(double sign, double alpha, const CircleMean& mean, double least);

 private:
  struct Wall {
    double key;           // increases with the angle from -pi to pi
    double cosine, sine;  // of the angle
    double change;        // of the sum
  };
  std::vector<Wall> walls_;
  double sum_ = 0;  // over the rows that are on at -pi
};

}  // namespace gendemod
