#include <algorithm>
#include <chrono>
#include <cmath>

#include "restarts.hpp"

namespace gendemod::cuda {
namespace {

using Clock = std::chrono::steady_clock;

/// A run that converged with a relative residual of this many tolerances fits y.
constexpr double fit = 16;

/// A run that converged farther from y than this relative residual found another critical point.
constexpr double near = 0.5;

/// A NaN counts as the largest of all numbers.
bool lower(double a, double b) {
  return a < b || (std::isnan(b) && !std::isnan(a));
}

template <class T>
double norm(const std::vector<T>& z) {
  double sum = 0;
  for (const T entry : z) sum += static_cast<double>(entry) * static_cast<double>(entry);
  return std::sqrt(sum);
}

/// How many slots the free memory holds beside the observations, of which a tenth is left. Throws
/// OutOfMemory if it holds none.
template <class Solver, class T>
Index slots_for(const Network<T>& g1, const Network<T>& g2, const Batch<T>& batch, Index chains) {
  const auto row = static_cast<double>(g1.layer(g1.depth() - 1).padded_rows());
  double fixed = static_cast<double>(batch.size + batch.v_count) * row * sizeof(T);
  double slot = Solver::own_bytes(g1, g2) + 8.0 * kept_history + 1024;
  for (const Network<T>* network : {&g1, &g2}) {
    const auto n = static_cast<double>(network->input_size());
    for (Index i = 0; i < network->depth(); ++i) {
      const auto rows = static_cast<double>(network->layer(i).padded_rows());
      const double piece = i > 0 ? rows * n : 0.0;
      slot += (piece + 8 * rows) * static_cast<double>(sizeof(T));
      if (i + 1 == network->depth()) fixed += piece * static_cast<double>(sizeof(T));
    }
    slot += 64 * n + 8 * n * static_cast<double>(network->layer(network->depth() - 1).count());
  }
  if (chains == 0) return 0;
  require(static_cast<std::size_t>(fixed + slot));
  const double most = (0.9 * static_cast<double>(free_bytes()) - fixed) / slot;
  return std::clamp<Index>(static_cast<Index>(most), 1, chains);
}

}  // namespace

template <class Solver>
Restarts<Solver>::Restarts(const Network<T>& g1, const Network<T>& g2, const Batch<T>& batch,
                           const typename Solver::Settings& settings, const RestartPlan& plan)
    : n_(g1.input_size()),
      p_(g2.input_size()),
      batch_(batch),
      settings_(settings),
      plan_(plan),
      tolerance_(attainable(settings.stopping.tolerance,
                            static_cast<double>(std::numeric_limits<T>::epsilon()))),
      outcomes_(static_cast<std::size_t>(batch.size * plan.chains)),
      fits_(static_cast<std::size_t>(batch.size), batch.size * plan.chains),
      slots_(static_cast<std::size_t>(slots_for<Solver>(g1, g2, batch, chains_total()))),
      observations_(queue_, batch.y, batch.size, batch.v, batch.v_count, g1.output_size()) {
  if (outcomes_.empty()) return;
  sights_ = observations_.sights(queue_);
  solver_ = std::make_unique<Solver>(g1, g2, observations_, settings, queue_,
                                     static_cast<Index>(slots_.size()));
}

template <class Solver>
bool Restarts<Solver>::is_cut(Index chain) const {
  return fits_[static_cast<std::size_t>(problem_of(chain))] < chain;
}

/// Gives a slot the next chain that is worth running; false if there is none.
template <class Solver>
bool Restarts<Solver>::give_chain(Slot& slot) {
  while (next_ < chains_total()) {
    const Index chain = next_++;
    if (is_cut(chain)) {
      ++done_;
    } else if (sights_[static_cast<std::size_t>(problem_of(chain))].signals == 0) {
      record_hopeless(chain);
      ++done_;
    } else {
      slot = Slot{chain, 0, true, {}};
      return true;
    }
  }
  return false;
}

template <class Solver>
typename Restarts<Solver>::Start Restarts<Solver>::first_point(Index index) const {
  const Slot& slot = slots_[static_cast<std::size_t>(index)];
  const Index problem = problem_of(slot.chain);
  Start out{index, problem, {}, {}, batch_.h == nullptr, batch_.step_scale[problem]};
  if (batch_.h != nullptr) {
    out.h.assign(batch_.h + problem * n_, batch_.h + (problem + 1) * n_);
    out.m.assign(batch_.m + problem * p_, batch_.m + (problem + 1) * p_);
    return out;
  }
  const Index restart = slot.chain % plan_.chains * plan_.starts_per_chain + slot.start;
  std::vector<double> normal(static_cast<std::size_t>(std::max(n_, p_)));
  plan_.draw(problem, 2 * restart, n_, normal.data());
  for (Index i = 0; i < n_; ++i)
    out.h.push_back(static_cast<T>(normal[static_cast<std::size_t>(i)]));
  plan_.draw(problem, 2 * restart + 1, p_, normal.data());
  for (Index i = 0; i < p_; ++i)
    out.m.push_back(static_cast<T>(normal[static_cast<std::size_t>(i)]));
  return out;
}

template <class Solver>
void Restarts<Solver>::fill() {
  std::vector<Start> starts;
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    Slot& slot = slots_[i];
    if (slot.chain < 0 && !give_chain(slot)) continue;
    if (!slot.waits) continue;
    slot.waits = false;
    starts.push_back(first_point(static_cast<Index>(i)));
  }
  solver_->start(starts);
  running_ += static_cast<Index>(starts.size());
}

template <class Solver>
bool Restarts<Solver>::run(double seconds) {
  const auto deadline = Clock::now() + std::chrono::duration_cast<Clock::duration>(
                                           std::chrono::duration<double>(seconds));
  while (done_ < chains_total()) {
    fill();
    if (running_ > 0) {
      const Index running = solver_->run();
      if (running < running_ || solver_->is_full()) harvest(false);
    }
    if (Clock::now() >= deadline) break;
  }
  return done_ == chains_total();
}

/// Takes what the solver has reached; with `stop` everything ends where it stands.
template <class Solver>
void Restarts<Solver>::harvest(bool stop) {
  auto news = solver_->news();
  std::vector<T> h, m;
  solver_->settled(h, m);
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    Slot& slot = slots_[i];
    if (slot.chain < 0 || slot.waits) continue;
    slot.history.insert(slot.history.end(), news.history[i].begin(), news.history[i].end());
    if (!stop && news.status[i] == Status::running) continue;
    const auto from = static_cast<Index>(i);
    Outcome<T> outcome;
    outcome.h.assign(h.begin() + from * n_, h.begin() + (from + 1) * n_);
    outcome.m.assign(m.begin() + from * p_, m.begin() + (from + 1) * p_);
    outcome.status = stop ? Status::time_limit : news.status[i];
    --running_;
    finish(slot, std::move(outcome));
  }
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    Slot& slot = slots_[i];
    if (slot.chain < 0 || !is_cut(slot.chain)) continue;
    if (!slot.waits) {
      solver_->end(static_cast<Index>(i), Status::hopeless);
      --running_;
    }
    slot = Slot{};
    ++done_;
  }
}

/// Records what a run reached; its chain goes on with another start, or ends.
template <class Solver>
void Restarts<Solver>::finish(Slot& slot, Outcome<T> outcome) {
  const Index problem = problem_of(slot.chain);
  const Status status = outcome.status;
  balance(outcome);
  outcome.history = std::move(slot.history);
  outcome.objective = outcome.history.back();
  slot.history.clear();
  const double residual = std::sqrt(outcome.objective / objective_at_zero(problem));
  if (status == Status::converged && residual <= fit * tolerance_) {
    Index& first = fits_[static_cast<std::size_t>(problem)];
    first = std::min(first, slot.chain);
  }
  record(slot.chain, std::move(outcome));
  ++slot.start;
  const bool found = status == Status::converged && residual <= near;
  slot.waits = !found && status != Status::time_limit && slot.start < plan_.starts_per_chain;
  if (slot.waits) return;
  slot = Slot{};
  ++done_;
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

/// The end of a chain whose observation w * x = 0 fits best.
template <class Solver>
void Restarts<Solver>::record_hopeless(Index chain) {
  const double f = objective_at_zero(problem_of(chain));
  record(chain, {std::vector<T>(static_cast<std::size_t>(n_)),
                 std::vector<T>(static_cast<std::size_t>(p_)),
                 f,
                 Status::hopeless,
                 0,
                 {f}});
}

/// Line 5 of Algorithm 1.
template <class Solver>
void Restarts<Solver>::balance(Outcome<T>& outcome) const {
  if (!settings_.balance) return;
  const double c = std::sqrt(norm(outcome.h) / norm(outcome.m));
  if (!(std::isfinite(c) && c > 0)) return;
  for (T& entry : outcome.h) entry *= static_cast<T>(1 / c);
  for (T& entry : outcome.m) entry *= static_cast<T>(c);
}

template <class Solver>
void Restarts<Solver>::stop() {
  if (running_ > 0) harvest(true);
  for (Slot& slot : slots_) {
    if (slot.chain >= 0) ++done_;  // its next start has not begun
    slot = Slot{};
  }
  // A problem that was never begun ends where it would have started.
  while (next_ < chains_total()) {
    for (Slot& slot : slots_) {
      while (slot.chain < 0 && give_chain(slot)) {
        if (slot.chain % plan_.chains == 0) break;
        slot = Slot{};
        ++done_;
      }
    }
    fill();
    if (running_ > 0) harvest(true);
  }
}

template <class Solver>
Outcome<typename Restarts<Solver>::T> Restarts<Solver>::best(Index problem) const {
  const auto first = outcomes_.begin() + problem * plan_.chains;
  const Index fits = fits_[static_cast<std::size_t>(problem)] - problem * plan_.chains;
  const auto last = first + std::min(plan_.chains, fits + 1);
  // A chain that was never begun has no point to return.
  const auto better = [](const auto& a, const auto& b) {
    if (a.restarts == 0 || b.restarts == 0) return a.restarts > 0;
    return lower(a.objective, b.objective);
  };
  Outcome<T> best = fits < plan_.chains ? first[fits] : *std::min_element(first, last, better);
  best.restarts = 0;
  for (auto chain = first; chain != last; ++chain) best.restarts += chain->restarts;
  return best;
}

template class Restarts<AlternatingDescent<float>>;
template class Restarts<AlternatingDescent<double>>;
template class Restarts<LevenbergMarquardt<float>>;
template class Restarts<LevenbergMarquardt<double>>;

}  // namespace gendemod::cuda
