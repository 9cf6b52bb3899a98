#include "gendemod/pair_bound.hpp"

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <limits>

namespace gendemod {
namespace {

double largest_eigenvalue(const SmallMatrix& M) {
  return Eigen::SelfAdjointEigenSolver<SmallMatrix>(M, Eigen::EigenvaluesOnly)
      .eigenvalues()
      .maxCoeff();
}

/// Whether Cholesky's factorisation of value I - M succeeds.
bool factors(double value, const SmallMatrix& M) {
  const int n = static_cast<int>(M.cols());
  SmallMatrix L(n, n);
  for (int j = 0; j < n; ++j) {
    double pivot = value - M(j, j);
    for (int k = 0; k < j; ++k) pivot -= L(j, k) * L(j, k);
    if (!(pivot > 0)) return false;
    const double root = std::sqrt(pivot);
    for (int i = j + 1; i < n; ++i) {
      double entry = -M(i, j);
      for (int k = 0; k < j; ++k) entry -= L(i, k) * L(j, k);
      L(i, j) = entry / root;
    }
  }
  return true;
}

}  // namespace

PairBound::PairBound(const ConeRows& rows, double alpha)
    : rows_(&rows), alpha_(alpha), rounding_(rounding(rows, alpha)) {
}

double PairBound::rounding(const ConeRows& rows, double alpha) {
  const double n = rows.cols(), ell = static_cast<double>(rows.whole_rows());
  return std::numeric_limits<double>::epsilon() * (4 * ell + 64 * n * n) * (rows.trace() + alpha);
}

double PairBound::everywhere(const ConeRows& rows, double alpha) {
  RowPattern all(rows.whole_rows());
  std::fill_n(all.sure.data(), rows.whole_rows(), 1.0);
  std::fill_n(all.maybe.data(), rows.whole_rows(), 1.0);
  SmallMatrix least, most;
  rows.grams(all, all, least, most);
  return std::max(largest_eigenvalue(most) + 2 * rounding(rows, alpha), alpha / 2);
}

void PairBound::set(const RowPattern& x, const ConeMeasure& of_x, const RowPattern& y,
                    const ConeMeasure& of_y) {
  rows_->grams(x, y, under_, over_);
  // Q = (pi - theta) / (2 pi) I + sin(theta) / (2 pi) (phat phat^T - qhat qhat^T), p and q the sum
  // and the difference of the centres, sin(theta) = ||p|| ||q|| / 2.
  SmallVector p = of_x.centre + of_y.centre, q = of_x.centre - of_y.centre;
  const double length_p = p.norm(), length_q = q.norm();
  if (length_p > 0) p /= length_p;
  if (length_q > 0) q /= length_q;
  const double swap = alpha_ * length_p * length_q / (4 * pi);
  const double identity = alpha_ * (0.5 - std::atan2(length_q, length_p) / pi);
  const int n = rows_->cols();
  for (int j = 0; j < n; ++j) {
    for (int i = 0; i < n; ++i) {
      const double Q = swap * (p[i] * p[j] - q[i] * q[j]) + (i == j ? identity : 0.0);
      over_(i, j) -= Q;
      under_(i, j) = Q - under_(i, j);
    }
  }
  slack_ = alpha_ * (of_x.radius + of_y.radius) / pi;
}

bool PairBound::proves(double value) const {
  const double rest = value - slack_ - rounding_;
  return factors(rest, over_) && (value >= alpha_ / 2 || factors(rest, under_));
}

double PairBound::proven(double low, double high) const {
  while (!proves(high)) high += high - low;
  for (int k = 0; k < 4; ++k) {
    const double middle = (low + high) / 2;
    (proves(middle) ? high : low) = middle;
  }
  return high;
}

double PairBound::least() const {
  return std::max(largest_eigenvalue(-over_), largest_eigenvalue(-under_)) - rounding_;
}

}  // namespace gendemod
