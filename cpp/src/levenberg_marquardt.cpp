#include "gendemod/levenberg_marquardt.hpp"

#include <algorithm>

namespace gendemod {
namespace {

/// Rows of J that are reflected at a time, a whole number of strips; they stay in the first-level
/// cache.
constexpr Index qr_rows = 128;

/// In units of the mean square of the columns of J.
constexpr double first_damping = 1e-2;

/// rows_out = diag(factor) P for the rows of P from `start` on.
template <class T>
void fill(const RowBlocks<T>& P, Index start, const Eigen::ArrayXd& factor,
          Eigen::Ref<Eigen::MatrixXd> rows_out) {
  using Strip = Eigen::Map<const Eigen::Array<T, Eigen::Dynamic, Eigen::Dynamic>>;
  for (Index i = 0; i < rows_out.rows(); i += RowBlocks<T>::strip_height) {
    const Index size = P.strip_size(start + i);
    const Strip strip(P.strip(start + i), P.stride(start + i), P.cols());
    rows_out.middleRows(i, size) =
        (strip.topRows(size).template cast<double>().colwise() * factor.segment(i, size)).matrix();
  }
}

}  // namespace

template <class T>
LevenbergMarquardt<T>::LevenbergMarquardt(const ProductModel<T>& model, const Settings& settings,
                                          int threads)
    : model_(&model),
      settings_(settings),
      tolerance_(attainable<T>(settings.stopping.tolerance)),
      h_(Vector<T>::Zero(model.g1().input_size())),
      m_(Vector<T>::Zero(model.g2().input_size())),
      trial_h_(h_),
      trial_m_(m_),
      piece_h_(model.g1(), threads),
      piece_m_(model.g2(), threads),
      qr_(h_.size() + m_.size()),
      block_(qr_rows, h_.size() + m_.size() + 1),
      step_(h_.size() + m_.size()),
      factor_h_(qr_rows),
      factor_m_(qr_rows) {
  FourSigns<T>::prepare(model);
}

template <class T>
void LevenbergMarquardt<T>::start(const Vector<T>& h, const Vector<T>& m) {
  h_ = h;
  m_ = m;
  piece_h_.jump(h_);
  piece_m_.jump(m_);
  objective_ = model_->objective(piece_h_.output(), piece_m_.output());
  linearised_ = false;
  damping_ = first_damping;
  raise_ = 2;
  history_.clear();
  history_.reserve(
      static_cast<std::size_t>(std::min(settings_.stopping.max_iterations, kept_history) + 1));
  history_.push_back(objective_);
  status_ = std::isfinite(objective_) ? Status::running : Status::diverged;
}

template <class T>
Status LevenbergMarquardt<T>::run(Index count) {
  for (Index k = 0; k < count && status_ == Status::running; ++k) iterate();
  return status_;
}

template <class T>
void LevenbergMarquardt<T>::iterate() {
  if (!linearised_) {
    choose_signs();
    normalise();
    linearise();
  }
  qr_.solve(damping_ * qr_.scale(), step_);
  const double promised = qr_.decrease(step_);
  const double length = step_.norm() / std::hypot(norm(h_), norm(m_));
  trial_h_ = h_ + step_.head(h_.size()).template cast<T>();
  trial_m_ = m_ + step_.tail(m_.size()).template cast<T>();
  piece_h_.move(trial_h_);
  piece_m_.move(trial_m_);
  const double f = model_->objective(piece_h_.output(), piece_m_.output());

  const bool falls = f < objective_;
  const bool forced = damping_ > first_damping;
  const double gain = falls ? (objective_ - f) / promised : 0;
  if (falls) {
    h_.swap(trial_h_);
    m_.swap(trial_m_);
    objective_ = f;
    linearised_ = false;
    damping_ *= std::max(1.0 / 3, 1 - std::pow(2 * gain - 1, 3));
    raise_ = 2;
  } else {
    damping_ *= raise_;
    raise_ *= 2;
  }
  history_.push_back(objective_);
  status_ = judge({length, promised, falls, forced});
}

/// Line 3 of Algorithm 1.
template <class T>
void LevenbergMarquardt<T>::choose_signs() {
  const int best = signs_.best(*model_, objective_, piece_h_, h_, piece_m_, m_);
  if (best == 0) return;
  if (sign_pairs[best][0] < 0) {
    h_ = -h_;
    piece_h_.negate(h_);
  }
  if (sign_pairs[best][1] < 0) {
    m_ = -m_;
    piece_m_.negate(m_);
  }
  objective_ = model_->objective(piece_h_.output(), piece_m_.output());
}

/// Line 5 of Algorithm 1.
template <class T>
void LevenbergMarquardt<T>::normalise() {
  const auto c = static_cast<T>(balance_factor(h_, m_));
  h_ *= 1 / c;
  m_ *= c;
  piece_h_.scale(1 / c);
  piece_m_.scale(c);
}

/// Factors [J | r] at the present point, block by block.
template <class T>
void LevenbergMarquardt<T>::linearise() {
  const Index n = h_.size(), p = m_.size();
  const Index ell = piece_h_.output().size();
  qr_.clear();
  for (Index start = 0; start < ell; start += qr_rows) {
    const Index rows = std::min(qr_rows, ell - start);
    auto block = block_.topRows(rows);
    model_->linearise(start, rows, piece_h_.output(), piece_m_.output(), factor_h_, factor_m_,
                      block.col(n + p));
    fill(piece_h_.piece(), start, factor_h_, block.leftCols(n));
    fill(piece_m_.piece(), start, factor_m_, block.middleCols(n, p));
    qr_.add(block);
  }
  auto row = block_.topRows(1);
  const double unit = std::sqrt(qr_.scale()) / std::hypot(norm(h_), norm(m_));
  row.leftCols(n) = unit * h_.transpose().template cast<double>();
  row.middleCols(n, p) = -unit * m_.transpose().template cast<double>();
  row(0, n + p) = 0;
  qr_.add(row);
  linearised_ = true;
}

/// A run ends where a step is short, or where what it promises is lost in the rounding of f: at a
/// solution, or at a kink if the step is short because longer ones failed.
template <class T>
Status LevenbergMarquardt<T>::judge(const Trial& trial) const {
  const bool vanishes = !trial.falls && !(trial.promised > rounding(*model_, objective_));
  if (tolerance_ > 0 && (trial.length <= tolerance_ || vanishes)) {
    if (is_dead(*model_, objective_, piece_h_, piece_m_)) return Status::stalled;
    return vanishes || !trial.forced ? Status::converged : end_at_kink(*model_, objective_);
  }
  const auto iterations = static_cast<Index>(history_.size()) - 1;
  return iterations >= settings_.stopping.max_iterations ? Status::iteration_limit
                                                         : Status::running;
}

template class LevenbergMarquardt<float>;
template class LevenbergMarquardt<double>;

}  // namespace gendemod
