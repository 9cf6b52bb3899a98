#pragma once

#include <vector>

#include "gendemod/four_signs.hpp"
#include "gendemod/solver.hpp"
#include "gendemod/tall_qr.hpp"

namespace gendemod {

struct MarquardtSettings {
  static constexpr bool balance = true;
  Stopping stopping;

  MarquardtSettings scaled(double) const { return *this; }
};

/// Gauss-Newton with damping on z = (h, m). With the residual r = sqrt(v) (w x - y) and, while no
/// mask changes, its exact Jacobian J = sqrt(v) [diag(x) Lambda_h, diag(w) Lambda_m], an iteration
///
///   picks the best of (+-h, +-m)                          line 3 of Algorithm 1
///   tries z + d, d = argmin ||J d + r||^2 + mu ||d||^2
///   keeps it if f falls, and sets mu by the gain ratio     Nielsen's rule
///   makes ||h|| = ||m||                                    line 5
///
/// J (h, -m) = 0: f does not change along that direction. One more row of the least-squares
/// problem asks for a step orthogonal to it, which costs nothing in the others.
template <class T>
class LevenbergMarquardt {
 public:
  using Scalar = T;
  using Settings = MarquardtSettings;

  LevenbergMarquardt(const ProductModel<T>& model, const Settings& settings, int threads = 1);

  void start(const Vector<T>& h, const Vector<T>& m);
  /// At most `count` more iterations; returns the status then.
  Status run(Index count);

  Status status() const { return status_; }
  const Vector<T>& h() const { return h_; }
  const Vector<T>& m() const { return m_; }
  /// The objective before each iteration, and last the present one.
  const std::vector<double>& history() const { return history_; }

 private:
  struct Trial {
    double length;    // relative, of the step
    double promised;  // how much f falls in the linear model
    bool falls;       // f falls indeed
    bool forced;      // failures have raised the damping above the first one
  };

  void iterate();
  void choose_signs();
  void linearise();
  void normalise();
  Status judge(const Trial& trial) const;

  const ProductModel<T>* model_;
  Settings settings_;
  double tolerance_;
  Vector<T> h_, m_, trial_h_, trial_m_;
  LinearPiece<T> piece_h_, piece_m_;
  FourSigns<T> signs_;
  TallQR qr_;
  Eigen::MatrixXd block_;  // some rows of J, and of r in the last column
  Eigen::VectorXd step_;
  Eigen::ArrayXd factor_h_, factor_m_;  // what multiplies rows of the pieces to give rows of J
  bool linearised_ = false;             // qr_ belongs to the present point
  double damping_ = 0;                  // mu, in units of qr_.scale()
  double raise_ = 2;                    // what a failed trial multiplies it by
  double objective_ = 0;
  Status status_ = Status::running;
  std::vector<double> history_;
};

}  // namespace gendemod
