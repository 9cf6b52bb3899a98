#pragma once

#include <cmath>

#include "batch_solver.hpp"
#include "block_sum.hpp"

namespace gendemod::cuda {

struct DescentSettings {
  double step_h;      // step size for h in line 4; 0: chosen in every iteration
  double step_m;      // the same for m
  double momentum;    // mu in v <- mu v + g, latent <- latent - step v
  Index sign_check;   // line 3 in every sign_check-th iteration, from the first; 0: never
  bool balance;       // line 5
  bool simultaneous;  // line 4 takes both gradients at the same (h, m); not with automatic steps
  Stopping stopping;
};

/// What a problem does next.
enum class Phase : int {
  begin,     // an iteration: line 3
  negated,   // bring the pieces to the signs that won
  gradient,  // of f at the latents
  aim,       // the exact step along the direction
  trial,     // try the step
  turn,      // a kink is in the way: the gradient beyond it
  back,      // the piece returns to the latent, to aim anew
  leave,     // the piece returns to the latent, without a step
  end,       // of the iteration
};

/// A problem on its way through an iteration of Algorithm 1.
struct DescentState {
  Phase phase;
  int factor;  // 0: h is moving, 1: m is
  int pair;    // the signs that won
  int turns, halvings;
  Status status;
  Index iteration, least_iteration;
  double objective, at_zero, least;
  double live;                // how many w x are not 0
  double slope, unit, step;   // of the line search; unit: relative length of a step of 1
  double asked;               // relative length that the local model asks for
  double at;                  // the step at which the piece stands
  double length_h, length_m;  // asked for in this iteration
  bool blocked_h, blocked_m;  // f does not fall along the line although its slope says so

  GENDEMOD_DEVICE bool is_at(Phase what, int which) const {
    return status == Status::running && phase == what && factor == which;
  }
  GENDEMOD_DEVICE bool needs_gradient(int which) const {
    return is_at(Phase::gradient, which) || is_at(Phase::turn, which);
  }
  /// Ends the step of a factor.
  GENDEMOD_DEVICE void finish(int which, double length, bool blocked) {
    (which == 0 ? length_h : length_m) = length;
    (which == 0 ? blocked_h : blocked_m) = blocked;
    phase = which == 0 ? Phase::gradient : Phase::end;
    factor = 1;
  }
};

/// One of the two factors: rows of all problems.
template <class T>
struct DescentFactor {
  Index n;
  T *latent, *settled, *trial, *gradient, *direction;
  const double* sums;  // the gradient as it was summed
};

/// What all kernels of the descent see.
template <class T>
struct Descent {
  DescentSettings settings;
  double epsilon;  // of T
  ProductModel<T> model;
  DescentFactor<T> h, m;
  const double* step_scale;  // (problems,)
  DescentState* states;
  Progress progress;
  int* active;          // (problems,): which do the work that follows
  T* slide;             // (problems,): how far a move goes along the slope, or NaN
  T* scale;             // (problems,): line 5 for h
  const double* parts;  // (problems, 2, tiles)
  const int* best;      // (problems,): sign pairs

  GENDEMOD_DEVICE bool is_automatic() const { return settings.step_h == 0; }
  GENDEMOD_DEVICE double step_size(int factor, Index problem) const {
    return (factor == 0 ? settings.step_h : settings.step_m) * step_scale[problem];
  }
  /// Whether the exact step is asked for, where the step has this relative length.
  GENDEMOD_DEVICE bool needs_exact_step(double asked, double tolerance) const {
    return is_automatic() || (tolerance > 0 && asked <= tolerance);
  }
  GENDEMOD_DEVICE bool compares_signs(const DescentState& s) const {
    return s.status == Status::running && s.phase == Phase::begin && settings.sign_check > 0 &&
           s.iteration % settings.sign_check == 0;
  }
  /// How far rounding alone may move f.
  GENDEMOD_DEVICE double rounding(const DescentState& s) const {
    return 16 * epsilon * std::sqrt(s.objective * s.at_zero);
  }
  /// The factor with its rows of a problem.
  GENDEMOD_DEVICE DescentFactor<T> rows(int factor, Index problem) const {
    DescentFactor<T> z = factor == 0 ? h : m;
    const Index first = problem * z.n;
    z.latent += first;
    z.settled += first;
    z.trial += first;
    z.gradient += first;
    z.direction += first;
    z.sums += first;
    return z;
  }
  /// The state of a problem; the host may have ended it.
  GENDEMOD_DEVICE DescentState load(Index problem) const {
    DescentState s = states[problem];
    s.status = progress.status[problem];
    return s;
  }
  /// Ends a kernel: the state that all threads hold is written by one, when all have read it.
  template <class Block>
  GENDEMOD_DEVICE void save(const Block& block, Index problem, const DescentState& s,
                            bool works) const {
    block.each([](int) {});
    block.each([&](int t) {
      if (t > 0) return;
      states[problem] = s;
      progress.status[problem] = s.status;
      progress.objective[problem] = s.objective;
      active[problem] = works ? 1 : 0;
    });
  }
};

/// What the threads of a block share in its kernels.
struct DescentShared {
  BlockSums<128> one;
  BlockSums<128, 2> two;
  BlockSums<128, 3> three;
};

}  // namespace gendemod::cuda
