#pragma once

#include "gendemod/cone_rows.hpp"

namespace gendemod {

/// The deviation (5) over a pair of cones, x in the first and y in the second, with centres c, c'
/// and radii r, r': with the least and the most that the Gram sum can be (ConeRows::grams), and as
/// Q changes by at most angle / pi,
///
///   sup <= max( lambda_max(G_most - alpha Q_{c,c'}), lambda_max(alpha Q_{c,c'} - G_least) )
///          + alpha (r + r') / pi.
///
/// What comes from the second entry is at most alpha / 2 in any case, because 0 <= Q <= I / 2.
class PairBound {
 public:
  PairBound(const ConeRows& rows, double alpha);

  /// A bound over all directions: max(lambda_max(W^T W), alpha / 2).
  static double everywhere(const ConeRows& rows, double alpha);

  void set(const RowPattern& x, const ConeMeasure& of_x, const RowPattern& y,
           const ConeMeasure& of_y);
  /// Whether this value is proven: by Cholesky factorisations, with room for every rounding.
  bool proves(double value) const;
  /// A value that is proven, between `low`, which is not, and about `high`, or above.
  double proven(double low, double high) const;
  /// For cones that are single directions: at most the deviation there, rounding included.
  double least() const;

 private:
  /// What rounding can change, at most: ell + 1 roundings of the trace of the Gram sum; and of the
  /// order of n^2 of the trace and of alpha in Q, in the radii and in a factorisation.
  static double rounding(const ConeRows& rows, double alpha);

  const ConeRows* rows_;
  double alpha_, rounding_, slack_ = 0;
  SmallMatrix over_, under_;  // G_most - alpha Q, alpha Q - G_least
};

}  // namespace gendemod
