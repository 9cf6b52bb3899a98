#include "gendemod/spectral.hpp"

#include <Eigen/Cholesky>
#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <limits>

namespace gendemod {
namespace {

/// Up to this size all eigenvalues cost less than Lanczos and its proof.
constexpr Index small = 32;
constexpr Index most_steps = 200;
/// Up to this size all eigenvectors cost less than some Lanczos steps.
constexpr Index tiny = 16;
constexpr Index approach_steps = 10;
constexpr double eps = std::numeric_limits<double>::epsilon();

/// What rounding changes in an eigenvalue of D, about.
double rounding(const Eigen::MatrixXd& D) {
  return 8 * eps * static_cast<double>(D.rows()) * D.diagonal().cwiseAbs().sum();
}

/// An eigenvalue, and the size of the last entry of its unit vector.
struct TopPair {
  double value, last;
};

/// The largest eigenvalue of sign T, T tridiagonal with diagonal a and off-diagonal b. The pivots
/// of sign T - t I,
///
///   d_1 = a_1 - t,   d_k = a_k - t - b_{k-1}^2 / d_{k-1},
///
/// are all negative iff t is above it. At the eigenvalue the last one is 0, and its slope is
/// -1 / (last entry of the unit vector)^2; where the others are negative, it falls and is convex,
/// so that Newton's method from below stays below.
TopPair top_pair(double sign, const double* a, const double* b, Index steps) {
  double low = sign * a[0], high = low;
  for (Index k = 0; k < steps; ++k) {
    const double reach = (k > 0 ? b[k - 1] : 0.0) + (k + 1 < steps ? b[k] : 0.0);
    low = std::max(low, sign * a[k]);
    high = std::max(high, sign * a[k] + reach);
  }
  const double close = 1e-15 * std::max(std::abs(low), std::abs(high));
  double t = (low + high) / 2, slope = -1;
  while (high - low > close) {
    double pivot = sign * a[0] - t;
    slope = -1;
    Index k = 1;
    for (; k < steps && pivot < 0; ++k) {
      const double ratio = b[k - 1] / pivot;
      slope = -1 + ratio * ratio * slope;
      pivot = sign * a[k] - t - b[k - 1] * ratio;
    }
    (pivot < 0 ? high : low) = t;
    const double next = t - pivot / slope;
    const bool newton = k == steps && next > low && next < high;
    const double step = newton ? next - t : (low + high) / 2 - t;
    t += step;
    if (newton && std::abs(step) <= close) break;
  }
  return {t, 1 / std::sqrt(-slope)};
}

}  // namespace

SpectralNorm::SpectralNorm(Index n)
    : n_(n),
      basis_(n, n > small  ? std::min(n, most_steps)
                : n > tiny ? approach_steps
                           : 0),
      factored_(n > small ? n : 0, n > small ? n : 0),
      alpha_(basis_.cols()),
      beta_(basis_.cols()),
      next_(n),
      dots_(basis_.cols()) {
}

NormBracket SpectralNorm::operator()(const Eigen::MatrixXd& D, double tolerance) {
  if (n_ <= small) return dense(D);
  const double lost = rounding(D), slack = std::max(tolerance, 4 * lost);
  // A fixed start with a share of every direction.
  for (Index i = 0; i < n_; ++i) {
    next_[i] = 1 + 0.5 * std::sin(static_cast<double>(i * i + 3 * i + 1));
  }
  next_ /= next_.norm();
  Index check = 24;
  for (Index k = 0; k < basis_.cols(); ++k) {
    const bool invariant = step(D, k, lost);
    if (k + 1 < std::min(check, basis_.cols()) && !invariant) continue;
    check = k + 1 + k / 2;
    double residual = 0;
    const double norm = ritz_value(k + 1, residual);
    // The error of a Ritz value is quadratic in its residual.
    if (residual * residual <= slack * std::max(norm, slack) || invariant) {
      if (bounds(D, norm + slack)) return {norm, slack + lost};
      if (invariant) break;
    }
  }
  return dense(D);
}

double SpectralNorm::approach(const Eigen::MatrixXd& D, bool absolute, Eigen::VectorXd& v) {
  Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver;
  const bool whole = n_ <= tiny || v.size() == 0;
  Index steps = 0;
  if (whole) {
    solver.compute(D);
  } else {
    next_ = v;
    bool invariant = false;
    while (steps < approach_steps && !invariant) invariant = step(D, steps++, rounding(D));
    solver.computeFromTridiagonal(alpha_.head(steps), beta_.head(steps - 1));
  }
  Index top = solver.eigenvalues().size() - 1;
  if (absolute) solver.eigenvalues().cwiseAbs().maxCoeff(&top);
  v = solver.eigenvectors().col(top);
  if (!whole) v = (basis_.leftCols(steps) * v).normalized();
  return solver.eigenvalues()[top];
}

/// Step k of Lanczos, fully orthogonal, from the unit vector next_, which becomes the next one.
/// True where there is none, because the space is invariant.
bool SpectralNorm::step(const Eigen::MatrixXd& D, Index k, double negligible) {
  basis_.col(k) = next_;
  next_.noalias() = D.selfadjointView<Eigen::Lower>() * basis_.col(k);
  alpha_[k] = basis_.col(k).dot(next_);
  for (int twice = 0; twice < 2; ++twice) {
    dots_.head(k + 1).noalias() = basis_.leftCols(k + 1).transpose() * next_;
    next_.noalias() -= basis_.leftCols(k + 1) * dots_.head(k + 1);
  }
  beta_[k] = next_.norm();
  if (beta_[k] <= negligible) return true;
  next_ /= beta_[k];
  return false;
}

NormBracket SpectralNorm::dense(const Eigen::MatrixXd& D) const {
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(D, Eigen::EigenvaluesOnly);
  const double norm = solver.eigenvalues().cwiseAbs().maxCoeff();
  return {norm, 8 * eps * static_cast<double>(n_) * norm};
}

/// The largest |eigenvalue| of the tridiagonal matrix so far, and the residual of its pair.
double SpectralNorm::ritz_value(Index steps, double& residual_out) {
  const TopPair above = top_pair(1, alpha_.data(), beta_.data(), steps);
  const TopPair below = top_pair(-1, alpha_.data(), beta_.data(), steps);
  const TopPair& top = above.value >= below.value ? above : below;
  residual_out = beta_[steps - 1] * top.last;
  return top.value;
}

/// Whether ||D|| <= tau, by Cholesky of tau I - D and tau I + D.
bool SpectralNorm::bounds(const Eigen::MatrixXd& D, double tau) {
  for (const double sign : {-1.0, 1.0}) {
    factored_ = sign * D;
    factored_.diagonal().array() += tau;
    const Eigen::LLT<Eigen::Ref<Eigen::MatrixXd>> factor(factored_);
    if (factor.info() != Eigen::Success) return false;
  }
  return true;
}

}  // namespace gendemod
