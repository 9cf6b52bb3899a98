#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "gendemod/alternating_descent.hpp"
#include "gendemod/levenberg_marquardt.hpp"

namespace gendemod {

/// What is observed: `batch` problems that share their networks. The memory is the caller's.
template <class T>
struct Observations {
  const ReLUNetwork<T>* g1;
  const ReLUNetwork<T>* g2;
  RowMajorView<T> y;              // (batch, ell)
  RowMajorView<T> v;              // (batch, ell), or (1, ell) for all, or no rows: 1
  RowMajorView<T> h;              // (batch, n): where to start; no rows: at random
  RowMajorView<T> m;              // (batch, p)
  VectorView<double> step_scale;  // (batch,): what a step size is multiplied by
};

/// How often each problem is started. A chain tries its starts one after the other until one
/// converges; the chains of a problem are independent.
struct RestartPlan {
  Index chains;            // per problem
  Index starts_per_chain;  // restarts = r: r chains of one; "auto": one chain of 8
  std::uint64_t seed;
};

/// The best of the starts of a chain or a problem.
template <class T>
struct Outcome {
  Vector<T> h, m;
  double objective = std::numeric_limits<double>::infinity();
  Status status = Status::running;
  Index restarts = 0;           // starts that were run
  std::vector<double> history;  // of the start that was kept
};

/// Solves a batch, parallel over problems and chains. A chain runs on one thread from its
/// beginning to its end (the threads of a single large problem share its products), so that no
/// result depends on the number of threads; memory grows with the threads, not with the batch, but
/// for the outcomes.
///
/// What is kept of a problem is its first chain that fits y, or else its lowest objective. Once a
/// chain fits, the later ones of its problem cannot change that, and are cut wherever they are.
template <class Solver>
class Restarts {
 public:
  using T = typename Solver::Scalar;

  Restarts(const Observations<T>& observations, const typename Solver::Settings& settings,
           const RestartPlan& plan, int threads);

  /// Works for about this long (each thread ends its current iteration); true when all is done.
  bool run(double seconds);
  /// Ends what is not done where it stands, with Status::time_limit.
  void stop();

  Index chains_done() const { return done_; }
  Index chains_total() const { return static_cast<Index>(outcomes_.size()); }
  /// The chain that is kept. restarts counts the starts of all chains that were not cut.
  Outcome<T> best(Index problem) const;
  /// f at w * x = 0.
  double objective_at_zero(Index problem) const;

 private:
  /// A chain at work on one thread.
  struct Run {
    Run(Index chain_index, ProductModel<T> problem_model, const typename Solver::Settings& settings,
        int threads)
        : chain(chain_index), model(std::move(problem_model)), solver(model, settings, threads) {}
    Index chain;
    Index start = 0;
    ProductModel<T> model;
    Solver solver;
  };

  /// Whether an earlier chain of the same problem fits.
  bool is_cut(Index chain) const;
  void note_fit(Index chain);

  ProductModel<T> model_of(Index problem) const;
  std::unique_ptr<Run> begin(Index chain) const;
  void first_point(const ProductModel<T>& model, Index chain, Index start, Vector<T>& h_out,
                   Vector<T>& m_out) const;
  void record_hopeless(Index chain, const ProductModel<T>& model);
  void start(Run& run) const;
  /// Records what a run reached and starts it anew if its chain goes on; false where it ends.
  bool harvest(Run& run, Status status);
  void record(Index chain, Outcome<T> outcome);
  void balance(Outcome<T>& outcome) const;

  Observations<T> observations_;
  typename Solver::Settings settings_;
  RestartPlan plan_;
  std::vector<Outcome<T>> outcomes_;         // one a chain
  std::vector<std::atomic<Index>> fits_;     // one a problem: its first chain that fits
  std::vector<std::unique_ptr<Run>> slots_;  // one a thread
  int threads_within_;                       // that share the products of one run
  std::atomic<Index> next_{0};
  std::atomic<Index> done_{0};
};

}  // namespace gendemod
