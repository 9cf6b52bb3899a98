#include "gendemod/ray_gradients.hpp"

#include <algorithm>
#include <numeric>
#include <vector>

#include "gendemod/check.hpp"
#include "gendemod/parallel.hpp"
#include "gendemod/row_blocks.hpp"

namespace gendemod {
namespace {

using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr Index block_rows = 512;
constexpr Index group_columns = 96;  // of the pieces of the directions of a group

/// Whether a value is zero that some direction would change: the direction lies on its wall.
template <class Values, class Rows>
bool on_a_wall(const Values& value, const Rows& M) {
  for (Index j = 0; j < value.size(); ++j) {
    if (value[j] == 0 && (M.row(j).array() != 0).any()) return true;
  }
  return false;
}

/// The extended piece of one direction, layer by layer: M_i = W_i D_{i-1} M_{i-1}, M_0 = [I, 0],
/// where a pinned unit is on and passes on a variable of its own.
class ExtendedPiece {
 public:
  ExtendedPiece(const ReLUNetwork<double>& network, const Pins& pins)
      : network_(&network), pins_(pins), cols_(network.input_size() + pins.count) {}

  Index cols() const { return cols_; }

  /// Goes to direction number i, through all layers but the last.
  void start(const RowMajorView<double>& z, Index i) {
    z_ = z.row(i);
    regular_ = true;
    units_.resize(static_cast<std::size_t>(z_.size()));
    std::iota(units_.begin(), units_.end(), 0);
    rows_ = MatrixXd::Identity(cols_, z_.size());
    for (Index layer = 0; layer + 1 < network_->depth(); ++layer) {
      const Index size = network_->weight(layer).rows();
      M_.resize(size, cols_);
      multiply(layer, 0, size, M_.data());
      value_.noalias() = M_.leftCols(z_.size()) * z_;
      if (pins_.count > 0 && pins_.layer[i] == layer) pin(pins_.units + i * pins_.count);
      regular_ = regular_ && !on_a_wall(value_, M_);
      list_units(value_, units_);
      rows_.resize(cols_, static_cast<Index>(units_.size()));
      Index k = 0;
      for (const auto j : units_) rows_.col(k++) = M_.row(j).transpose();
    }
  }

  /// E = the rows start .. start + size - 1 of the last layer's, masked; FE = w * E, the rows of
  /// the output w times those of E. Both (size, cols), column-major.
  void last_rows(Index start, Index size, double* E, double* FE) {
    multiply(network_->depth() - 1, start, size, E);
    const Eigen::Map<MatrixXd> rows(E, size, cols_);
    value_.noalias() = rows.leftCols(z_.size()) * z_;
    regular_ = regular_ && !on_a_wall(value_, rows);
    const double* w = value_.data();
    for (Index c = 0; c < cols_; ++c, E += size, FE += size) {
      for (Index r = 0; r < size; ++r) {
        E[r] = w[r] > 0 ? E[r] : 0.0;
        FE[r] = w[r] * E[r];
      }
    }
  }

  /// Whether no unit that is not pinned was met on its wall.
  bool regular() const { return regular_; }

 private:
  /// out = rows of W D M of the layers below, (size, cols) column-major.
  void multiply(Index layer, Index start, Index size, double* out) const {
    const MatrixView<double> W = network_->weight(layer);
    std::fill_n(out, size * cols_, 0.0);
    panel_add_products(W.data() + start, W.rows(), units_, rows_.data(), size, cols_, out, size);
  }

  void pin(const std::int32_t* units) {
    for (Index k = 0; k < pins_.count; ++k) {
      M_.row(units[k]) = VectorXd::Unit(cols_, z_.size() + k).transpose();
      value_[units[k]] = 1;
    }
  }

  const ReLUNetwork<double>* network_;
  Pins pins_;
  Index cols_;
  VectorXd z_, value_;
  MatrixXd M_, rows_;  // a layer's, and those of its rows that are on, (cols, |units|)
  Units units_;
  bool regular_ = true;
};

/// A group of directions, whose gradients are products of whole matrices.
class Group {
 public:
  Group(const ReLUNetwork<double>& network, const Pins& pins, Index size)
      : pieces_(static_cast<std::size_t>(size), ExtendedPiece(network, pins)) {}

  /// u and v of directions number first .. first + count - 1, (count cols, others).
  void gradients(const RowMajorView<double>& z, Index first, Index count,
                 const MatrixView<double>& x, VectorView<double> y) {
    const Index cols = pieces_.front().cols();
    for (Index i = 0; i < count; ++i) piece(i).start(z, first + i);
    u.setZero(count * cols, x.cols());
    v.setZero(count * cols, x.cols());
    for (Index start = 0; start < x.rows(); start += block_rows) {
      const Index rows = std::min(block_rows, x.rows() - start);
      E_.resize(rows, count * cols);
      FE_.resize(rows, count * cols);
      for (Index i = 0; i < count; ++i) {
        piece(i).last_rows(start, rows, E_.col(i * cols).data(), FE_.col(i * cols).data());
      }
      const auto x_rows = x.middleRows(start, rows).array();
      square_ = x_rows.square();
      product_ = x_rows.colwise() * y.segment(start, rows).array();
      u.noalias() += FE_.transpose() * square_;
      v.noalias() += E_.transpose() * product_;
    }
  }

  bool regular(Index i) { return piece(i).regular(); }

  MatrixXd u, v;

 private:
  ExtendedPiece& piece(Index i) { return pieces_[static_cast<std::size_t>(i)]; }

  std::vector<ExtendedPiece> pieces_;
  MatrixXd E_, FE_;            // of the group, side by side
  MatrixXd square_, product_;  // x_j^2 and y * x_j
};

/// Throws unless every pin is a unit of an inner layer.
void check_pins(const ReLUNetwork<double>& network, const Pins& pins, Index directions) {
  for (Index i = 0; pins.count > 0 && i < directions; ++i) {
    const Index layer = pins.layer[i];
    if (layer < 0 || layer + 1 >= network.depth()) {
      throw std::invalid_argument("`layer` must be an inner layer");
    }
    for (Index k = 0; k < pins.count; ++k) {
      const Index unit = pins.units[i * pins.count + k];
      if (unit < 0 || unit >= network.weight(layer).rows()) {
        throw std::invalid_argument("`units` must be units of their layer");
      }
    }
  }
}

void scatter(const MatrixXd& sums, Index first, Index count, Index cols, double* out) {
  const Index others = sums.cols();
  for (Index i = 0; i < count; ++i) {
    Eigen::Map<MatrixXd>(out + (first + i) * others * cols, cols, others) =
        sums.middleRows(i * cols, cols);
  }
}

}  // namespace

void ray_gradients(const ReLUNetwork<double>& network, const RowMajorView<double>& z,
                   const Pins& pins, const RowMajorView<double>& x, VectorView<double> y,
                   int threads, double* u_out, double* v_out, bool* regular_out) {
  const Index ell = network.output_size(), cols = network.input_size() + pins.count;
  check_size("z", z.cols(), network.input_size());
  check_size("x", x.cols(), ell);
  check_size("y", y.size(), ell);
  check_pins(network, pins, z.rows());
  const Index size = std::max<Index>(1, group_columns / cols);
  const Index groups = (z.rows() + size - 1) / size, others = x.rows();
  const MatrixView<double> outputs(x.data(), ell, others);
  const auto make = [&] { return Group(network, pins, size); };
  parallel_for_with(groups, threads, make, [&](Group& group, Index g) {
    const Index first = g * size, count = std::min(size, z.rows() - first);
    group.gradients(z, first, count, outputs, y);
    scatter(group.u, first, count, cols, u_out);
    scatter(group.v, first, count, cols, v_out);
    for (Index i = 0; i < count; ++i) regular_out[first + i] = group.regular(i);
  });
}

}  // namespace gendemod
