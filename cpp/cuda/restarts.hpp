#pragma once

#include <limits>

#include "alternating_descent.hpp"
#include "levenberg_marquardt.hpp"

namespace gendemod::cuda {

/// What is observed, on the host: `batch` problems that share their networks.
template <class T>
struct Batch {
  Index size;
  const T* y;  // (batch, ell)
  const T* v;  // (v_count, ell), v_count 0 (all 1), 1 (one for all) or batch
  Index v_count;
  const T *h, *m;            // (batch, n) and (batch, p): where to start, or null: at random
  const double* step_scale;  // (batch,): what a step size is multiplied by
};

/// How often each problem is started; as on the CPU.
struct RestartPlan {
  Index chains, starts_per_chain;
  /// Numbers of N(0, 1), a function of (problem, number) alone.
  std::function<void(Index problem, Index number, Index count, double* out)> draw;
};

/// The best of the starts of a chain or a problem.
template <class T>
struct Outcome {
  std::vector<T> h, m;
  double objective = std::numeric_limits<double>::infinity();
  Status status = Status::running;
  Index restarts = 0;           // starts that were run
  std::vector<double> history;  // of the start that was kept
};

/// Solves a batch on the device. Chains fill the slots of a solver, as many as the memory holds,
/// and a slot whose chain has ended takes the next. What is kept of a problem, and when later
/// chains are cut, is as on the CPU.
template <class Solver>
class Restarts {
 public:
  using T = typename Solver::Scalar;

  /// Copies y and v to the device; h, m and step_scale must outlive this.
  Restarts(const Network<T>& g1, const Network<T>& g2, const Batch<T>& batch,
           const typename Solver::Settings& settings, const RestartPlan& plan);

  /// Works for about this long; true when all is done.
  bool run(double seconds);
  /// Ends what is not done where it stands, with Status::time_limit.
  void stop();

  Index chains_done() const { return done_; }
  Index chains_total() const { return static_cast<Index>(outcomes_.size()); }
  /// The chain that is kept. restarts counts the starts of all chains that were not cut.
  Outcome<T> best(Index problem) const;
  /// f at w * x = 0.
  double objective_at_zero(Index problem) const {
    return sights_[static_cast<std::size_t>(problem)].at_zero;
  }

 private:
  struct Slot {
    Index chain = -1;    // none
    Index start = 0;     // of the chain
    bool waits = false;  // to be started
    std::vector<double> history;
  };
  using Start = typename Solver::Start;

  Index problem_of(Index chain) const { return chain / plan_.chains; }
  bool is_cut(Index chain) const;
  bool give_chain(Slot& slot);
  Start first_point(Index slot) const;
  void fill();
  void harvest(bool stop);
  void finish(Slot& slot, Outcome<T> outcome);
  void record(Index chain, Outcome<T> outcome);
  void record_hopeless(Index chain);
  void balance(Outcome<T>& outcome) const;

  Index n_, p_;
  Batch<T> batch_;
  typename Solver::Settings settings_;
  RestartPlan plan_;
  double tolerance_;
  std::vector<Outcome<T>> outcomes_;  // one a chain
  std::vector<Index> fits_;           // one a problem: its first chain that fits
  std::vector<Slot> slots_;
  Queue queue_;
  Observations<T> observations_;
  std::vector<typename Observations<T>::Sight> sights_;
  std::unique_ptr<Solver> solver_;
  Index next_ = 0, done_ = 0, running_ = 0;
};

}  // namespace gendemod::cuda
