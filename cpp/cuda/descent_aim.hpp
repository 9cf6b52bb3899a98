#pragma once

#include "descent_state.hpp"

namespace gendemod::cuda {

/// After the gradient of a factor: where to go.
template <class T, int factor>
struct AimDescent {
  static constexpr int threads = 128;
  using Shared = DescentShared;
  double tolerance;
  Descent<T> d;

  template <class Block>
  GENDEMOD_DEVICE void operator()(const Block& block, Shared& shared) const {
    const Index problem = block.index();
    DescentState s = d.load(problem);
    const DescentFactor<T> z = d.rows(factor, problem);
    bool multiplies = s.is_at(Phase::aim, factor);
    if (s.is_at(Phase::gradient, factor)) {
      take_gradient(block, z);
      accelerate(block, shared, z);
      measure(block, shared, z, s);
      s.turns = 0;
      s.phase = Phase::aim;
      multiplies = d.needs_exact_step(d.step_size(factor, problem) * s.unit, tolerance);
    } else if (s.is_at(Phase::turn, factor)) {
      take_gradient(block, z);
      shorten(block, shared, z);
      measure(block, shared, z, s);
      s.slope = shared.three.totals[1];
      s.phase = Phase::back;
    }
    d.save(block, problem, s, multiplies);
  }

 private:
  template <class Block>
  GENDEMOD_DEVICE static void take_gradient(const Block& block, const DescentFactor<T>& z) {
    block.each([&](int t) {
      for (Index i = t; i < z.n; i += threads) z.gradient[i] = static_cast<T>(z.sums[i]);
    });
  }
  /// direction <- mu direction + gradient; the gradient alone where f would not fall along that.
  template <class Block>
  GENDEMOD_DEVICE void accelerate(const Block& block, Shared& shared,
                                  const DescentFactor<T>& z) const {
    const T momentum = static_cast<T>(d.settings.momentum);
    const bool keeps = d.settings.momentum > 0;
    block.each([&](int t) {
      for (Index i = t; i < z.n; i += threads) {
        z.direction[i] = keeps ? momentum * z.direction[i] + z.gradient[i] : z.gradient[i];
      }
    });
    if (!keeps || !d.is_automatic()) return;
    if (dot(block, shared.one, z.gradient, z.direction, z.n) > 0) return;
    block.each([&](int t) {
      for (Index i = t; i < z.n; i += threads) z.direction[i] = z.gradient[i];
    });
  }
  /// The slope <g, d> along the direction d, and the relative length of a step of 1, |d| / |z|.
  template <class Block>
  GENDEMOD_DEVICE static void measure(const Block& block, Shared& shared, const DescentFactor<T>& z,
                                      DescentState& s) {
    block_sums(block, shared.three, [&](int t, double* sums) {
      sums[0] = sums[1] = sums[2] = 0;
      for (Index i = t; i < z.n; i += threads) {
        const double g = static_cast<double>(z.gradient[i]);
        const double d = static_cast<double>(z.direction[i]);
        const double latent = static_cast<double>(z.latent[i]);
        sums[0] += g * d;
        sums[1] += d * d;
        sums[2] += latent * latent;
      }
    });
    s.slope = shared.three.totals[0];
    s.unit = std::sqrt(shared.three.totals[1]) / std::sqrt(shared.three.totals[2]);
  }
  /// direction <- the shortest vector on the segment from it to the gradient: along it f falls on
  /// both sides of the kink.
  template <class Block>
  GENDEMOD_DEVICE static void shorten(const Block& block, Shared& shared,
                                      const DescentFactor<T>& z) {
    const double aa = dot(block, shared.one, z.gradient, z.gradient, z.n);
    const double ab = dot(block, shared.one, z.gradient, z.direction, z.n);
    const double bb = dot(block, shared.one, z.direction, z.direction, z.n);
    double part = (bb - ab) / (aa - 2 * ab + bb);
    if (!std::isfinite(part)) return;
    part = part < 0 ? 0 : part > 1 ? 1 : part;
    block.each([&](int t) {
      for (Index i = t; i < z.n; i += threads) {
        z.direction[i] += static_cast<T>(part) * (z.gradient[i] - z.direction[i]);
      }
    });
  }
};

}  // namespace gendemod::cuda
