#include "gendemod/cone_rows.hpp"

#include <array>
#include <cmath>
#include <limits>
#include <utility>

namespace gendemod {
namespace {

constexpr Index width = lanes<double>;
constexpr double infinity = std::numeric_limits<double>::infinity();

/// Entries smaller than this are not sure to have exact products; nothing is certain of their rows.
constexpr double smallest = 0x1p-400;

/// out[k] = sum over rows of mask * products[:, k], for two masks at once, n columns.
template <int size>
void masked_sums(const double* products, Index whole_rows, const RowPattern& x, const RowPattern& y,
                 double* least, double* most) {
  Lane<double> lower[size], upper[size];
  for (int k = 0; k < size; ++k) lower[k] = upper[k] = Lane<double>::Zero();
  for (Index i = 0; i < whole_rows; i += width) {
    const Lane<double> sure =
        LaneView<double>(x.sure.data() + i) * LaneView<double>(y.sure.data() + i);
    const Lane<double> maybe =
        LaneView<double>(x.maybe.data() + i) * LaneView<double>(y.maybe.data() + i);
    for (int k = 0; k < size; ++k) {
      const Lane<double> product = LaneView<double>(products + k * whole_rows + i);
      lower[k] += sure * product;
      upper[k] += maybe * product;
    }
  }
  for (int k = 0; k < size; ++k) {
    least[k] = lower[k].sum();
    most[k] = upper[k].sum();
  }
}

using MaskedSums = void (*)(const double*, Index, const RowPattern&, const RowPattern&, double*,
                            double*);
template <std::size_t... n>
constexpr std::array<MaskedSums, sizeof...(n)> sums_table(std::index_sequence<n...>) {
  return {masked_sums<static_cast<int>((n + 1) * (n + 2) / 2)>...};
}
constexpr auto sums_of_size = sums_table(std::make_index_sequence<most_cone_columns>());

}  // namespace

ConeRows::ConeRows(const RowMajorView<double>& W)
    : by_row_(W.data()),
      cols_(static_cast<int>(W.cols())),
      rows_(W.rows()),
      whole_rows_(whole_lanes<double>(W.rows())),
      columns_(whole_rows_ * cols_),
      products_(whole_rows_ * cols_ * (cols_ + 1) / 2),
      doubt_(whole_rows_) {
  std::fill_n(columns_.data(), whole_rows_ * cols_, 0.0);
  std::fill_n(products_.data(), whole_rows_ * cols_ * (cols_ + 1) / 2, 0.0);
  // Rows of zeros change no sum, whatever is said of them: below any doubt.
  std::fill_n(doubt_.data(), whole_rows_, -1.0);
  const double roundings = 4 * cols_ * std::numeric_limits<double>::epsilon();
  for (Index i = 0; i < rows_; ++i) {
    const auto w = W.row(i).array();
    const bool exact = ((w == 0) || (w.abs() >= smallest)).all();
    if ((w != 0).any()) doubt_.data()[i] = exact ? roundings * w.abs().sum() : infinity;
    trace_ += w.square().sum();
    for (int a = 0, k = 0; a < cols_; ++a) {
      columns_.data()[a * whole_rows_ + i] = w[a];
      for (int b = a; b < cols_; ++b, ++k) products_.data()[k * whole_rows_ + i] = w[a] * w[b];
    }
  }
}

void ConeRows::pattern(const Cone& cone, RowPattern& out) const {
  const double* vertices = cone.vertices.data();
  for (Index i = 0; i < whole_rows_; i += width) {
    Lane<double> low, high;
    for (int v = 0; v < cols_; ++v) {
      Lane<double> product = LaneView<double>(columns_.data() + i) * vertices[v * cols_];
      for (int k = 1; k < cols_; ++k) {
        product +=
            LaneView<double>(columns_.data() + k * whole_rows_ + i) * vertices[v * cols_ + k];
      }
      low = v == 0 ? product : low.min(product).eval();
      high = v == 0 ? product : high.max(product).eval();
    }
    const Lane<double> doubt = LaneView<double>(doubt_.data() + i);
    LaneOut<double>(out.sure.data() + i) = (low > doubt).template cast<double>();
    LaneOut<double>(out.maybe.data() + i) = 1.0 - (high < -doubt).template cast<double>();
    const auto close = (low.abs() <= doubt) || (high.abs() <= doubt);
    if (!close.any()) continue;
    for (Index k = 0; k < width; ++k) {
      if (close[k]) decide(i + k, vertices, cols_, out);
    }
  }
}

void ConeRows::pattern(const double* direction, RowPattern& out) const {
  for (Index i = 0; i < rows_; ++i) {
    const double* w = by_row_ + i * cols_;
    double product = 0;
    for (int k = 0; k < cols_; ++k) product += w[k] * direction[k];
    out.sure.data()[i] = out.maybe.data()[i] = product > 0 ? 1 : 0;
    if (std::abs(product) <= doubt_.data()[i]) decide(i, direction, 1, out);
  }
}

/// A row whose products with the vertices may have the wrong sign, exactly.
void ConeRows::decide(Index row, const double* vertices, int count, RowPattern& out) const {
  const bool exact = doubt_.data()[row] < infinity;
  bool sure = exact, maybe = !exact;
  for (int v = 0; v < count && exact; ++v) {
    const bool on = exact_sign(by_row_ + row * cols_, vertices + v * cols_, cols_) > 0;
    sure = sure && on;
    maybe = maybe || on;
  }
  out.sure.data()[row] = sure ? 1 : 0;
  out.maybe.data()[row] = maybe ? 1 : 0;
}

void ConeRows::grams(const RowPattern& x, const RowPattern& y, SmallMatrix& least,
                     SmallMatrix& most) const {
  std::array<double, most_cone_columns*(most_cone_columns + 1) / 2> low{}, high{};
  sums_of_size[static_cast<std::size_t>(cols_ - 1)](products_.data(), whole_rows_, x, y, low.data(),
                                                    high.data());
  least.resize(cols_, cols_);
  most.resize(cols_, cols_);
  for (int a = 0, k = 0; a < cols_; ++a) {
    for (int b = a; b < cols_; ++b, ++k) {
      least(b, a) = least(a, b) = low[static_cast<std::size_t>(k)];
      most(b, a) = most(a, b) = high[static_cast<std::size_t>(k)];
    }
  }
}

}  // namespace gendemod
