#pragma once

#include "descent_state.hpp"

namespace gendemod::cuda {

/// An exact line search zigzags and takes every bend of the valley; a shorter step does not.
inline constexpr double relaxation = 0.75;

/// After the product of a factor with its direction: where the piece goes.
template <class T, int factor>
struct StepDescent {
  static constexpr int threads = 128;
  using Shared = DescentShared;
  double tolerance;
  Descent<T> d;

  template <class Block>
  GENDEMOD_DEVICE void operator()(const Block& block, Shared& shared) const {
    const Index problem = block.index();
    DescentState s = d.load(problem);
    const DescentFactor<T> z = d.rows(factor, problem);
    if (s.is_at(Phase::aim, factor)) aim(block, shared, problem, s);
    bool moves = true;
    T scale = 1;
    double slide = NAN;
    if (s.is_at(Phase::trial, factor)) {
      set_trial(block, z, static_cast<T>(s.step));
      if (d.is_automatic()) {
        slide = s.at - s.step;
      } else if (factor == 1 && d.settings.balance) {
        scale = balance(block, shared, d.rows(0, problem), z);
      }
      s.at = s.step;
    } else if (s.is_at(Phase::back, factor) || s.is_at(Phase::leave, factor)) {
      set_trial(block, z, T(0));
      slide = s.at;
      s.at = 0;
    } else if (s.status == Status::running && s.phase == Phase::negated) {
      set_trial(block, z, T(0));
    } else {
      moves = false;
    }
    block.each([&](int t) {
      if (t > 0) return;
      d.slide[problem] = static_cast<T>(slide);
      d.scale[problem] = scale;
    });
    d.save(block, problem, s, moves);
  }

 private:
  /// The step of the local model: slope / sum_i v_i (other_i (Lambda direction)_i)^2.
  template <class Block>
  GENDEMOD_DEVICE void aim(const Block& block, Shared& shared, Index problem,
                           DescentState& s) const {
    const Index tiles = d.model.tiles();
    const bool automatic = d.is_automatic();
    s.step = d.step_size(factor, problem);
    s.asked = s.step * s.unit;
    if (d.needs_exact_step(s.asked, tolerance)) {
      sum_tiles(block, shared.two, d.parts + problem * 2 * tiles, tiles);
      const double quotient = s.slope / shared.two.totals[0];
      const double exact = std::isfinite(quotient) ? quotient : 0.0;
      // A short step says that the solution is near only if a good step would be short, too.
      if (automatic) {
        s.step = relaxation * exact;
        s.asked = s.step * s.unit;
      } else if (exact * s.unit > s.asked) {
        s.asked = exact * s.unit;
      }
    }
    s.at = 0;
    s.halvings = 0;
    s.phase = Phase::trial;
    if (automatic && !(s.asked > 0)) s.finish(factor, 0, false);
  }

  GENDEMOD_DEVICE static double square(T entry) {
    return static_cast<double>(entry) * static_cast<double>(entry);
  }
  template <class Block>
  GENDEMOD_DEVICE static void set_trial(const Block& block, const DescentFactor<T>& z, T step) {
    block.each([&](int t) {
      for (Index i = t; i < z.n; i += threads) {
        z.trial[i] = step == T(0) ? z.latent[i] : z.latent[i] - step * z.direction[i];
      }
    });
  }

  /// Line 5 for the latents that will be: returns by what h was multiplied.
  template <class Block>
  GENDEMOD_DEVICE static T balance(const Block& block, Shared& shared, const DescentFactor<T>& h,
                                   const DescentFactor<T>& m) {
    block_sums(block, shared.two, [&](int t, double* squares) {
      squares[0] = squares[1] = 0;
      for (Index i = t; i < h.n; i += threads) squares[0] += square(h.latent[i]);
      for (Index i = t; i < m.n; i += threads) squares[1] += square(m.trial[i]);
    });
    const double norm_h = std::sqrt(shared.two.totals[0]);
    const double norm_m = std::sqrt(shared.two.totals[1]);
    const double c = std::sqrt(norm_h / norm_m);
    if (!(std::isfinite(c) && c > 0)) return T(1);
    const T factor_h = static_cast<T>(1 / c), factor_m = static_cast<T>(c);
    if (factor_h == T(1) && factor_m == T(1)) return T(1);
    block.each([&](int t) {
      for (Index i = t; i < h.n; i += threads) h.latent[i] *= factor_h;
      for (Index i = t; i < m.n; i += threads) m.trial[i] *= factor_m;
    });
    return factor_h;
  }
};

}  // namespace gendemod::cuda
