#pragma once

#include <cstdint>
#include <vector>

#include "gendemod/circle_search.hpp"
#include "gendemod/deviation.hpp"
#include "gendemod/witness.hpp"

namespace gendemod {

/// One climb towards a large deviation (5), from a start that is a function of (seed, number) to a
/// pair that many line searches in turn do not improve. The rows must outlive it.
class WdcClimb {
 public:
  /// Line searches at most.
  static constexpr Index most_steps = 400;

  WdcClimb(const MaskedGram<double>& rows, double alpha, std::uint64_t seed, Index number);

  Index number() const { return number_; }
  bool ended() const { return idle_ >= patience_ || step_ >= most_steps; }
  /// One line search.
  void step();
  Witness result();

 private:
  void normal(std::uint32_t minor, Eigen::VectorXd& out) const;
  void begin();
  void set(const Eigen::VectorXd& x, const Eigen::VectorXd& y, bool equal);
  void ascend_smoothly(double sign);
  void walk(Eigen::VectorXd& z, Eigen::VectorXd& Wz, const Eigen::VectorXd& direction,
            double length);
  Eigen::VectorXd mean_slope(const Eigen::VectorXd& x, const Eigen::VectorXd& y) const;
  void top_of(const Eigen::MatrixXd& E, bool largest);
  Eigen::Map<const Eigen::VectorXd> row(Index i) const { return {rows_->row(i), rows_->cols()}; }
  void measure();
  void tangent(const Eigen::VectorXd& z, const Eigen::VectorXd& Wz);
  double best_angle(const Eigen::VectorXd& z, const Eigen::VectorXd& Wz,
                    const Eigen::VectorXd& other, const Eigen::VectorXd& Wother);

  const MaskedGram<double>* rows_;
  double alpha_;
  std::uint64_t seed_;
  std::uint32_t number_;
  Index patience_, step_ = 0, idle_ = 0;
  Deviation<double> deviation_;
  bool equal_ = false;  // x = y
  Eigen::VectorXd x_, y_, v_, u_, Wx_, Wy_;
  double value_ = 0, sign_ = 1;
  Eigen::VectorXd b_, squares_, noise_;
  SpectralNorm norm_;
  CircleSearch circle_;
};

}  // namespace gendemod
