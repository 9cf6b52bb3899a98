#pragma once

#include <cmath>
#include <cstdint>
#include <limits>

#include "gendemod/linear_piece.hpp"
#include "gendemod/product_model.hpp"

/// What all solvers share. A solver is a state: start(h, m), then run(k) for at most k more
/// iterations, which resumes exactly where the last call ended.
namespace gendemod {

/// How a solver ended. The numbers are those of the Python enumeration Status.
enum class Status : int {
  running = 0,
  converged = 1,
  stalled = 2,
  iteration_limit = 3,
  time_limit = 4,
  diverged = 5,
  hopeless = 6,
  kink = 7,  // converged where a kink blocks longer steps: Python says so, "auto" tries on
};

/// When a solver stops.
struct Stopping {
  Index max_iterations;
  double tolerance;  // relative length of a step of (h, m); 0: no early stop but divergence
};

/// Iterations for whose record memory is set aside at the start; a longer run allocates again.
inline constexpr Index kept_history = 10000;

/// The tolerance that T can resolve: at least ten units of its last place, 0 for 0.
template <class T>
double attainable(double tolerance) {
  const double least = 10.0 * static_cast<double>(std::numeric_limits<T>::epsilon());
  return tolerance > 0 && tolerance < least ? least : tolerance;
}

/// ||z|| in float64.
template <class T>
double norm(const Vector<T>& z) {
  return z.template cast<double>().norm();
}

/// c with ||h / c|| = ||c m||, line 5 of Algorithm 1: sqrt(||h|| / ||m||); 1 where one is zero.
template <class T>
double balance_factor(const Vector<T>& h, const Vector<T>& m) {
  const double c = std::sqrt(norm(h) / norm(m));
  return std::isfinite(c) && c > 0 ? c : 1.0;
}

/// How far rounding alone may move f where it is `objective`.
template <class T>
double rounding(const ProductModel<T>& model, double objective) {
  return 16.0 * static_cast<double>(std::numeric_limits<T>::epsilon()) *
         std::sqrt(objective * model.objective_at_zero());
}

/// Whether w * x = 0 everywhere, where no gradient leads out.
template <class T>
bool is_dead(const ProductModel<T>& model, double objective, const LinearPiece<T>& piece_h,
             const LinearPiece<T>& piece_m) {
  return objective == model.objective_at_zero() &&
         (piece_h.output().array() * piece_m.output().array() == T(0)).all();
}

/// The status of a run that kinks have stopped. Real pictures have their best fit at a kink, with a
/// small residual; with a relative residual above 1/2 it is taken for one of the points near the
/// spurious branches.
template <class T>
Status end_at_kink(const ProductModel<T>& model, double objective) {
  return objective > model.objective_at_zero() / 4 ? Status::stalled : Status::kink;
}

/// A random start (h, m), a function of (seed, problem, restart) alone: directions of N(0, I),
/// ||h|| = ||m||, scaled to the exact minimiser of f along the ray (theory: f is a quadratic in
/// ||h|| ||m||). If that is 0, the first of sign_pairs for which it is not; if all four are 0,
/// the draw itself.
template <class T>
void random_start(const ProductModel<T>& model, std::uint64_t seed, Index problem, Index restart,
                  Vector<T>& h_out, Vector<T>& m_out);

}  // namespace gendemod
