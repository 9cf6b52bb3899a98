#include <limits>

#include "alternating_descent.hpp"
#include "descent_aim.hpp"
#include "descent_begin.hpp"
#include "descent_decide.hpp"
#include "descent_step.hpp"
#include "in_turn.hpp"
#include "launch.hpp"
#include "piece_sums.hpp"

namespace gendemod::cuda {

template <class T>
AlternatingDescent<T>::Factor::Factor(std::size_t size)
    : trial(size), gradient(size), direction(size), sums(size) {
}

template <class T>
AlternatingDescent<T>::AlternatingDescent(const Network<T>& g1, const Network<T>& g2,
                                          const Observations<T>& observations,
                                          const DescentSettings& settings, Queue& queue,
                                          Index slots)
    : Base(g1, g2, observations, queue, slots),
      settings_(settings),
      tolerance_(attainable(settings.stopping.tolerance,
                            static_cast<double>(std::numeric_limits<T>::epsilon()))),
      own_h_(this->h_.latent.size()),
      own_m_(this->m_.latent.size()),
      states_(static_cast<std::size_t>(slots)),
      active_(states_.size()),
      best_(states_.size()),
      slide_(states_.size()),
      scale_(states_.size()),
      parts_(static_cast<std::size_t>(slots * 2 * this->model_.tiles())) {
  states_.zero(queue);
  active_.zero(queue);
  if (settings.sign_check == 0) return;
  signs_ = std::make_unique<FourSigns<T>>(queue, this->model_, this->h_.pieces, this->m_.pieces);
}

template <class T>
DescentFactor<T> AlternatingDescent<T>::view(const Side& side, const Factor& factor) const {
  return {side.pieces.piece(0).cols, side.latent.data(),     side.settled.data(),
          factor.trial.data(),       factor.gradient.data(), factor.direction.data(),
          factor.sums.data()};
}

template <class T>
Descent<T> AlternatingDescent<T>::descent() const {
  return {settings_,
          static_cast<double>(std::numeric_limits<T>::epsilon()),
          this->model_,
          view(this->h_, own_h_),
          view(this->m_, own_m_),
          this->step_scale_.data(),
          states_.data(),
          this->progress(),
          active_.data(),
          slide_.data(),
          scale_.data(),
          parts_.data(),
          best_.data()};
}

template <class T>
void AlternatingDescent<T>::begin(const int* fresh) {
  launch(*this->queue_, this->slots_ * this->model_.tiles(),
         Squares<T>{fresh, this->model_, this->h_.pieces.outputs(), this->m_.pieces.outputs(),
                    parts_.data()});
  launch(*this->queue_, this->slots_, BeginDescent<T>{fresh, descent()});
}

template <class T>
void AlternatingDescent<T>::tick() {
  compare_signs();
  pull_back(0);
  if (settings_.simultaneous) pull_back(1);
  if (settings_.step_h > 0 && tolerance_ == 0) return take_fixed_steps();
  step<0>();
  if (!settings_.simultaneous) pull_back(1);
  step<1>();
}

/// Line 3.
template <class T>
void AlternatingDescent<T>::compare_signs() {
  Queue& queue = *this->queue_;
  const TakeSigns<T> take{descent()};
  if (!signs_) return launch(queue, this->slots_, take);
  const ChooseSigns choose = signs_->compare(this->h_.latent.data(), this->m_.latent.data(),
                                             this->objective_.data(), active_.data(), best_.data());
  launch(queue, this->slots_, InTurn{choose, take});
}

/// The gradient in one factor.
template <class T>
void AlternatingDescent<T>::pull_back(int factor) {
  const T *w = this->h_.pieces.outputs(), *x = this->m_.pieces.outputs();
  const GradientSeed<T> seed{this->model_, w, x, factor == 0 ? x : w};
  Pieces<T>& pieces = factor == 0 ? this->h_.pieces : this->m_.pieces;
  const Factor& own = factor == 0 ? own_h_ : own_m_;
  pieces.product_transpose(seed, active_.data(), own.sums.data());
}

/// Line 4 for one factor, and line 5 after the second.
template <class T>
template <int factor>
void AlternatingDescent<T>::step() {
  Queue& queue = *this->queue_;
  const Descent<T> d = descent();
  const Side& fixed = factor == 0 ? this->m_ : this->h_;
  launch(queue, this->slots_, AimDescent<T, factor>{tolerance_, d});
  (factor == 0 ? this->h_ : this->m_)
      .pieces.product((factor == 0 ? own_h_ : own_m_).direction.data(), active_.data(),
                      CurvatureTerm<T>{this->model_, fixed.pieces.outputs()}, parts_.data());
  launch(queue, this->slots_, StepDescent<T, factor>{tolerance_, d});
  move<factor>();
  launch(queue, this->slots_, DecideDescent<T, factor>{tolerance_, d});
}

/// The same for both where no exact step is asked for: every trial stands, so that the gradient in
/// m can be taken before h decides that, and decisions in a row are one launch.
template <class T>
void AlternatingDescent<T>::take_fixed_steps() {
  Queue& queue = *this->queue_;
  const Descent<T> d = descent();
  const DecideDescent<T, 0> decide{tolerance_, d};
  const InTurn aim_h{AimDescent<T, 0>{tolerance_, d}, StepDescent<T, 0>{tolerance_, d}};
  const InTurn aim_m{AimDescent<T, 1>{tolerance_, d}, StepDescent<T, 1>{tolerance_, d}};
  launch(queue, this->slots_, aim_h);
  move<0>();
  if (!settings_.simultaneous) pull_back(1);
  launch(queue, this->slots_, InTurn{decide, aim_m});
  move<1>();
  launch(queue, this->slots_, DecideDescent<T, 1>{tolerance_, d});
}

/// Brings the piece of a factor to its trial; before the second, line 5 scales the first.
template <class T>
template <int factor>
void AlternatingDescent<T>::move() {
  const int* const active = active_.data();
  Side& moving = factor == 0 ? this->h_ : this->m_;
  const Side& fixed = factor == 0 ? this->m_ : this->h_;
  if (factor == 1 && settings_.step_h > 0 && settings_.balance) {
    this->h_.pieces.scale(scale_.data(), active);
  }
  moving.pieces.move_along((factor == 0 ? own_h_ : own_m_).trial.data(), slide_.data(), active,
                           SquareTerm<T>{this->model_, fixed.pieces.outputs()}, parts_.data());
}

template class AlternatingDescent<float>;
template class AlternatingDescent<double>;

}  // namespace gendemod::cuda
