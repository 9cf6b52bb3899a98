#include "gendemod/restarts.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "gendemod/parallel.hpp"

namespace gendemod {
namespace {

using Clock = std::chrono::steady_clock;

/// A row of a matrix with one row a problem, with one row for all, or with none.
template <class T>
VectorView<T> row_for(const RowMajorView<T>& rows, Index problem) {
  if (rows.rows() == 0) return {nullptr, 0};
  return {rows.data() + (rows.rows() == 1 ? 0 : problem) * rows.cols(), rows.cols()};
}

/// A run that converged with a relative residual of this many tolerances fits y.
constexpr double fit = 16;

/// A run that converged farther from y than this relative residual found another critical point.
constexpr double near = 0.5;

/// Rows from which the threads of a single problem share its products.
constexpr Index rows_worth_sharing = 100000;

/// A NaN counts as the largest of all numbers.
bool lower(double a, double b) {
  return a < b || (std::isnan(b) && !std::isnan(a));
}

}  // namespace

template <class Solver>
Restarts<Solver>::Restarts(const Observations<T>& observations,
                           const typename Solver::Settings& settings, const RestartPlan& plan,
                           int threads)
    : observations_(observations), settings_(settings), plan_(plan) {
  const Index chains = observations.y.rows() * plan.chains;
  const bool large = observations.y.cols() >= rows_worth_sharing;
  threads_within_ = chains == 1 && large ? resolve_threads(threads) : 1;
  outcomes_.resize(static_cast<std::size_t>(chains));
  fits_ = std::vector<std::atomic<Index>>(static_cast<std::size_t>(observations.y.rows()));
  for (auto& fit : fits_) fit = chains;
  slots_.resize(static_cast<std::size_t>(
      std::min<Index>(resolve_threads(threads), std::max<Index>(chains, 1))));
}

template <class Solver>
bool Restarts<Solver>::is_cut(Index chain) const {
  return fits_[static_cast<std::size_t>(chain / plan_.chains)] < chain;
}

template <class Solver>
void Restarts<Solver>::note_fit(Index chain) {
  auto& first = fits_[static_cast<std::size_t>(chain / plan_.chains)];
  Index known = first;
  while (chain < known && !first.compare_exchange_weak(known, chain)) continue;
}

template <class Solver>
ProductModel<typename Restarts<Solver>::T> Restarts<Solver>::model_of(Index problem) const {
  return ProductModel<T>(*observations_.g1, *observations_.g2, row_for(observations_.y, problem),
                         row_for(observations_.v, problem));
}

template <class Solver>
std::unique_ptr<typename Restarts<Solver>::Run> Restarts<Solver>::begin(Index chain) const {
  const Index problem = chain / plan_.chains;
  const double scale = observations_.step_scale[problem];
  return std::make_unique<Run>(chain, model_of(problem), settings_.scaled(scale), threads_within_);
}

template <class Solver>
void Restarts<Solver>::first_point(const ProductModel<T>& model, Index chain, Index start,
                                   Vector<T>& h_out, Vector<T>& m_out) const {
  const Index problem = chain / plan_.chains;
  if (observations_.h.rows() > 0) {
    h_out = row_for(observations_.h, problem);
    m_out = row_for(observations_.m, problem);
  } else {
    const Index restart = (chain % plan_.chains) * plan_.starts_per_chain + start;
    random_start(model, plan_.seed, problem, restart, h_out, m_out);
  }
}

template <class Solver>
void Restarts<Solver>::start(Run& run) const {
  Vector<T> h, m;
  first_point(run.model, run.chain, run.start, h, m);
  run.solver.start(h, m);
}

/// The end of a chain whose observation w * x = 0 fits best.
template <class Solver>
void Restarts<Solver>::record_hopeless(Index chain, const ProductModel<T>& model) {
  const double f = model.objective_at_zero();
  record(chain, {Vector<T>::Zero(model.g1().input_size()),
                 Vector<T>::Zero(model.g2().input_size()),
                 f,
                 Status::hopeless,
                 0,
                 {f}});
}

template <class Solver>
void Restarts<Solver>::record(Index chain, Outcome<T> outcome) {
  Outcome<T>& kept = outcomes_[static_cast<std::size_t>(chain)];
  outcome.restarts = kept.restarts + 1;
  if (kept.restarts == 0 || lower(outcome.objective, kept.objective)) {
    kept = std::move(outcome);
  } else {
    kept.restarts = outcome.restarts;
  }
}

/// Line 5 of Algorithm 1.
template <class Solver>
void Restarts<Solver>::balance(Outcome<T>& outcome) const {
  if (!settings_.balance) return;
  const double c = balance_factor(outcome.h, outcome.m);
  outcome.h *= static_cast<T>(1 / c);
  outcome.m *= static_cast<T>(c);
}

template <class Solver>
bool Restarts<Solver>::harvest(Run& run, Status status) {
  Outcome<T> outcome;
  outcome.h = run.solver.h();
  outcome.m = run.solver.m();
  balance(outcome);
  outcome.status = status;
  outcome.history = run.solver.history();
  outcome.objective = outcome.history.back();
  const double residual = std::sqrt(outcome.objective / run.model.objective_at_zero());
  const double small = fit * attainable<T>(settings_.stopping.tolerance);
  if (status == Status::converged && residual <= small) note_fit(run.chain);
  record(run.chain, std::move(outcome));
  ++run.start;
  const bool found = status == Status::converged && residual <= near;
  const bool more = !found && status != Status::time_limit && run.start < plan_.starts_per_chain;
  if (!more) ++done_;
  return more;
}

template <class Solver>
bool Restarts<Solver>::run(double seconds) {
  const auto deadline = Clock::now() + std::chrono::duration_cast<Clock::duration>(
                                           std::chrono::duration<double>(seconds));
  parallel_workers(static_cast<int>(slots_.size()), [&](int worker) {
    auto& slot = slots_[static_cast<std::size_t>(worker)];
    do {
      if (!slot) {
        const Index chain = next_++;
        if (chain >= chains_total()) return;
        if (is_cut(chain)) {
          ++done_;
          continue;
        }
        slot = begin(chain);
        if (!slot->model.has_signal()) {
          record_hopeless(chain, slot->model);
          ++done_;
          slot.reset();
          continue;
        }
        start(*slot);
      }
      if (is_cut(slot->chain)) {
        slot.reset();
        ++done_;
      } else if (slot->solver.status() != Status::running ||
                 slot->solver.run(1) != Status::running) {
        if (harvest(*slot, slot->solver.status())) {
          start(*slot);
        } else {
          slot.reset();
        }
      }
    } while (Clock::now() < deadline);
  });
  return done_ == chains_total();
}

template <class Solver>
void Restarts<Solver>::stop() {
  for (auto& slot : slots_) {
    if (slot) harvest(*slot, Status::time_limit);
    slot.reset();
  }
  // A problem that was never begun ends where it would have started.
  const Index first = std::min(next_.exchange(chains_total()), chains_total());
  parallel_for(chains_total() - first, static_cast<int>(slots_.size()), [&](Index i) {
    const Index chain = first + i;
    ++done_;
    if (chain % plan_.chains != 0) return;
    const auto model = model_of(chain / plan_.chains);
    if (!model.has_signal()) {
      record_hopeless(chain, model);
    } else {
      Outcome<T> outcome;
      first_point(model, chain, 0, outcome.h, outcome.m);
      NetworkPass<T> pass_h(model.g1()), pass_m(model.g2());
      pass_h.forward(outcome.h);
      pass_m.forward(outcome.m);
      outcome.objective = model.objective(pass_h.output(), pass_m.output());
      balance(outcome);
      outcome.history = {outcome.objective};
      outcome.status = Status::time_limit;
      record(chain, std::move(outcome));
    }
  });
}

template <class Solver>
Outcome<typename Restarts<Solver>::T> Restarts<Solver>::best(Index problem) const {
  const auto first = outcomes_.begin() + problem * plan_.chains;
  const Index fit = fits_[static_cast<std::size_t>(problem)] - problem * plan_.chains;
  const auto last = first + std::min(plan_.chains, fit + 1);
  // A chain that was never begun has no point to return.
  const auto better = [](const auto& a, const auto& b) {
    if (a.restarts == 0 || b.restarts == 0) return a.restarts > 0;
    return lower(a.objective, b.objective);
  };
  Outcome<T> best = fit < plan_.chains ? first[fit] : *std::min_element(first, last, better);
  best.restarts = 0;
  for (auto chain = first; chain != last; ++chain) best.restarts += chain->restarts;
  return best;
}

template <class Solver>
double Restarts<Solver>::objective_at_zero(Index problem) const {
  return model_of(problem).objective_at_zero();
}

template class Restarts<AlternatingDescent<float>>;
template class Restarts<AlternatingDescent<double>>;
template class Restarts<LevenbergMarquardt<float>>;
template class Restarts<LevenbergMarquardt<double>>;

}  // namespace gendemod
