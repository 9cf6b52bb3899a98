#pragma once

#include "gendemod/types.hpp"

namespace gendemod {

/// ||D|| lies in [norm - error, norm + error], rounding included.
struct NormBracket {
  double norm;
  double error;
};

/// The spectral norm of symmetric matrices of one size.
///
/// Small ones are reduced to tridiagonal form. For larger ones Lanczos gives a value that ||D||
/// reaches; that nothing lies beyond is then proven by two factorisations: if Cholesky succeeds on
/// tau I - D and on tau I + D, then ||D|| <= tau up to rounding. Where it fails, Lanczos goes on,
/// and after n steps all eigenvalues are computed.
class SpectralNorm {
 public:
  explicit SpectralNorm(Index n);

  /// D (n, n), lower triangle. The error is at most about `tolerance`.
  /// About 4/3 n^3 flops for n <= 32, 2/3 n^3 + 2 n^2 steps beyond.
  NormBracket operator()(const Eigen::MatrixXd& D, double tolerance);
  /// The largest eigenvalue, or the one with the largest absolute value, approached from inside the
  /// spectrum by some Lanczos steps that begin at v, which becomes its vector. v is a unit vector,
  /// or empty. About 20 n^2 flops.
  double approach(const Eigen::MatrixXd& D, bool absolute, Eigen::VectorXd& v);

 private:
  NormBracket dense(const Eigen::MatrixXd& D) const;
  bool step(const Eigen::MatrixXd& D, Index k, double negligible);
  double ritz_value(Index steps, double& residual_out);
  bool bounds(const Eigen::MatrixXd& D, double tau);

  Index n_;
  Eigen::MatrixXd basis_;     // (n, steps)
  Eigen::MatrixXd factored_;  // (n, n)
  Eigen::VectorXd alpha_, beta_, next_, dots_;
};

}  // namespace gendemod
