#pragma once

#include "gendemod/types.hpp"

namespace gendemod {

/// angle(x, y) = 2 atan2(||xhat - yhat||, ||xhat + yhat||) in [0, pi], which keeps all digits near
/// 0 and pi. Neither vector is zero.
double angle(const Eigen::VectorXd& x, const Eigen::VectorXd& y);

/// Q_{x,y} of the weight distribution condition (5): E[1{w.x > 0} 1{w.y > 0} w w^T] for
/// w ~ N(0, I),
///
///   Q = (pi - theta) / (2 pi) I + p p^T - q q^T,
///
/// p along xhat + yhat, q along xhat - yhat, ||p||^2 = ||q||^2 = sin(theta) / (2 pi). Continuous
/// at theta = 0 and pi, where p = q = 0 or one of them has no direction.
class Expectation {
 public:
  explicit Expectation(Index n);

  /// Neither x nor y, (n,), is zero. Their lengths do not matter.
  void set(const Eigen::VectorXd& x, const Eigen::VectorXd& y);

  double angle() const { return angle_; }
  /// matrix -= factor Q, lower triangle alone.
  void subtract_from(Eigen::MatrixXd& matrix, double factor) const;
  /// a^T Q b.
  double form(const Eigen::VectorXd& a, const Eigen::VectorXd& b) const;

 private:
  double angle_ = 0;
  double identity_ = 0;
  Eigen::VectorXd p_, q_;
};

}  // namespace gendemod
