#pragma once

#include "descent_state.hpp"

namespace gendemod::cuda {

/// Iterations without a new least objective after which a run counts as stalled.
inline constexpr Index patience = 100;

/// How often an automatic step turns where kinks block it.
inline constexpr int most_turns = 9;

/// After the piece of a factor has moved: whether the step stands, and after m how the iteration
/// ends.
template <class T, int factor>
struct DecideDescent {
  static constexpr int threads = 128;
  using Shared = DescentShared;
  double tolerance;
  Descent<T> d;

  template <class Block>
  GENDEMOD_DEVICE void operator()(const Block& block, Shared& shared) const {
    const Index problem = block.index();
    DescentState s = d.load(problem);
    if (s.is_at(Phase::trial, factor)) {
      if (d.is_automatic()) {
        search(block, shared, problem, s);
      } else {
        accept(block, problem);
        if (factor == 1) measure(block, shared, problem, s);
        s.finish(factor, s.asked, false);
      }
    } else if (s.is_at(Phase::back, factor)) {
      s.turns += 1;
      s.phase = Phase::aim;
    } else if (s.is_at(Phase::leave, factor)) {
      leave(block, problem);
      s.finish(factor, 0, factor == 0 ? s.blocked_h : s.blocked_m);
    } else if (factor == 1 && s.status == Status::running && s.phase == Phase::negated) {
      measure(block, shared, problem, s);
      s.phase = Phase::gradient;
      s.factor = 0;
    }
    if (factor == 1 && s.is_at(Phase::end, 1)) end(block, problem, s);
    d.save(block, problem, s, factor == 0 ? s.needs_gradient(1) : d.compares_signs(s));
  }

 private:
  template <class Block>
  GENDEMOD_DEVICE void measure(const Block& block, Shared& shared, Index problem,
                               DescentState& s) const {
    const Index tiles = d.model.tiles();
    sum_tiles(block, shared.two, d.parts + problem * 2 * tiles, tiles);
    s.objective = shared.two.totals[0] / 2;
    s.live = shared.two.totals[1];
  }

  template <class Block>
  GENDEMOD_DEVICE void accept(const Block& block, Index problem) const {
    const DescentFactor<T> z = d.rows(factor, problem);
    block.each([&](int t) {
      for (Index i = t; i < z.n; i += threads) z.latent[i] = z.trial[i];
    });
  }

  template <class Block>
  GENDEMOD_DEVICE void leave(const Block& block, Index problem) const {
    const DescentFactor<T> z = d.rows(factor, problem);
    block.each([&](int t) {
      for (Index i = t; i < z.n; i += threads) z.direction[i] = T(0);
    });
  }

  /// Halves the step until f falls by a tenth of what its slope promises.
  template <class Block>
  GENDEMOD_DEVICE void search(const Block& block, Shared& shared, Index problem,
                              DescentState& s) const {
    DescentState trial = s;
    measure(block, shared, problem, trial);
    const double promised = s.step * s.slope, rounding = d.rounding(s);
    if (trial.objective <= s.objective - (promised > rounding ? promised / 10 : 0.0)) {
      accept(block, problem);
      s.objective = trial.objective;
      s.live = trial.live;
      s.finish(factor, s.asked, false);
      return;
    }
    const double shortest = tolerance > d.epsilon ? tolerance : d.epsilon;
    if (!(s.step * s.unit <= shortest || (s.turns < most_turns && s.halvings == 5))) {
      s.step /= 2;
      s.halvings += 1;
      return;
    }
    // Where rounding hides whether f falls, this is its least value.
    const bool hidden = promised / 2 <= rounding, blocked = !hidden && s.turns == most_turns;
    (factor == 0 ? s.blocked_h : s.blocked_m) = blocked;
    s.phase = hidden || blocked ? Phase::leave : Phase::turn;
  }

  template <class Block>
  GENDEMOD_DEVICE void end(const Block& block, Index problem, DescentState& s) const {
    const bool finite = std::isfinite(s.objective);
    for (int which = 0; which < 2; ++which) {
      const DescentFactor<T> z = d.rows(which, problem);
      block.each([&](int t) {
        for (Index i = t; finite && i < z.n; i += threads) z.settled[i] = z.latent[i];
      });
    }
    s.phase = Phase::begin;
    if (!finite) {
      s.status = Status::diverged;
      return;
    }
    s.iteration += 1;
    if (s.objective < s.least) {
      s.least = s.objective;
      s.least_iteration = s.iteration;
    }
    s.status = judge(s);
    block.each([&](int t) {
      if (t == 0) d.progress.record(problem, s.iteration, s.objective);
    });
  }

  GENDEMOD_DEVICE Status judge(const DescentState& s) const {
    if (tolerance > 0) {
      // For balanced latents this is the length of the step of (h, m) over that of (h, m).
      const double length = std::sqrt((s.length_h * s.length_h + s.length_m * s.length_m) / 2);
      if (length <= tolerance) {
        if (s.live == 0) return Status::stalled;
        if (!s.blocked_h && !s.blocked_m) return Status::converged;
        return s.objective > s.at_zero / 4 ? Status::stalled : Status::kink;
      }
      if (s.iteration - s.least_iteration >= patience) return Status::stalled;
    }
    return s.iteration >= d.settings.stopping.max_iterations ? Status::iteration_limit
                                                             : Status::running;
  }
};

}  // namespace gendemod::cuda
