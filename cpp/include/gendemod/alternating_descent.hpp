#pragma once

#include <vector>

#include "gendemod/four_signs.hpp"
#include "gendemod/solver.hpp"

namespace gendemod {

struct DescentSettings {
  double step_h;      // step size for h in line 4; 0: chosen in every iteration
  double step_m;      // the same for m
  double momentum;    // mu in v <- mu v + g, latent <- latent - step v
  Index sign_check;   // line 3 in every sign_check-th iteration, from the first; 0: never
  bool balance;       // line 5
  bool simultaneous;  // line 4 takes both gradients at the same (h, m); not with automatic steps
  Stopping stopping;

  DescentSettings scaled(double factor) const {
    DescentSettings out = *this;
    out.step_h *= factor;
    out.step_m *= factor;
    return out;
  }
};

/// Algorithm 1 of the paper. One iteration at (h, m):
///
///   line 3:  (h, m) <- the best of (+-h, +-m)
///   line 4:  h <- h - eta_h grad_h f(h, m),   then m <- m - eta_m grad_m f(h, m) at the new h
///            (simultaneous: at the old h)
///   line 5:  (h, m) <- (h / c, c m) with ||h / c|| = ||c m||
///
/// Automatic steps: eta = 3/4 s, s the exact minimiser of f along the line while no mask changes,
/// halved while f would not fall, and turned where a kink blocks the line. Such an iteration
/// commutes with (h, m) -> (h / c, c m), so line 5 is left to the end, where it costs no rounding
/// of f: the recorded objective never rises.
template <class T>
class AlternatingDescent {
 public:
  using Scalar = T;
  using Settings = DescentSettings;

  /// `threads` share the products of one iteration; the iterates do not depend on it.
  AlternatingDescent(const ProductModel<T>& model, const Settings& settings, int threads = 1);

  void start(const Vector<T>& h, const Vector<T>& m);
  /// At most `count` more iterations; returns the status then.
  Status run(Index count);

  Status status() const { return status_; }
  const Vector<T>& h() const { return h_.latent; }
  const Vector<T>& m() const { return m_.latent; }
  /// The objective before each iteration, and last the present one.
  const std::vector<double>& history() const { return history_; }

 private:
  /// One of the two factors of the product.
  struct Factor {
    Factor(const ReLUNetwork<T>& network, double step_size, int threads);

    LinearPiece<T> piece;  // at the latent
    Vector<T> latent, before, trial, gradient, direction;
    double step;  // 0: automatic
  };

  /// What a step of line 4 did.
  struct Move {
    double length;         // relative length of the step that the local model asks for
    bool blocked = false;  // f does not fall along the line although its slope says so
  };

  void iterate();
  void give_up();
  void pull_back(Factor& moving, const Factor& fixed);
  Move descend(Factor& moving, const Factor& fixed);
  Move descend_automatically(Factor& moving, const Factor& fixed);
  double exact_step(double slope, Factor& moving, const Factor& fixed);
  bool search(double& step, double unit, double slope, bool brief, Factor& moving);
  void choose_signs();
  void measure();
  void normalise();
  Status judge(const Move& move_h, const Move& move_m);

  const ProductModel<T>* model_;
  Settings settings_;
  double tolerance_;
  Factor h_, m_;
  FourSigns<T> signs_;
  Vector<T> change_;  // (ell,): Lambda times a direction
  double objective_ = 0;
  double least_objective_ = 0;
  Index least_iteration_ = 0;
  Index iteration_ = 0;
  Status status_ = Status::running;
  std::vector<double> history_;
};

}  // namespace gendemod
