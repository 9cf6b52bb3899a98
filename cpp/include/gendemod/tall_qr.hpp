#pragma once

#include <Eigen/Core>

#include "gendemod/types.hpp"

namespace gendemod {

/// The least-squares problem min || J d + r || of a tall J that arrives in blocks of rows: only
/// the triangle R with R^T R = J^T J and c = Q^T r are kept. Householder reflections in float64,
/// so that no digit is lost to normal equations; one fixed order of rows.
class TallQR {
 public:
  /// J has `cols` columns. All memory is allocated here.
  explicit TallQR(Index cols);

  void clear();
  /// Adds rows: `block` (height, cols + 1) holds them, r in its last column. It is overwritten.
  /// 2 height cols^2 flops.
  void add(Eigen::Ref<Eigen::MatrixXd> block);

  /// step_out = argmin || J d + r ||^2 + damping || d ||^2, (cols,). 2 cols^3 flops. Columns that
  /// R shows to be zero get no step.
  void solve(double damping, Eigen::VectorXd& step_out);
  /// (|| r ||^2 - || J step + r ||^2) / 2: how much the linear model promises.
  double decrease(const Eigen::VectorXd& step) const;
  /// Mean square of the columns of J, the scale of a damping.
  double scale() const;

 private:
  static void absorb(Eigen::MatrixXd& triangle, Eigen::Ref<Eigen::MatrixXd> block, Index first);

  Eigen::MatrixXd triangle_;  // (cols, cols + 1): R and c
  Eigen::MatrixXd damped_;    // the same with the damping
  Eigen::MatrixXd identity_;  // (cols, cols + 1)
};

}  // namespace gendemod
