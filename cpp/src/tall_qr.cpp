#include "gendemod/tall_qr.hpp"

#include <cmath>
#include <limits>

namespace gendemod {

TallQR::TallQR(Index cols)
    : triangle_(cols, cols + 1), damped_(cols, cols + 1), identity_(cols, cols + 1) {
  clear();
}

void TallQR::clear() {
  triangle_.setZero();
}

void TallQR::add(Eigen::Ref<Eigen::MatrixXd> block) {
  absorb(triangle_, block, 0);
}

/// Rotates the rows of the block into the triangle, column by column: the reflection of column j
/// moves row j of the triangle and the block alone. With `first` > 0, row i of the block is zero
/// before column i, and only the rows up to the diagonal take part.
void TallQR::absorb(Eigen::MatrixXd& triangle, Eigen::Ref<Eigen::MatrixXd> block, Index first) {
  const Index cols = triangle.rows();
  for (Index j = 0; j < cols; ++j) {
    const Index rows = first > 0 ? j + 1 : block.rows();
    auto v = block.col(j).head(rows);
    const double below = v.squaredNorm();
    if (below == 0) continue;
    const double old = triangle(j, j);
    const double now = old > 0 ? -std::sqrt(old * old + below) : std::sqrt(old * old + below);
    const double head = old - now;  // the reflection is I - (2 / |u|^2) u u^T, u = (head, v)
    const double factor = 2 / (head * head + below);
    triangle(j, j) = now;
    for (Index c = j + 1; c <= cols; ++c) {
      auto column = block.col(c).head(rows);
      const double share = factor * (head * triangle(j, c) + v.dot(column));
      triangle(j, c) -= share * head;
      column -= share * v;
    }
  }
}

void TallQR::solve(double damping, Eigen::VectorXd& step_out) {
  const Index cols = triangle_.rows();
  damped_ = triangle_;
  if (damping > 0) {
    identity_.setZero();
    identity_.diagonal().setConstant(std::sqrt(damping));
    absorb(damped_, identity_, 1);
  }
  const double negligible = std::numeric_limits<double>::epsilon() *
                            damped_.leftCols(cols).diagonal().cwiseAbs().maxCoeff();
  for (Index j = cols - 1; j >= 0; --j) {
    const Index after = cols - 1 - j;
    const double rest = damped_.row(j).segment(j + 1, after).dot(step_out.tail(after));
    const double pivot = damped_(j, j);
    step_out[j] = std::abs(pivot) > negligible ? -(damped_(j, cols) + rest) / pivot : 0.0;
  }
}

double TallQR::decrease(const Eigen::VectorXd& step) const {
  const Index cols = triangle_.rows();
  double sum = 0;
  for (Index j = 0; j < cols; ++j) {
    const double change = triangle_.row(j).segment(j, cols - j).dot(step.tail(cols - j));
    sum -= change * (change + 2 * triangle_(j, cols));
  }
  return sum / 2;
}

double TallQR::scale() const {
  const Index cols = triangle_.rows();
  return triangle_.leftCols(cols).squaredNorm() / static_cast<double>(cols);
}

}  // namespace gendemod
