#include <limits>

#include "gram.hpp"
#include "in_turn.hpp"
#include "launch.hpp"
#include "levenberg_marquardt.hpp"
#include "piece_sums.hpp"

namespace gendemod::cuda {

template <class T>
LevenbergMarquardt<T>::LevenbergMarquardt(const Network<T>& g1, const Network<T>& g2,
                                          const Observations<T>& observations,
                                          const MarquardtSettings& settings, Queue& queue,
                                          Index slots)
    : Base(g1, g2, observations, queue, slots),
      stopping_{
          settings.stopping.max_iterations,
          attainable(settings.stopping.tolerance, std::numeric_limits<T>::epsilon()),
      },
      signs_(queue, this->model_, this->h_.pieces, this->m_.pieces),
      measure_(queue, this->model_, slots),
      equations_(queue, slots, g1.input_size() + g2.input_size(), this->model_.tiles()) {
  const auto count = static_cast<std::size_t>(slots);
  for (auto* numbers : {&damping_, &raise_, &c_, &length_}) *numbers = Array<double>(count);
  along_ = Array<double>(this->h_.settled.size() + this->m_.settled.size());
  parts_ = Array<double>(count * 2 * static_cast<std::size_t>(this->model_.tiles()));
  for (auto* words : {&linearised_, &running_, &fresh_, &turned_, &turned_h_, &turned_m_, &best_}) {
    *words = Array<int>(count);
  }
}

template <class T>
MarquardtFactor<T> LevenbergMarquardt<T>::view(const Side& side, const Array<int>& turned) const {
  return {side.pieces.piece(0).cols, side.settled.data(), side.latent.data(), turned.data()};
}

template <class T>
Marquardt<T> LevenbergMarquardt<T>::marquardt() const {
  return {view(this->h_, turned_h_),
          view(this->m_, turned_m_),
          this->progress(),
          damping_.data(),
          raise_.data(),
          c_.data(),
          length_.data(),
          along_.data(),
          linearised_.data(),
          running_.data(),
          fresh_.data(),
          turned_.data()};
}

template <class T>
void LevenbergMarquardt<T>::begin(const int* fresh) {
  launch(*this->queue_, this->slots_, BeginMarquardt<T>{fresh, marquardt()});
}

template <class T>
void LevenbergMarquardt<T>::tick() {
  Queue& queue = *this->queue_;
  const Index slots = this->slots_, tiles = this->model_.tiles();
  Side &h = this->h_, &m = this->m_;
  const int* const running = running_.data();
  const AskMarquardt<T> ask{slots, marquardt()};
  launch(queue, (slots + ask.threads - 1) / ask.threads, ask);
  linearise();
  equations_.solve(damping_.data(), along_.data(), running);
  launch(queue, slots, TakeStep<T>{marquardt(), equations_.steps()});
  h.pieces.move(h.latent.data(), running);
  m.pieces.move_along(m.latent.data(), nullptr, running,
                      SquareTerm<T>{this->model_, h.pieces.outputs()}, parts_.data());
  launch(queue, slots,
         JudgeStep<T>{marquardt(), tiles, parts_.data(), equations_.promised(), equations_.solved(),
                      std::numeric_limits<T>::epsilon(), stopping_});
}

/// What follows a trial that was kept, whose pieces stand there.
template <class T>
void LevenbergMarquardt<T>::linearise() {
  Queue& queue = *this->queue_;
  Side &h = this->h_, &m = this->m_;
  const T *w = h.pieces.outputs(), *x = m.pieces.outputs();
  double* const objective = this->objective_.data();
  const ChooseSigns choose =
      signs_.compare(h.settled.data(), m.settled.data(), objective, fresh_.data(), best_.data());
  launch(queue, this->slots_, InTurn{choose, TurnSigns<T>{best_.data(), marquardt()}});
  h.pieces.move(h.settled.data(), turned_h_.data());
  m.pieces.move(m.settled.data(), turned_m_.data());
  measure_.measure(w, x, turned_.data(), objective);
  launch(queue, this->slots_, Normalise<T>{marquardt()});
  equations_.form(
      Linearisation<T>{this->model_, h.pieces.piece(0), m.pieces.piece(0), h.pieces.piece_stride(),
                       m.pieces.piece_stride(), w, x, c_.data()},
      fresh_.data());
}

template class LevenbergMarquardt<float>;
template class LevenbergMarquardt<double>;

}  // namespace gendemod::cuda
