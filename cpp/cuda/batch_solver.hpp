#pragma once

#include "pieces.hpp"
#include "product_model.hpp"
#include "solver.hpp"

namespace gendemod::cuda {

/// Iterations whose objectives the device keeps until the host takes them.
inline constexpr Index kept_history = 256;

/// Steps of a solver that are launched at a time.
inline constexpr Index ticks_at_a_time = 8;

/// The tolerance that T can resolve: at least ten units of its last place, 0 for 0.
double attainable(double tolerance, double epsilon);

/// What all problems of a solver tell: one entry a problem. As kernels see it.
struct Progress {
  Status* status;
  Index* iteration;
  double* objective;  // at the settled latents
  double* at_zero;    // f at w * x = 0
  double* history;    // (problems, kept_history): the objective of iteration k at k % kept_history

  GENDEMOD_DEVICE void record(Index problem, Index k, double f) const {
    iteration[problem] = k;
    objective[problem] = f;
    history[problem * kept_history + k % kept_history] = f;
  }
};

/// A solver of many problems at once, each in a slot. It is a state that goes on in ticks: a fixed
/// sequence of kernels, in each of which every problem that runs does what is its turn. Ticks are
/// recorded once, and after a few of them one word comes back to the host.
template <class T>
class BatchSolver {
 public:
  using Scalar = T;

  /// What a slot begins with.
  struct Start {
    Index slot, observation;
    std::vector<T> h, m;
    bool random;        // a draw, to be scaled to the exact minimiser along its ray
    double step_scale;  // what a step size is multiplied by
  };

  BatchSolver(const Network<T>& g1, const Network<T>& g2, const Observations<T>& observations,
              Queue& queue, Index slots);
  virtual ~BatchSolver() = default;

  /// What a slot takes beyond its pieces and some vectors; a solver that takes more says so.
  static double own_bytes(const Network<T>&, const Network<T>&) { return 0; }
  Index slots() const { return slots_; }
  /// Fills slots, which forget what they held.
  void start(const std::vector<Start>& starts);
  /// A few more ticks. Returns the number of problems that are still running.
  Index run();
  /// Ends a slot.
  void end(Index slot, Status status);

  /// How the slots stand since the last call: statuses, and objectives of iterations.
  struct News {
    std::vector<Status> status;
    std::vector<std::vector<double>> history;  // what is new of each slot
  };
  News news();
  /// Where the last iterations of all slots ended: (slots, n) and (slots, p).
  void settled(std::vector<T>& h_out, std::vector<T>& m_out);
  /// Whether news() must be asked for before the next run().
  bool is_full() const { return ticks_ + ticks_at_a_time >= kept_history; }

 protected:
  /// One of the two factors of the products.
  struct Side {
    Side(Queue& queue, const Network<T>& network, Index slots);
    Pieces<T> pieces;
    Array<T> latent;   // (slots, n): where the pieces stand when an iteration begins
    Array<T> settled;  // (slots, n): where the last iteration ended
    Array<T> drawn;    // (slots, n)
  };

  /// Launches what makes fresh (slots,) problems ready: the pieces stand at their latents; sets
  /// status, iteration 0 with its objective, and settled latents.
  virtual void begin(const int* fresh) = 0;
  /// Launches one step of all problems.
  virtual void tick() = 0;
  Progress progress() const;

  Queue* queue_;
  Index slots_;
  ProductModel<T> model_;
  Side h_, m_;
  Array<double> step_scale_;  // (slots,)
  Array<double> objective_, at_zero_;

 private:
  void upload(const std::vector<Start>& starts);
  void scale_random_starts();

  Array<int> observation_;
  Objective<T> measure_;
  Array<Status> status_;
  Array<Index> iteration_;
  Array<double> history_;
  Array<int> fresh_, undecided_, running_;
  Array<double> parts_;
  std::vector<int> observation_host_;
  std::vector<double> step_scale_host_;
  std::vector<Index> seen_;  // iterations whose objectives were taken
  std::shared_ptr<Graph> ticks_recorded_;
  Index ticks_ = 0;  // since the last news
};

}  // namespace gendemod::cuda
