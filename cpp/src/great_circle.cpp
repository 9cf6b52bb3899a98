#include "gendemod/great_circle.hpp"

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>

#include "gendemod/parallel.hpp"

namespace gendemod {
namespace {

/// Walls closer than this, as an angle, may not be in their true order.
constexpr double same_wall = 1e-14;

/// Cells narrower than this, as an angle, have no points that floating point could tell.
constexpr double narrow = 1e-12;

/// How far inside its cell, as an angle, a point is put that is best at a wall.
constexpr double inside = 1e-9;

}  // namespace

GreatCircle::GreatCircle(const MaskedGram<double>& rows, double alpha)
    : rows_(&rows),
      workspace_(rows),
      alpha_(alpha),
      sum_(rows.width(), rows.width()),
      difference_(rows.cols(), rows.cols()),
      factored_(rows.cols(), rows.cols()),
      products_(3 * rows.rows()),
      expectation_(rows.cols()),
      norm_(rows.cols()) {
}

CircleSupremum GreatCircle::operator()(const Eigen::VectorXd& x, const Eigen::VectorXd& s,
                                       const Eigen::VectorXd& u, bool through) {
  x_ = &x;
  s_ = &s;
  u_ = &u;
  through_ = through;
  v_ = Eigen::VectorXd::Ones(x.size()).normalized();
  best_ = {0, 0, 0};
  upper_ = mixed_ = 0;
  const Index ell = rows_->rows();
  rows_->products(x.data(), 1, products_.data());
  rows_->products(u.data(), 1, products_.data() + 2 * ell);
  if (through) {
    // With the signs of W x.
    const double length = x.norm();
    for (Index i = 0; i < ell; ++i) products_.data()[ell + i] = products_.data()[i] / length;
  } else {
    rows_->products(s.data(), 1, products_.data() + ell);
  }
  for (const double direction : {1.0, -1.0}) {
    direction_ = direction;
    gather();
    Block all = whole();
    all.value = offer(all);
    search(all);
  }
  best_.upper = std::max(best_.lower + accuracy_, upper_) + mixed_;
  return best_;
}

/// The walls of half a circle, and the edges of its cells.
void GreatCircle::gather() {
  const Index ell = rows_->rows();
  const double *Wx = products_.data(), *Ws = Wx + ell, *Wu = Ws + ell;
  walls_.clear();
  for (Index i = 0; i < ell; ++i) {
    const double a = Ws[i], b = direction_ * Wu[i];
    if (!(Wx[i] > 0) || (a == 0 && b == 0)) continue;
    const bool on = a > 0 || (a == 0 && b > 0);
    // The sign of a cos t + b sin t changes at this angle in [0, pi].
    const double angle = on ? std::atan2(a, -b) : std::atan2(-a, b);
    walls_.push_back({angle, static_cast<std::int32_t>(i), !on});
  }
  std::sort(walls_.begin(), walls_.end(), [](const Wall& p, const Wall& q) {
    return p.angle != q.angle ? p.angle < q.angle : p.row < q.row;
  });
  // Through x rows only turn off: two walls in the wrong order change no supremum. Elsewhere, walls
  // that may be in the wrong order are taken for one, and what they could add is.
  const double same = through_ ? 0 : same_wall;
  edges_.assign(1, 0.0);
  begins_.assign(1, 0);
  std::size_t k = 0;
  for (; k < walls_.size() && pi - walls_[k].angle > same; ++k) {
    if (walls_[k].angle - edges_.back() <= same) continue;
    edges_.push_back(walls_[k].angle);
    begins_.push_back(k);
  }
  edges_.push_back(pi);
  begins_.insert(begins_.end(), {k, walls_.size()});
  if (!through_) mixed_ = std::max(mixed_, in_doubt());
}

/// The largest sum of ||w||^2 over walls that are taken for one, unless they all turn on or all
/// off.
double GreatCircle::in_doubt() const {
  double largest = 0;
  for (std::size_t edge = 0; edge + 1 < begins_.size(); ++edge) {
    const bool end = edge == 0 || edge + 2 == begins_.size();
    double sum = 0;
    bool on = end, off = end;
    for (std::size_t k = begins_[edge]; k < begins_[edge + 1]; ++k) {
      const Eigen::Map<const Eigen::VectorXd> w(rows_->row(walls_[k].row), rows_->cols());
      sum += w.squaredNorm();
      (walls_[k].turns_on ? on : off) = true;
    }
    if (on && off) largest = std::max(largest, sum);
  }
  return largest;
}

/// The block of all cells of half a circle. Every row changes once; those that do so at its ends
/// change in no cell.
GreatCircle::Block GreatCircle::whole() {
  const Index n = rows_->cols(), last = static_cast<Index>(edges_.size()) - 1;
  const auto zero = std::make_shared<const Eigen::MatrixXd>(Eigen::MatrixXd::Zero(n, n));
  Block all{0, last, false, false, 0, nullptr, nullptr, nullptr};
  choose(0, 1, true);
  const Gram on = changed(zero, 1);
  choose(last, last + 1, false);
  all.least = changed(on, 1);
  choose(1, last + 1, false);
  all.at_first = changed(on, 1);
  choose(1, last, true);
  all.most = changed(all.at_first, 1);
  accuracy_ = 1e-9 * (all.most->trace() / static_cast<double>(n) + alpha_);
  return all;
}

/// chosen = the rows that turn on, or off, at the edges first <= e < last.
void GreatCircle::choose(Index first, Index last, bool turns_on) {
  chosen_.clear();
  const std::size_t end = begins_[static_cast<std::size_t>(last)];
  for (std::size_t k = begins_[static_cast<std::size_t>(first)]; k < end; ++k) {
    if (walls_[k].turns_on == turns_on) chosen_.push_back(walls_[k].row);
  }
}

/// gram + sign sum of w w^T over the chosen rows, lower triangle.
GreatCircle::Gram GreatCircle::changed(const Gram& gram, double sign) {
  if (chosen_.empty()) return gram;
  sum_.setZero();
  rows_->add(chosen_, nullptr, workspace_, sum_);
  return std::make_shared<const Eigen::MatrixXd>(
      *gram + sign * sum_.topLeftCorner(gram->rows(), gram->cols()));
}

/// Proves that a block has nothing better than the best so far, or looks into its halves.
void GreatCircle::search(Block& block) {
  const double from = edge(block.first), to = edge(block.last), middle = (from + to) / 2;
  const double margin = through_ ? 0 : alpha_ * (to - from) / (2 * pi);
  const double limit = best_.lower + accuracy_ - margin;
  block.over_done = block.over_done || below(*block.most, 1, through_ ? to : middle, limit);
  block.under_done = block.under_done || below(*block.least, -1, through_ ? from : middle, limit);
  if (block.over_done && block.under_done) return;
  if (block.last - block.first == 1) return settle(block);
  Block left = block, right = block;
  split(left, right);
  const bool right_first = right.value > left.value;
  search(right_first ? right : left);
  search(right_first ? left : right);
}

/// Makes the halves of a block out of two copies.
void GreatCircle::split(Block& left, Block& right) {
  const Index first = left.first, last = left.last, middle = (first + last) / 2;
  left.last = right.first = middle;
  choose(first + 1, middle + 1, false);
  right.most = changed(right.most, -1);
  right.at_first = through_ ? right.most : changed(right.at_first, -1);
  if (through_) {
    // Rows only turn off: G of the last cell is G of the next and what turns off in between.
    choose(middle, middle + 1, false);
    left.least = changed(right.most, 1);
  } else {
    choose(middle, last, false);
    left.least = changed(left.least, 1);
    choose(middle, last, true);
    left.most = changed(left.most, -1);
    choose(first + 1, middle + 1, true);
    right.least = changed(right.least, 1);
    right.at_first = changed(right.at_first, 1);
  }
  right.value = offer(right);
}

/// The deviations at the ends of a cell, whose Gram sum is known.
void GreatCircle::settle(const Block& cell) {
  const double from = edge(cell.first), to = edge(cell.last), width = to - from;
  double largest = std::max(prove(cell, from), prove(cell, to));
  if (!through_) {
    largest = std::max(largest, prove(cell, (from + to) / 2));
    largest += alpha_ * width / (4 * pi);
  }
  upper_ = std::max(upper_, largest);
}

/// gram - alpha Q at an angle.
const Eigen::MatrixXd& GreatCircle::difference(const Eigen::MatrixXd& gram, double angle) {
  y_ = std::cos(angle) * *s_ + direction_ * std::sin(angle) * *u_;
  expectation_.set(*x_, y_);
  difference_ = gram;
  expectation_.subtract_from(difference_, alpha_);
  return difference_;
}

/// A value that the deviation reaches at the beginning of a block.
double GreatCircle::offer(const Block& block) {
  const double from = edge(block.first);
  const double value = std::abs(norm_.approach(difference(*block.at_first, from), true, v_));
  keep(value, from, block.first);
  return value;
}

/// The deviation at an angle of the first cell of a block, and what it may be wrong by.
double GreatCircle::prove(const Block& block, double angle) {
  const NormBracket found = norm_(difference(*block.at_first, angle), accuracy_ / 2);
  keep(found.norm, angle, block.first);
  return found.norm + found.error;
}

/// Keeps a value at an angle of a cell, if it is the best so far and a point of the cell reaches
/// it.
void GreatCircle::keep(double value, double angle, Index cell) {
  const double from = edge(cell), to = edge(cell + 1), room = std::min(inside, (to - from) / 4);
  // y = x is a point of the cell that begins there, however narrow.
  const double at = through_ && angle == 0 ? 0 : std::clamp(angle, from + room, to - room);
  if (to - from < narrow && at != 0) return;
  value -= alpha_ * std::abs(at - angle) / pi;
  if (value > best_.lower) best_ = {value, 0, direction_ * at};
}

/// Whether sign (gram - alpha Q(angle)) <= limit I.
bool GreatCircle::below(const Eigen::MatrixXd& gram, double sign, double angle, double limit) {
  factored_ = -sign * difference(gram, angle);
  factored_.diagonal().array() += limit;
  if ((factored_.diagonal().array() <= 0).any()) return false;
  return Eigen::LLT<Eigen::Ref<Eigen::MatrixXd>>(factored_).info() == Eigen::Success;
}

void great_circles(const MaskedGram<double>& rows, const RowMajorView<double>& X,
                   const RowMajorView<double>& S, const RowMajorView<double>& U, bool through,
                   double alpha, int threads, Index count, double* out) {
  const auto direction = [](const RowMajorView<double>& all, Index i) {
    return Eigen::VectorXd(all.row(all.rows() == 1 ? 0 : i).transpose());
  };
  parallel_for_with(
      count, threads, [&] { return std::make_unique<GreatCircle>(rows, alpha); },
      [&](auto& circle, Index i) {
        const CircleSupremum found =
            (*circle)(direction(X, i), direction(S, i), direction(U, i), through);
        out[3 * i] = found.lower;
        out[3 * i + 1] = found.upper;
        out[3 * i + 2] = found.angle;
      });
}

}  // namespace gendemod
