#pragma once

#include <cmath>

#include "batch_solver.hpp"
#include "sign_tiles.hpp"

/// How problems decide in Levenberg-Marquardt: one block a problem, of which thread 0 decides.
namespace gendemod::cuda {

/// Of the damping mu, in units of the mean square of the columns of J. Below the least one the
/// pivots of singular normal equations would be lost to rounding.
inline constexpr double first_damping = 1e-2;
inline constexpr double least_damping = 1e-14;
inline constexpr double most_damping = 1e30;

/// One of the two factors: rows of all problems.
template <class T>
struct MarquardtFactor {
  Index n;
  T* settled;   // h or m
  T* trial;     // where the pieces go
  int* turned;  // whether line 3 has negated it
};

/// What all kernels see; one entry a problem.
template <class T>
struct Marquardt {
  MarquardtFactor<T> h, m;
  Progress progress;
  double* damping;                // mu
  double* raise;                  // what a failed trial multiplies it by
  double* c;                      // (h, m) is (h / c, c m) of the pieces, by line 5
  double* length;                 // of the present step, relative
  double* along;                  // (h, -m), (problems, n + p)
  int* linearised;                // whether the Gram matrix is that of (h, m)
  int *running, *fresh, *turned;  // which iterate, linearise, have changed their signs

  /// copy(out, in) for all coordinates of a problem, in both factors.
  template <class Block, class Copy>
  GENDEMOD_DEVICE void for_each(const Block& block, Index problem, int threads, Copy copy) const {
    for (const MarquardtFactor<T>& z : {h, m}) {
      block.each([&](int t) {
        for (Index i = problem * z.n + t; i < (problem + 1) * z.n; i += threads) {
          copy(z.settled[i], z.trial[i]);
        }
      });
    }
  }
};

/// A problem that starts where its pieces stand, at the trial.
template <class T>
struct BeginMarquardt {
  static constexpr int threads = 128;
  struct Shared {};
  const int* fresh;
  Marquardt<T> a;

  template <class Block>
  GENDEMOD_DEVICE void operator()(const Block& block, Shared&) const {
    const Index problem = block.index();
    if (fresh[problem] == 0) return;
    a.for_each(block, problem, threads, [](T& settled, T trial) { settled = trial; });
    block.each([&](int t) {
      if (t > 0) return;
      const double f = a.progress.objective[problem];
      a.damping[problem] = first_damping;
      a.raise[problem] = 2;
      a.linearised[problem] = 0;
      a.progress.status[problem] = std::isfinite(f) ? Status::running : Status::diverged;
      a.progress.record(problem, 0, f);
    });
  }
};

/// Which problems work in this tick; one thread a problem.
template <class T>
struct AskMarquardt {
  static constexpr int threads = 128;
  struct Shared {};
  Index problems;
  Marquardt<T> a;

  template <class Block>
  GENDEMOD_DEVICE void operator()(const Block& block, Shared&) const {
    block.each([&](int t) {
      const Index problem = block.index() * threads + t;
      if (problem >= problems) return;
      const bool runs = a.progress.status[problem] == Status::running;
      a.running[problem] = runs ? 1 : 0;
      a.fresh[problem] = runs && a.linearised[problem] == 0 ? 1 : 0;
    });
  }
};

/// Line 3 of Algorithm 1: (h, m) <- the best of (+-h, +-m).
template <class T>
struct TurnSigns {
  static constexpr int threads = 128;
  struct Shared {};
  const int* best;  // (problems,): sign pairs
  Marquardt<T> a;

  template <class Block>
  GENDEMOD_DEVICE void operator()(const Block& block, Shared&) const {
    const Index problem = block.index();
    const int pair = a.fresh[problem] == 1 ? best[problem] : 0;
    turn(block, problem, a.h, negates_h(pair));
    turn(block, problem, a.m, negates_m(pair));
    block.each([&](int t) {
      if (t == 0) a.turned[problem] = pair != 0 ? 1 : 0;
    });
  }

 private:
  template <class Block>
  GENDEMOD_DEVICE static void turn(const Block& block, Index problem, const MarquardtFactor<T>& z,
                                   bool due) {
    block.each([&](int t) {
      if (t == 0) z.turned[problem] = due ? 1 : 0;
      for (Index i = problem * z.n + t; due && i < (problem + 1) * z.n; i += threads) {
        z.settled[i] = -z.settled[i];
      }
    });
  }
};

/// Line 5: (h, m) <- (h / c, c m) with ||h|| = ||m||. The pieces stay where they are.
template <class T>
struct Normalise {
  static constexpr int threads = 128;
  struct Shared {
    BlockSums<threads> dot;
    T c, inverse;
  };
  Marquardt<T> a;

  template <class Block>
  GENDEMOD_DEVICE void operator()(const Block& block, Shared& shared) const {
    const Index problem = block.index(), n = a.h.n, p = a.m.n;
    if (a.fresh[problem] == 0) return;
    T *const h = a.h.settled + problem * n, *const m = a.m.settled + problem * p;
    const double norm_h = std::sqrt(dot(block, shared.dot, h, h, n));
    const double norm_m = std::sqrt(dot(block, shared.dot, m, m, p));
    block.each([&](int t) {
      if (t > 0) return;
      const double c = std::sqrt(norm_h / norm_m);
      shared.c = std::isfinite(c) && c > 0 ? static_cast<T>(c) : T(1);
      shared.inverse = 1 / shared.c;
      a.c[problem] = static_cast<double>(shared.c);
    });
    block.each([&](int t) {
      double* const along = a.along + problem * (n + p);
      for (Index i = t; i < n; i += threads) {
        h[i] *= shared.inverse;
        along[i] = static_cast<double>(h[i]);
      }
      for (Index i = t; i < p; i += threads) {
        m[i] *= shared.c;
        along[n + i] = -static_cast<double>(m[i]);
      }
    });
  }
};

/// trial = (h, m) + d.
template <class T>
struct TakeStep {
  static constexpr int threads = 128;
  using Shared = BlockSums<threads, 2>;
  Marquardt<T> a;
  const double* steps;  // (problems, n + p)

  template <class Block>
  GENDEMOD_DEVICE void operator()(const Block& block, Shared& shared) const {
    const Index problem = block.index(), n = a.h.n, p = a.m.n;
    if (a.running[problem] == 0) return;
    const double* const d = steps + problem * (n + p);
    const double* const z = a.along + problem * (n + p);
    block_sums(block, shared, [&](int t, double* squares) {
      squares[0] = squares[1] = 0;
      for (Index i = t; i < n + p; i += threads) {
        squares[0] += d[i] * d[i];
        squares[1] += z[i] * z[i];
      }
    });
    block.each([&](int t) {
      if (t == 0) a.length[problem] = std::sqrt(shared.totals[0] / shared.totals[1]);
      for (Index i = t; i < n; i += threads) {
        a.h.trial[problem * n + i] = a.h.settled[problem * n + i] + static_cast<T>(d[i]);
      }
      for (Index i = t; i < p; i += threads) {
        a.m.trial[problem * p + i] = a.m.settled[problem * p + i] + static_cast<T>(d[n + i]);
      }
    });
  }
};

/// Keeps the trial if f falls, sets the damping by the gain ratio (Nielsen's rule), and ends the
/// run where a step is short, or where what it promises is lost in the rounding of f: at a
/// solution, or at a kink if the step is short because longer ones failed.
template <class T>
struct JudgeStep {
  static constexpr int threads = 128;
  struct Shared {
    BlockSums<threads, 2> sums;
    bool falls;
  };
  Marquardt<T> a;
  Index tiles;
  const double* parts;     // of SquareTerm at the trial
  const double* promised;  // (problems,)
  const int* solved;       // (problems,): 0: there is no step, for want of damping
  double epsilon;          // of T
  Stopping stopping;

  template <class Block>
  GENDEMOD_DEVICE void operator()(const Block& block, Shared& shared) const {
    const Index problem = block.index();
    if (a.running[problem] == 0) return;
    sum_tiles(block, shared.sums, parts + problem * 2 * tiles, tiles);
    const double f = shared.sums.totals[0] / 2, live = shared.sums.totals[1];
    block.each([&](int t) {
      if (t > 0) return;
      const double before = a.progress.objective[problem];
      const bool forced = a.damping[problem] > first_damping;
      shared.falls = solved[problem] == 1 && f < before;
      set_damping(problem, shared.falls, before - f);
      const Index k = a.progress.iteration[problem] + 1;
      a.progress.record(problem, k, shared.falls ? f : before);
      a.progress.status[problem] = judge(problem, k, shared.falls, forced, live);
      a.linearised[problem] = shared.falls ? 0 : 1;
    });
    if (!shared.falls) return;
    a.for_each(block, problem, threads, [](T& settled, T trial) { settled = trial; });
  }

 private:
  GENDEMOD_DEVICE void set_damping(Index problem, bool falls, double decrease) const {
    double &damping = a.damping[problem], &raise = a.raise[problem];
    if (falls) {
      const double gain = 2 * decrease / promised[problem] - 1;
      const double factor = 1 - gain * gain * gain;
      damping *= factor > 1.0 / 3 ? factor : 1.0 / 3;
      damping = damping > least_damping ? damping : least_damping;
      raise = 2;
    } else {
      damping *= raise;
      damping = damping < most_damping ? damping : most_damping;
      raise *= 2;
    }
  }

  GENDEMOD_DEVICE Status judge(Index problem, Index k, bool falls, bool forced, double live) const {
    const double f = a.progress.objective[problem], at_zero = a.progress.at_zero[problem];
    const double rounding = 16 * epsilon * std::sqrt(f * at_zero);
    const bool vanishes = !falls && !(promised[problem] > rounding);
    const bool ends = vanishes || a.length[problem] <= stopping.tolerance;
    if (stopping.tolerance > 0 && solved[problem] == 1 && ends) {
      if (live == 0 && !(at_zero - f > rounding)) return Status::stalled;
      if (vanishes || !forced) return Status::converged;
      return f > at_zero / 4 ? Status::stalled : Status::kink;
    }
    return k >= stopping.max_iterations ? Status::iteration_limit : Status::running;
  }
};

}  // namespace gendemod::cuda
