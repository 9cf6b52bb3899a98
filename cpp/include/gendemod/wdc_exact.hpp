#pragma once

#include "gendemod/witness.hpp"

namespace gendemod {

/// A supremum: at least the deviation at a witness, at most `upper`.
struct Enclosed {
  Witness lower;
  double upper;
};

/// sup over x, y of || sum 1{w_i.x > 0} 1{w_i.y > 0} w_i w_i^T - alpha Q_{x,y} ||, for n <= 2
/// columns, exact to rounding.
///
/// n = 2: a pair (x, y) is an open arc of length pi - theta, and for v = (cos nu, sin nu)
///
///   v^T (G - alpha Q) v = sum over rows in the arc of (w.v)^2 - (alpha / pi) int_arc cos^2(. -
///   nu).
///
/// For fixed nu the best arc is a largest difference of prefix sums within half a turn, O(ell).
/// Branch and bound over nu: at a distance d the form loses at most (sum ||w||^2 + alpha / pi)
/// sin^2 d. What is best is evaluated in closed form. O(ell log ell) and a few hundred sweeps;
/// where that does not end, all arcs in closed form, O(ell^2).
///
/// Lines within an angle of 1e-14 are taken for parallel in `lower`. Where some of them are not,
/// `upper` is the supremum with all lines in their true order; rows that are opposite but for
/// rounding are then both on in a sliver that no direction of floating point may reach.
Enclosed wdc_exact(const RowMajorView<double>& W, double alpha);

}  // namespace gendemod
