#include <algorithm>

#include "batch_solver.hpp"
#include "launch.hpp"
#include "start_kernels.hpp"

namespace gendemod::cuda {
namespace {

std::size_t count_of(Index a, Index b = 1) {
  return static_cast<std::size_t>(a * b);
}

}  // namespace

double attainable(double tolerance, double epsilon) {
  return tolerance > 0 && tolerance < 10 * epsilon ? 10 * epsilon : tolerance;
}

template <class T>
BatchSolver<T>::Side::Side(Queue& queue, const Network<T>& network, Index slots)
    : pieces(queue, network, slots),
      latent(count_of(slots, network.input_size())),
      settled(latent.size()),
      drawn(latent.size()) {
}

template <class T>
BatchSolver<T>::BatchSolver(const Network<T>& g1, const Network<T>& g2,
                            const Observations<T>& observations, Queue& queue, Index slots)
    : queue_(&queue),
      slots_(slots),
      model_(observations.model(nullptr)),
      h_(queue, g1, slots),
      m_(queue, g2, slots),
      step_scale_(count_of(slots)),
      objective_(count_of(slots)),
      at_zero_(count_of(slots)),
      observation_(count_of(slots)),
      measure_(queue, observations.model(observation_.data()), slots),
      status_(count_of(slots)),
      iteration_(count_of(slots)),
      history_(count_of(slots, kept_history)),
      fresh_(count_of(slots)),
      undecided_(count_of(slots)),
      running_(1),
      parts_(count_of(slots, 2 * model_.tiles())),
      observation_host_(count_of(slots)),
      step_scale_host_(count_of(slots)),
      seen_(count_of(slots)) {
  model_.observation = observation_.data();
  const std::vector<Status> idle(count_of(slots), Status::hopeless);
  status_.upload(queue, idle.data());
  iteration_.zero(queue);
  history_.zero(queue);
  queue.wait();
}

template <class T>
Progress BatchSolver<T>::progress() const {
  return {status_.data(), iteration_.data(), objective_.data(), at_zero_.data(), history_.data()};
}

template <class T>
void BatchSolver<T>::upload(const std::vector<Start>& starts) {
  const Index n = h_.pieces.piece(0).cols, p = m_.pieces.piece(0).cols;
  std::vector<T> drawn_h(h_.drawn.size()), drawn_m(m_.drawn.size());
  std::vector<int> fresh(count_of(slots_)), undecided(fresh);
  for (const Start& start : starts) {
    const auto slot = static_cast<std::size_t>(start.slot);
    std::copy(start.h.begin(), start.h.end(), drawn_h.begin() + start.slot * n);
    std::copy(start.m.begin(), start.m.end(), drawn_m.begin() + start.slot * p);
    fresh[slot] = 1;
    undecided[slot] = start.random ? 1 : 0;
    observation_host_[slot] = static_cast<int>(start.observation);
    step_scale_host_[slot] = start.step_scale;
    seen_[slot] = 0;
  }
  h_.drawn.upload(*queue_, drawn_h.data());
  m_.drawn.upload(*queue_, drawn_m.data());
  fresh_.upload(*queue_, fresh.data());
  undecided_.upload(*queue_, undecided.data());
  observation_.upload(*queue_, observation_host_.data());
  step_scale_.upload(*queue_, step_scale_host_.data());
  queue_->wait();
}

/// Tries the four signs in turn; where none leads anywhere the draw itself stays.
template <class T>
void BatchSolver<T>::scale_random_starts() {
  const Index n = h_.pieces.piece(0).cols, p = m_.pieces.piece(0).cols, tiles = model_.tiles();
  int* const active = undecided_.data();
  const auto place = [&](int pair, const int* problems) {
    launch(*queue_, slots_,
           PlaceDraw<T>{problems, pair, n, p, h_.drawn.data(), m_.drawn.data(), h_.latent.data(),
                        m_.latent.data()});
  };
  place(0, fresh_.data());
  for (int pair = 0; pair < 4; ++pair) {
    place(pair, active);
    h_.pieces.jump(h_.latent.data(), active);
    m_.pieces.jump(m_.latent.data(), active);
    launch(*queue_, slots_ * tiles,
           SumTerm<T, CurvatureTerm<T>>{active,
                                        model_.stride,
                                        m_.pieces.outputs(),
                                        {model_, h_.pieces.outputs()},
                                        parts_.data()});
    launch(*queue_, slots_,
           ScaleDraw<T>{active, n, p, tiles, parts_.data(), h_.latent.data(), m_.latent.data()});
  }
  place(0, active);
}

template <class T>
void BatchSolver<T>::start(const std::vector<Start>& starts) {
  if (starts.empty()) return;
  upload(starts);
  scale_random_starts();
  h_.pieces.jump(h_.latent.data(), fresh_.data());
  m_.pieces.jump(m_.latent.data(), fresh_.data());
  measure_.measure(nullptr, nullptr, fresh_.data(), at_zero_.data());
  measure_.measure(h_.pieces.outputs(), m_.pieces.outputs(), fresh_.data(), objective_.data());
  begin(fresh_.data());
}

template <class T>
Index BatchSolver<T>::run() {
  if (!ticks_recorded_) {
    ticks_recorded_ = std::make_shared<Graph>(queue_->record([&] {
      for (Index k = 0; k < ticks_at_a_time; ++k) tick();
      launch(*queue_, 1, CountRunning{status_.data(), slots_, running_.data()});
    }));
  }
  queue_->run(*ticks_recorded_);
  ticks_ += ticks_at_a_time;
  int running = 0;
  running_.download(*queue_, &running);
  return running;
}

template <class T>
void BatchSolver<T>::end(Index slot, Status status) {
  queue_->upload(&status, status_.data() + slot, sizeof(status));
  queue_->wait();
}

template <class T>
typename BatchSolver<T>::News BatchSolver<T>::news() {
  News out{std::vector<Status>(count_of(slots_)),
           std::vector<std::vector<double>>(count_of(slots_))};
  std::vector<Index> iteration(count_of(slots_));
  std::vector<double> kept(history_.size());
  status_.download(*queue_, out.status.data());
  iteration_.download(*queue_, iteration.data());
  history_.download(*queue_, kept.data());
  for (std::size_t i = 0; i < seen_.size(); ++i) {
    for (; seen_[i] <= iteration[i]; ++seen_[i]) {
      out.history[i].push_back(
          kept[i * count_of(kept_history) + count_of(seen_[i] % kept_history)]);
    }
  }
  ticks_ = 0;
  return out;
}

template <class T>
void BatchSolver<T>::settled(std::vector<T>& h_out, std::vector<T>& m_out) {
  h_out.resize(h_.settled.size());
  m_out.resize(m_.settled.size());
  h_.settled.download(*queue_, h_out.data());
  m_.settled.download(*queue_, m_out.data());
}

template class BatchSolver<float>;
template class BatchSolver<double>;

}  // namespace gendemod::cuda
