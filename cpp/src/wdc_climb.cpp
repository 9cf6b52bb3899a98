#include "gendemod/wdc_climb.hpp"

#include <cmath>

#include "gendemod/random.hpp"

namespace gendemod {
namespace {

/// How far off a wall climb 0 begins, as an angle.
constexpr double inside = 1e-7;

/// Steps of the blurred ascent that begins a climb.
constexpr int blurred_steps = 60;

/// Up to this size top eigenvectors come from a full decomposition, beyond from some Lanczos steps.

}  // namespace

WdcClimb::WdcClimb(const MaskedGram<double>& rows, double alpha, std::uint64_t seed, Index number)
    : rows_(&rows),
      alpha_(alpha),
      seed_(seed),
      number_(static_cast<std::uint32_t>(number)),
      patience_(6 * rows.cols() + 30),
      deviation_(rows),
      b_(rows.rows()),
      squares_(rows.rows()),
      noise_(rows.cols()),
      norm_(rows.cols()) {
  begin();
}

/// One line search.
void WdcClimb::step() {
  ++step_;
  ++idle_;
  const bool turn_x = equal_ || step_ % 2 == 0;
  Eigen::VectorXd& z = turn_x ? x_ : y_;
  Eigen::VectorXd& Wz = turn_x ? Wx_ : Wy_;
  const Eigen::VectorXd& other = turn_x ? y_ : x_;
  const Eigen::VectorXd& Wother = turn_x ? Wy_ : Wx_;
  // From time to time a diagonal climb lets go of x = y.
  if (equal_ && idle_ > patience_ / 2) equal_ = false;
  tangent(z, Wz);
  rows_->products(u_.data(), 1, b_.data());
  const double angle = best_angle(z, Wz, other, Wother);
  if (angle == 0) return;
  const Eigen::VectorXd old_x = x_, old_y = y_, old_Wx = Wx_, old_Wy = Wy_, old_v = v_;
  const double old_value = value_, old_sign = sign_;
  z = (std::cos(angle) * z + std::sin(angle) * u_).normalized();
  rows_->products(z.data(), 1, Wz.data());
  if (equal_) y_ = x_, Wy_ = Wx_;
  measure();
  if (value_ > old_value * (1 + 1e-12)) {
    idle_ = 0;
  } else {
    x_ = old_x, y_ = old_y, Wx_ = old_Wx, Wy_ = old_Wy, v_ = old_v;
    value_ = old_value, sign_ = old_sign;
  }
}

Witness WdcClimb::result() {
  const NormBracket norm = deviation_(x_, y_, alpha_, Wx_.data(), Wy_.data());
  return {norm.norm, x_, y_};
}

void WdcClimb::normal(std::uint32_t minor, Eigen::VectorXd& out) const {
  fill_normal(seed_, {Stream::Kind::climb, number_, minor}, out.size(), out.data());
}

/// Climb 0 begins beside the longest row, in the thin wedge where it alone is on; the others at
/// random, a third of them with x = y, a third with x near y.
void WdcClimb::begin() {
  const Index n = rows_->cols();
  Eigen::VectorXd x(n), y(n);
  normal(0, x);
  normal(1u << 31, y);
  Wx_.resize(rows_->rows());
  Wy_.resize(rows_->rows());
  if (number_ == 0 && n > 1) {
    Index longest = 0;
    double most = -1;
    for (Index i = 0; i < rows_->rows(); ++i) {
      const double squares = row(i).squaredNorm();
      if (squares > most) most = squares, longest = i;
    }
    if (most > 0) {
      const Eigen::VectorXd w = row(longest).normalized();
      const Eigen::VectorXd across = (x - x.dot(w) * w).normalized();
      x = across + inside * w;
      y = -across + inside * w;
    }
    set(x, y, false);
    return;
  }
  if (number_ % 3 == 1) {
    // One of x and -x has at least half the deviation of W^T W.
    set(-x, -x, true);
    const double mirrored = value_;
    set(x, x, true);
    if (mirrored > value_) set(-x, -x, true);
  } else {
    set(x, number_ % 3 == 2 ? Eigen::VectorXd(x + 0.5 * y) : y, false);
  }
  const Eigen::VectorXd start_x = x_, start_y = y_;
  const double start_value = value_;
  ascend_smoothly(number_ / 3 % 2 == 0 ? 1 : -1);
  if (value_ < start_value) set(start_x, start_y, equal_);
}

void WdcClimb::set(const Eigen::VectorXd& x, const Eigen::VectorXd& y, bool equal) {
  x_ = x.normalized();
  y_ = equal ? x_ : y.normalized();
  equal_ = equal;
  rows_->products(x_.data(), 1, Wx_.data());
  rows_->products(y_.data(), 1, Wy_.data());
  v_ = Eigen::VectorXd::Zero(0);
  measure();
}

/// Walks up the slope of +- the norm with blurred masks, ever sharper, 1 / (1 + exp(-w.x / tau))
/// in place of 1{w.x > 0}, tau from 0.5 to 0.02 mean row norms.
void WdcClimb::ascend_smoothly(double sign) {
  const Index ell = rows_->rows();
  double mean = 0;
  for (Index i = 0; i < ell; ++i) mean += row(i).norm() / static_cast<double>(ell);
  const Eigen::VectorXd all = Eigen::VectorXd::Ones(ell);
  Eigen::VectorXd roots(ell), on_x(ell), on_y(ell), slope_x(ell), slope_y(ell);
  for (int t = 0; t < blurred_steps; ++t) {
    const double progress = static_cast<double>(t) / (blurred_steps - 1);
    const double tau = mean * 0.5 * std::pow(0.04, progress);
    on_x = 1 / (1 + (-Wx_.array() / tau).exp());
    on_y = 1 / (1 + (-Wy_.array() / tau).exp());
    roots = (on_x.array() * on_y.array()).sqrt();
    const auto& E = deviation_.difference(x_, y_, alpha_, all.data(), all.data(), roots.data());
    top_of(sign * E, true);
    rows_->products(v_.data(), 1, squares_.data());
    squares_ = squares_.cwiseAbs2();
    // d/dx of the blurred sum: on_y on_x (1 - on_x) / tau (w.v)^2 w.
    slope_x = squares_.array() * on_y.array() * on_x.array() * (1 - on_x.array()) / tau;
    slope_y = squares_.array() * on_x.array() * on_y.array() * (1 - on_y.array()) / tau;
    Eigen::VectorXd up_x = Eigen::VectorXd::Zero(x_.size()), up_y = up_x;
    for (Index i = 0; i < ell; ++i) {
      up_x += slope_x[i] * row(i);
      up_y += slope_y[i] * row(i);
    }
    if (equal_) {
      up_x += up_y;
    } else {
      up_x -= alpha_ * mean_slope(x_, y_);
      up_y -= alpha_ * mean_slope(y_, x_);
    }
    const double length = 0.4 * std::pow(0.05, progress);
    walk(x_, Wx_, sign * up_x, length);
    if (equal_) {
      y_ = x_;
      Wy_ = Wx_;
    } else {
      walk(y_, Wy_, sign * up_y, length);
    }
  }
  measure();
}

/// z <- the point at an angle `length` from z in a direction.
void WdcClimb::walk(Eigen::VectorXd& z, Eigen::VectorXd& Wz, const Eigen::VectorXd& direction,
                    double length) {
  const Eigen::VectorXd across = direction - direction.dot(z) * z;
  const double norm = across.norm();
  if (!(norm > 0)) return;
  z = (std::cos(length) * z + std::sin(length) / norm * across).normalized();
  rows_->products(z.data(), 1, Wz.data());
}

/// The gradient over unit x of v^T Q_{x,y} v: with e the unit part of y across x, and vp that of
/// v (no unit), ((|vp|^2 - (v.e)^2) e + 2 (v.e) vp) / (2 pi).
Eigen::VectorXd WdcClimb::mean_slope(const Eigen::VectorXd& x, const Eigen::VectorXd& y) const {
  Eigen::VectorXd e = y - y.dot(x) * x;
  const double length = e.norm();
  if (!(length > 1e-12)) return Eigen::VectorXd::Zero(x.size());
  e /= length;
  const Eigen::VectorXd vp = v_ - v_.dot(x) * x;
  const double ve = v_.dot(e);
  return ((vp.squaredNorm() - ve * ve) * e + 2 * ve * vp) / (2 * pi);
}

/// value = +- v^T (G - alpha Q) v at (x, y), for a v near the top eigenvector.
void WdcClimb::measure() {
  top_of(deviation_.difference(x_, y_, alpha_, Wx_.data(), Wy_.data()), false);
}

/// v = the vector of about the largest eigenvalue, or of the largest absolute one; value and sign
/// are the eigenvalue's.
void WdcClimb::top_of(const Eigen::MatrixXd& E, bool largest) {
  const double eigenvalue = norm_.approach(E, !largest, v_);
  value_ = std::abs(eigenvalue);
  sign_ = eigenvalue < 0 ? -1 : 1;
}

/// u_ = a unit tangent at z, by turns: at random; across a wall nearby; up the slope of the sum
/// of (w.v)^2 with blurred walls.
void WdcClimb::tangent(const Eigen::VectorXd& z, const Eigen::VectorXd& Wz) {
  normal(static_cast<std::uint32_t>(step_), noise_);
  u_ = noise_;
  const Index ell = rows_->rows();
  if (step_ % 3 == 1) {
    // The nearest wall among some that the noise picks.
    Index nearest = -1;
    for (Index k = 0; k < 8; ++k) {
      const auto pick = static_cast<Index>(std::abs(noise_[k % noise_.size()]) * 1e6) + 977 * k;
      const Index i = pick % ell;
      if (nearest < 0 || std::abs(Wz[i]) < std::abs(Wz[nearest])) nearest = i;
    }
    u_ = row(nearest);
  } else if (step_ % 3 == 2) {
    const double width =
        0.3 * std::sqrt(Wz.squaredNorm() / static_cast<double>(ell)) * std::abs(noise_[0]) + 1e-12;
    u_.setZero();
    for (Index i = 0; i < ell; ++i) {
      const double t = Wz[i] / width;
      if (std::abs(t) > 3) continue;
      const double projected = row(i).dot(v_);
      u_ += std::exp(-t * t / 2) * projected * projected * row(i);
    }
    u_ = sign_ * u_ + 0.3 * u_.norm() / std::sqrt(static_cast<double>(u_.size())) * noise_;
  }
  u_ -= u_.dot(z) * z;
  u_ -= u_.dot(z) * z;
  const double length = u_.norm();
  if (length > 1e-12) {
    u_ /= length;
  } else {
    u_.setZero();
  }
}

/// The angle along z cos + u sin with the largest sign v^T (G - alpha Q) v, if that is more than
/// the present value; else 0.
double WdcClimb::best_angle(const Eigen::VectorXd& z, const Eigen::VectorXd& Wz,
                            const Eigen::VectorXd& other, const Eigen::VectorXd& Wother) {
  rows_->products(v_.data(), 1, squares_.data());
  circle_.clear();
  for (Index i = 0; i < rows_->rows(); ++i) {
    if (equal_ || Wother[i] > 0) circle_.add(Wz[i], b_[i], squares_[i] * squares_[i]);
  }
  const CircleMean mean{equal_, z.dot(other), u_.dot(other), v_.dot(z), v_.dot(u_), v_.dot(other)};
  return circle_.best(sign_, alpha_, mean, value_ * (1 + 1e-9));
}

}  // namespace gendemod
