#include "gendemod/angles.hpp"

#include <cmath>

namespace gendemod {
namespace {

/// z / ||z||, for any length that float64 can hold.
Eigen::VectorXd unit(const Eigen::VectorXd& z) {
  const Eigen::VectorXd scaled = z / z.cwiseAbs().maxCoeff();
  return scaled / scaled.norm();
}

}  // namespace

double angle(const Eigen::VectorXd& x, const Eigen::VectorXd& y) {
  const Eigen::VectorXd a = unit(x), b = unit(y);
  return 2 * std::atan2((a - b).norm(), (a + b).norm());
}

Expectation::Expectation(Index n) : p_(n), q_(n) {
}

void Expectation::set(const Eigen::VectorXd& x, const Eigen::VectorXd& y) {
  const Eigen::VectorXd a = unit(x), b = unit(y);
  p_ = a + b;
  q_ = a - b;
  const double p = p_.norm(), q = q_.norm();
  angle_ = 2 * std::atan2(q, p);
  identity_ = (pi - angle_) / (2 * pi);
  const double length = std::sqrt(p * q / (4 * pi));  // sin(theta) = p q / 2
  p_ *= p > 0 ? length / p : 0.0;
  q_ *= q > 0 ? length / q : 0.0;
}

void Expectation::subtract_from(Eigen::MatrixXd& matrix, double factor) const {
  matrix.diagonal().array() -= factor * identity_;
  matrix.selfadjointView<Eigen::Lower>().rankUpdate(p_, -factor).rankUpdate(q_, factor);
}

double Expectation::form(const Eigen::VectorXd& a, const Eigen::VectorXd& b) const {
  return identity_ * a.dot(b) + p_.dot(a) * p_.dot(b) - q_.dot(a) * q_.dot(b);
}

}  // namespace gendemod
