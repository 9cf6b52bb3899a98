#include "gendemod/alternating_descent.hpp"

#include <algorithm>

namespace gendemod {
namespace {

/// An exact line search zigzags and takes every bend of the valley; a shorter step does not.
constexpr double relaxation = 0.75;

/// Iterations without a new least objective after which a run counts as stalled.
constexpr Index patience = 100;

/// How often an automatic step turns where kinks block it.
constexpr int turns = 9;

template <class T>
double dot(const Vector<T>& a, const Vector<T>& b) {
  return a.template cast<double>().dot(b.template cast<double>());
}

/// b <- the shortest vector on the segment from b to a.
template <class T>
void shorten(const Vector<T>& a, Vector<T>& b) {
  const double aa = dot(a, a), ab = dot(a, b), bb = dot(b, b);
  const double part = std::clamp((bb - ab) / (aa - 2 * ab + bb), 0.0, 1.0);
  if (std::isfinite(part)) b += static_cast<T>(part) * (a - b);
}

}  // namespace

template <class T>
AlternatingDescent<T>::Factor::Factor(const ReLUNetwork<T>& network, double step_size, int threads)
    : piece(network, threads), step(step_size) {
  latent.setZero(network.input_size());
  before = trial = gradient = direction = latent;
}

template <class T>
AlternatingDescent<T>::AlternatingDescent(const ProductModel<T>& model, const Settings& settings,
                                          int threads)
    : model_(&model),
      settings_(settings),
      tolerance_(attainable<T>(settings.stopping.tolerance)),
      h_(model.g1(), settings.step_h, threads),
      m_(model.g2(), settings.step_m, threads) {
  if (settings.sign_check > 0) FourSigns<T>::prepare(model);
  change_.setZero(model.g1().output_size());
}

template <class T>
void AlternatingDescent<T>::start(const Vector<T>& h, const Vector<T>& m) {
  h_.latent = h;
  m_.latent = m;
  for (Factor* factor : {&h_, &m_}) {
    factor->piece.jump(factor->latent);
    factor->direction.setZero();
  }
  measure();
  least_objective_ = objective_;
  least_iteration_ = iteration_ = 0;
  history_.clear();
  history_.reserve(
      static_cast<std::size_t>(std::min(settings_.stopping.max_iterations, kept_history) + 1));
  history_.push_back(objective_);
  status_ = std::isfinite(objective_) ? Status::running : Status::diverged;
}

template <class T>
Status AlternatingDescent<T>::run(Index count) {
  for (Index k = 0; k < count && status_ == Status::running; ++k) iterate();
  return status_;
}

template <class T>
void AlternatingDescent<T>::iterate() {
  for (Factor* factor : {&h_, &m_}) factor->before = factor->latent;
  if (settings_.sign_check > 0 && iteration_ % settings_.sign_check == 0) choose_signs();
  pull_back(h_, m_);
  if (settings_.simultaneous) pull_back(m_, h_);
  const Move move_h = descend(h_, m_);
  if (!settings_.simultaneous) pull_back(m_, h_);
  const Move move_m = descend(m_, h_);
  if (h_.step > 0) {
    if (settings_.balance) normalise();
    measure();
  }
  if (!std::isfinite(objective_)) return give_up();
  ++iteration_;
  history_.push_back(objective_);
  if (objective_ < least_objective_) {
    least_objective_ = objective_;
    least_iteration_ = iteration_;
  }
  status_ = judge(move_h, move_m);
}

template <class T>
void AlternatingDescent<T>::measure() {
  objective_ = model_->objective(h_.piece.output(), m_.piece.output());
}

/// Back to where the iteration began, the last finite point.
template <class T>
void AlternatingDescent<T>::give_up() {
  for (Factor* factor : {&h_, &m_}) factor->latent = factor->before;
  status_ = Status::diverged;
}

/// Line 3.
template <class T>
void AlternatingDescent<T>::choose_signs() {
  const int best = signs_.best(*model_, objective_, h_.piece, h_.latent, m_.piece, m_.latent);
  if (best == 0) return;
  for (Factor* factor : {&h_, &m_}) {
    if (sign_pairs[best][factor == &h_ ? 0 : 1] > 0) continue;
    factor->latent = -factor->latent;
    factor->piece.negate(factor->latent);
  }
  measure();
}

/// moving.gradient = the partial gradient of f.
template <class T>
void AlternatingDescent<T>::pull_back(Factor& moving, const Factor& fixed) {
  const T *w = h_.piece.output().data(), *x = m_.piece.output().data();
  const T* other = fixed.piece.output().data();
  const auto seed = [=](Index start, Index size, T* out) {
    model_->gradient_seed(start, size, w + start, x + start, other + start, out);
  };
  moving.piece.jacobian_transpose(seed, moving.gradient);
}

/// One of the two steps of line 4, along moving.gradient.
template <class T>
typename AlternatingDescent<T>::Move AlternatingDescent<T>::descend(Factor& moving,
                                                                    const Factor& fixed) {
  if (settings_.momentum > 0) {
    moving.direction = static_cast<T>(settings_.momentum) * moving.direction + moving.gradient;
  } else {
    moving.direction = moving.gradient;
  }
  if (moving.step == 0) return descend_automatically(moving, fixed);

  const double unit = norm(moving.direction) / norm(moving.latent);
  Move move{moving.step * unit};
  if (move.length <= tolerance_) {
    // A short step says that the solution is near only if a good step would be short, too.
    const double slope = dot(moving.gradient, moving.direction);
    move.length = std::max(move.length, exact_step(slope, moving, fixed) * unit);
  }
  moving.latent -= static_cast<T>(moving.step) * moving.direction;
  moving.piece.move(moving.latent);
  return move;
}

/// s = slope / sum_i v_i (other_i (Lambda d)_i)^2 for the direction d: f is least at latent - s d
/// while no mask changes. 0 where f has no slope or no curvature along d.
template <class T>
double AlternatingDescent<T>::exact_step(double slope, Factor& moving, const Factor& fixed) {
  moving.piece.jacobian(moving.direction, change_);
  const double step = slope / model_->curvature(fixed.piece.output(), change_);
  return std::isfinite(step) ? step : 0.0;
}

template <class T>
typename AlternatingDescent<T>::Move AlternatingDescent<T>::descend_automatically(
    Factor& moving, const Factor& fixed) {
  if (!(dot(moving.gradient, moving.direction) > 0)) moving.direction = moving.gradient;
  double slope = dot(moving.gradient, moving.direction);
  Move move{0};
  for (int turn = 0;; ++turn) {
    const double unit = norm(moving.direction) / norm(moving.latent);
    double step = relaxation * exact_step(slope, moving, fixed);
    const double asked = step * unit;
    if (!(asked > 0)) return move;
    if (search(step, unit, slope, turn < turns, moving)) return {asked};
    if (step * slope / 2 <= rounding(*model_, objective_))
      break;  // f cannot be told from its least value
    move.blocked = turn == turns;
    if (move.blocked) break;
    // A kink is in the way: turn to the shortest combination of the gradients on its two sides,
    // along which f falls on both.
    pull_back(moving, fixed);
    shorten(moving.gradient, moving.direction);
    slope = dot(moving.direction, moving.direction);
    moving.piece.move(moving.latent);
  }
  moving.piece.move(moving.latent);
  moving.direction.setZero();
  return move;
}

/// Halves `step` until f falls by a tenth of what its slope promises, and moves there. False, with
/// the piece at the last trial, if that takes too many halvings or a step below the tolerance.
template <class T>
bool AlternatingDescent<T>::search(double& step, double unit, double slope, bool brief,
                                   Factor& moving) {
  const double shortest =
      std::max(tolerance_, static_cast<double>(std::numeric_limits<T>::epsilon()));
  for (int halvings = 0;; ++halvings) {
    moving.trial = moving.latent - static_cast<T>(step) * moving.direction;
    moving.piece.move(moving.trial);
    const double f = model_->objective(h_.piece.output(), m_.piece.output());
    const double promised = step * slope;
    if (f <= objective_ - (promised > rounding(*model_, objective_) ? promised / 10 : 0.0)) {
      moving.latent.swap(moving.trial);
      objective_ = f;
      return true;
    }
    if (step * unit <= shortest || (brief && halvings == 5)) return false;
    step /= 2;
  }
}

/// Line 5; masks do not change under it.
template <class T>
void AlternatingDescent<T>::normalise() {
  const double c = balance_factor(h_.latent, m_.latent);
  const auto factor_h = static_cast<T>(1 / c), factor_m = static_cast<T>(c);
  if (factor_h == T(1) && factor_m == T(1)) return;
  h_.latent *= factor_h;
  m_.latent *= factor_m;
  h_.piece.scale(factor_h);
  m_.piece.scale(factor_m);
}

template <class T>
Status AlternatingDescent<T>::judge(const Move& move_h, const Move& move_m) {
  if (tolerance_ > 0) {
    // For balanced latents this is the length of the step of (h, m) over that of (h, m).
    const double length = std::hypot(move_h.length, move_m.length) / std::sqrt(2.0);
    if (length <= tolerance_) {
      if (is_dead(*model_, objective_, h_.piece, m_.piece)) return Status::stalled;
      const bool blocked = move_h.blocked || move_m.blocked;
      return blocked ? end_at_kink(*model_, objective_) : Status::converged;
    }
    if (iteration_ - least_iteration_ >= patience) return Status::stalled;
  }
  return iteration_ >= settings_.stopping.max_iterations ? Status::iteration_limit
                                                         : Status::running;
}

template class AlternatingDescent<float>;
template class AlternatingDescent<double>;

}  // namespace gendemod
