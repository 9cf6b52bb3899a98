#pragma once

#include "batch_solver.hpp"
#include "sign_pairs.hpp"

namespace gendemod::cuda {

/// latent = one of the four signs of what was drawn. One block a problem.
template <class T>
struct PlaceDraw {
  static constexpr int threads = 128;
  struct Shared {};
  const int* active;
  int pair;
  Index n, p;
  const T *drawn_h, *drawn_m;
  T *h, *m;

  template <class Block>
  GENDEMOD_DEVICE void operator()(const Block& block, Shared&) const {
    const Index problem = block.index();
    if (active[problem] == 0) return;
    block.each([&](int t) {
      for (Index i = problem * n + t; i < (problem + 1) * n; i += threads) {
        h[i] = negates_h(pair) ? -drawn_h[i] : drawn_h[i];
      }
      for (Index i = problem * p + t; i < (problem + 1) * p; i += threads) {
        m[i] = negates_m(pair) ? -drawn_m[i] : drawn_m[i];
      }
    });
  }
};

/// Makes ||h|| = ||m|| and scales (h, m) to the exact minimiser of f along its ray, if that is not
/// 0; the problem is decided then. One block a problem; parts are those of CurvatureTerm at (w, x).
template <class T>
struct ScaleDraw {
  static constexpr int threads = 128;
  struct Shared {
    BlockSums<threads, 2> sums;
    BlockSums<threads> dot;
  };
  int* active;
  Index n, p, tiles;
  const double* parts;
  T *h, *m;

  template <class Block>
  GENDEMOD_DEVICE void operator()(const Block& block, Shared& shared) const {
    const Index problem = block.index();
    if (active[problem] == 0) return;
    sum_tiles(block, shared.sums, parts + problem * 2 * tiles, tiles);
    const double energy = shared.sums.totals[0], overlap = shared.sums.totals[1];
    const double a = overlap / energy;
    if (!(overlap > 0 && energy > 0 && a > 0)) return;  // inf / inf is NaN
    T *const own_h = h + problem * n, *const own_m = m + problem * p;
    const double norm_h = std::sqrt(dot(block, shared.dot, own_h, own_h, n));
    const double norm_m = std::sqrt(dot(block, shared.dot, own_m, own_m, p));
    const double length = std::sqrt(a * norm_h * norm_m);
    const T scale_h = static_cast<T>(length / norm_h), scale_m = static_cast<T>(length / norm_m);
    block.each([&](int t) {
      for (Index i = t; i < n; i += threads) own_h[i] *= scale_h;
      for (Index i = t; i < p; i += threads) own_m[i] *= scale_m;
      if (t == 0) active[problem] = 0;
    });
  }
};

/// How many problems are running: the word that comes back. One block.
struct CountRunning {
  static constexpr int threads = 256;
  struct Shared {
    int part[threads];
  };
  const Status* status;
  Index problems;
  int* out;

  template <class Block>
  GENDEMOD_DEVICE void operator()(const Block& block, Shared& shared) const {
    block.each([&](int t) {
      int count = 0;
      for (Index i = t; i < problems; i += threads) count += status[i] == Status::running ? 1 : 0;
      shared.part[t] = count;
    });
    block.each([&](int t) {
      if (t > 0) return;
      int count = 0;
      for (int i = 0; i < threads; ++i) count += shared.part[i];
      *out = count;
    });
  }
};

}  // namespace gendemod::cuda
