#pragma once

#include "descent_state.hpp"
#include "sign_pairs.hpp"

/// How a problem decides what it does next, here and in descent_aim, _step and _decide. One block a
/// problem; all its threads hold the state and decide alike, and share what is done to vectors.
namespace gendemod::cuda {

/// A problem that starts.
template <class T>
struct BeginDescent {
  static constexpr int threads = 128;
  using Shared = DescentShared;
  const int* fresh;
  Descent<T> d;

  template <class Block>
  GENDEMOD_DEVICE void operator()(const Block& block, Shared& shared) const {
    const Index problem = block.index(), tiles = d.model.tiles();
    if (fresh[problem] == 0) return;
    sum_tiles(block, shared.two, d.parts + problem * 2 * tiles, tiles);
    DescentState s{};
    s.phase = Phase::begin;
    s.objective = s.least = shared.two.totals[0] / 2;
    s.live = shared.two.totals[1];
    s.at_zero = d.progress.at_zero[problem];
    s.status = std::isfinite(s.objective) ? Status::running : Status::diverged;
    for (int factor = 0; factor < 2; ++factor) {
      const DescentFactor<T> z = d.rows(factor, problem);
      block.each([&](int t) {
        for (Index i = t; i < z.n; i += threads) {
          z.settled[i] = z.latent[i];
          z.direction[i] = T(0);
        }
      });
    }
    block.each([&](int t) {
      if (t == 0) d.progress.record(problem, 0, s.objective);
    });
    d.save(block, problem, s, d.compares_signs(s));
  }
};

/// Line 3: takes the signs that won.
template <class T>
struct TakeSigns {
  static constexpr int threads = 128;
  struct Shared {};
  Descent<T> d;

  template <class Block>
  GENDEMOD_DEVICE void operator()(const Block& block, Shared&) const {
    const Index problem = block.index();
    DescentState s = d.load(problem);
    if (s.status == Status::running && s.phase == Phase::begin) {
      s.pair = d.compares_signs(s) ? d.best[problem] : 0;
      s.phase = s.pair == 0 ? Phase::gradient : Phase::negated;
      s.factor = 0;
      negate(block, d.rows(0, problem), negates_h(s.pair));
      negate(block, d.rows(1, problem), negates_m(s.pair));
    }
    d.save(block, problem, s, s.needs_gradient(0));
  }

 private:
  template <class Block>
  GENDEMOD_DEVICE static void negate(const Block& block, const DescentFactor<T>& z, bool due) {
    if (!due) return;
    block.each([&](int t) {
      for (Index i = t; i < z.n; i += threads) z.latent[i] = -z.latent[i];
    });
  }
};

}  // namespace gendemod::cuda
