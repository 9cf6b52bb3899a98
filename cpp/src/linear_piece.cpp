#include "gendemod/linear_piece.hpp"

#include <numeric>

#include "gendemod/check.hpp"

namespace gendemod {
namespace {

/// A piece is rebuilt after this many flips for each unit of the layer below.
constexpr Index refresh = 8;

/// row_out = factor times row j of A; returns what follows row_out.
template <class T>
T* copy_row(const RowBlocks<T>& A, Index j, T factor, T* row_out) {
  for (Index c = 0; c < A.cols(); ++c) *row_out++ = factor * A(j, c);
  return row_out;
}

/// r <- 0 where output = 0. A plain loop: compilers vectorise it, Eigen's select not.
template <class T>
void keep_where_on(const T* output, Index size, T* r) {
  for (Index i = 0; i < size; ++i) r[i] = output[i] > T(0) ? r[i] : T(0);
}

/// How many units of a layer are on where they were off, or off where they were on.
template <class T>
Index count_flips(const Vector<T>& value, const Vector<T>& on) {
  const T *now = value.data(), *before = on.data();
  std::int32_t flips = 0;
  for (Index j = 0; j < value.size(); ++j) flips += (now[j] > T(0)) != (before[j] > T(0));
  return flips;
}

/// on_out = 1 where value > 0, else 0.
template <class T>
void set_on(const Vector<T>& value, Vector<T>& on_out) {
  for (Index j = 0; j < value.size(); ++j) on_out[j] = value[j] > T(0) ? T(1) : T(0);
}

}  // namespace

template <class T>
LinearPiece<T>::LinearPiece(const ReLUNetwork<T>& network, int threads)
    : network_(&network), threads_(threads), layers_(static_cast<std::size_t>(network.depth())) {
  const Index n = network.input_size();
  Index widest = 0;
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    const MatrixView<T> W = network.weight(static_cast<Index>(i));
    Layer& layer = layers_[i];
    layer.piece = RowBlocks<T>(W.rows(), n);
    if (i == 0) {
      for (Index row = 0; row < W.rows(); row += RowBlocks<T>::strip_height) {
        const Index size = layer.piece.strip_size(row), stride = layer.piece.stride(row);
        Eigen::Map<Matrix<T>>(layer.piece.strip(row), stride, n).topRows(size) =
            W.middleRows(row, size);
      }
    }
    layer.squares.setZero(layer.piece.count());
    if (i + 1 == layers_.size()) break;
    layer.value.setZero(W.rows());
    layer.on.setZero(W.rows());
    layer.negative.setZero(W.rows());
    layer.units.reserve(static_cast<std::size_t>(W.rows()));
    layer.negative_units.reserve(static_cast<std::size_t>(W.rows()));
    layer.factor.resize(i > 0 ? W.rows() * n : 0);
    layer.flips = refresh * W.rows();  // nothing is built yet: the first move rebuilds
    widest = std::max(widest, W.rows());
  }
  output_.setZero(network.output_size());
  flipped_.reserve(static_cast<std::size_t>(widest));
  ranks_.reserve(static_cast<std::size_t>(n));
  flipped_rows_.resize(n * widest);
  factor_rows_.resize(n * widest);
  change_.resize(n * n);
  scratch_.resize(std::min(RowBlocks<T>::height, network.output_size()) * n, threads);
  partial_.resize(n, piece().count());
  sum_.setZero(n);
  gathered_.setZero(widest);
}

template <class T>
void LinearPiece<T>::jump(const Vector<T>& z) {
  for (Layer& layer : layers_) layer.flips = refresh * layer.piece.rows();
  move(z);
}

template <class T>
void LinearPiece<T>::move(const Vector<T>& z) {
  check_size("z", z.size(), network_->input_size());
  rank_ = 0;
  if (layers_.size() == 1) {
    for_each_block(0, [&](Index b, int) { set_output(b, z); });
    return;
  }
  for (std::size_t i = 0; i + 1 < layers_.size(); ++i) {
    advance(i, z);
    if (has_lost_digits(i)) {
      layers_[i].flips = refresh * layers_[i].piece.rows();
      advance(i, z);
    }
  }
}

template <class T>
void LinearPiece<T>::advance(std::size_t i, const Vector<T>& z) {
  const Change change = plan(i, z);
  const bool last = i + 2 == layers_.size();
  for_each_block(i + 1, [&](Index b, int worker) {
    apply(change, i, b, worker);
    if (last) set_output(b, z);
  });
  settle(change, i);
}

template <class T>
void LinearPiece<T>::negate(const Vector<T>& z) {
  if (layers_.size() == 2) {
    Layer &layer = layers_.front(), &last = layers_.back();
    const RowBlocks<T>& product = network_->product();
    for_each_block(1, [&](Index b, int) {
      const Index volume = product.volume(b), start = product.start(b);
      Eigen::Map<Vector<T>> P(last.piece.strip(start), volume);
      P = Eigen::Map<const Vector<T>>(product.strip(start), volume) - P;
      last.squares[b] = first_squares(last.piece, b);
    });
    layer.on = T(1) - layer.on.array();
    list_units(layer.on, layer.units);
    ++layer.flips;
    if (has_lost_digits(0)) layer.flips = refresh * layer.piece.rows();
  }
  move(z);  // crosses the walls on which -z lies
}

/// A block of rows of relu(P_d z).
template <class T>
void LinearPiece<T>::set_output(Index b, const Vector<T>& z) {
  auto rows = output_.segment(piece().start(b), piece().size(b));
  rows_product(piece(), piece().start(b), rows.size(), z.data(), rows.data());
  rows = rows.cwiseMax(T(0));
}

template <class T>
double LinearPiece<T>::first_squares(const RowBlocks<T>& P, Index b) {
  const Index row = P.start(b);
  return Eigen::Map<const Vector<T>>(P.strip(row), P.stride(row) * P.cols()).squaredNorm();
}

/// Whether the piece above layer i is now so small that the rounding errors of its larger
/// predecessors tell.
template <class T>
bool LinearPiece<T>::has_lost_digits(std::size_t i) {
  Layer& next = layers_[i + 1];
  const double total = next.squares.sum();
  next.largest = std::max(next.largest, total);
  return total < next.largest / 16;
}

/// Brings layer i (from 0) to z, decides how the piece of the next layer follows, and gathers the
/// rows that this takes.
template <class T>
typename LinearPiece<T>::Change LinearPiece<T>::plan(std::size_t i, const Vector<T>& z) {
  Layer& layer = layers_[i];
  const RowBlocks<T>& P = layer.piece;
  rows_product(P, 0, P.rows(), z.data(), layer.value.data());
  const Index flips = count_flips(layer.value, layer.on), n = P.cols();
  const bool stale = layer.flips >= refresh * P.rows();
  if (flips == 0 && rank_ == 0 && !stale) return Change::none;

  const auto old = static_cast<Index>(layer.units.size());
  const auto on = static_cast<Index>((layer.value.array() > T(0)).count());
  const bool cheaper = rank_ != none && old * rank_ + n * (rank_ + flips) < on * n;
  if (stale || !cheaper) {
    set_on(layer.value, layer.on);
    list_units(layer.on, layer.units);
    T* row = flipped_rows_.data();
    for (const auto j : layer.units) row = copy_row(P, j, T(1), row);
    return Change::rebuild;
  }
  flipped_.clear();
  for (Index j = 0; j < layer.value.size(); ++j) {
    if ((layer.value[j] > T(0)) != (layer.on[j] > T(0)))
      flipped_.push_back(static_cast<std::int32_t>(j));
  }
  T* row = flipped_rows_.data();
  for (const auto j : flipped_) row = copy_row(P, j, T(1) - 2 * layer.on[j], row);
  T* entry = factor_rows_.data();
  for (const auto j : layer.units) {
    for (Index k = 0; k < rank_; ++k) *entry++ = layer.factor[k * P.rows() + j];
  }
  ranks_.resize(static_cast<std::size_t>(rank_));
  std::iota(ranks_.begin(), ranks_.end(), 0);
  return Change::cross;
}

/// Changes one row block of the piece above layer i. The masks of a crossing are still the old
/// ones, those of a rebuild the new ones.
template <class T>
void LinearPiece<T>::apply(Change change, std::size_t i, Index b, int worker) {
  if (change == Change::none) return;
  Layer& next = layers_[i + 1];
  const Units& units = layers_[i].units;
  const MatrixView<T> W = network_->weight(static_cast<Index>(i) + 1);
  const Index size = next.piece.size(b), start = next.piece.start(b);
  const T* rows = W.data() + start;
  if (change == Change::rebuild) {
    std::fill_n(next.piece.strip(start), next.piece.volume(b), T(0));
    block_add_products(rows, W.rows(), units, flipped_rows_.data(), b, next.piece);
  } else {
    if (rank_ > 0) {
      // U_{i+1} = W_{i+1} D_i U_i, kept for the layer above if there is one.
      const bool inner = i + 2 < layers_.size();
      T* U = inner ? next.factor.data() + start : scratch_.col(worker).data();
      const Index ld = inner ? W.rows() : size;
      for (Index k = 0; k < rank_; ++k) std::fill_n(U + k * ld, size, T(0));
      panel_add_products(rows, W.rows(), units, factor_rows_.data(), size, rank_, U, ld);
      block_add_products(U, ld, ranks_, change_.data(), b, next.piece);
    }
    block_add_products(rows, W.rows(), flipped_, flipped_rows_.data(), b, next.piece);
  }
  next.squares[b] = first_squares(next.piece, b);
}

/// Ends a change: masks, and the low-rank factors of the change for the layer above.
template <class T>
void LinearPiece<T>::settle(Change change, std::size_t i) {
  Layer& layer = layers_[i];
  if (change == Change::none) return;
  if (change == Change::rebuild) {
    layer.flips = 0;
    layers_[i + 1].largest = 0;
    rank_ = none;
    return;
  }
  const auto flips = static_cast<Index>(flipped_.size());
  layer.flips += flips + rank_;
  for (const auto j : flipped_) layer.on[j] = T(1) - layer.on[j];
  list_units(layer.on, layer.units);
  const Index n = layer.piece.cols();
  if (i + 2 == layers_.size()) return;
  if (rank_ + flips >= n) {
    rank_ = none;  // the layer above is cheaper to rebuild
    return;
  }
  Layer& next = layers_[i + 1];
  const MatrixView<T> W = network_->weight(static_cast<Index>(i) + 1);
  T* column = next.factor.data() + rank_ * W.rows();
  for (const auto j : flipped_) {
    column = std::copy_n(W.col(j).data(), W.rows(), column);
  }
  std::copy_n(flipped_rows_.data(), n * flips, change_.data() + n * rank_);
  rank_ += flips;
}

template <class T>
void LinearPiece<T>::scale(T c) {
  for (Layer& layer : layers_) layer.value *= c;
  output_ *= c;
}

template <class T>
void LinearPiece<T>::jacobian(const Vector<T>& dz, Vector<T>& out) {
  check_size("dz", dz.size(), network_->input_size());
  check_size("out", out.size(), output_.size());
  const RowBlocks<T>& last = piece();
  for_each_block(layers_.size() - 1, [&](Index b, int) {
    const Index size = last.size(b), start = last.start(b);
    rows_product(last, start, size, dz.data(), out.data() + start);
    keep_where_on(output_.data() + start, size, out.data() + start);
  });
}

/// A block's part of Lambda^T r; r holds its rows, and is masked and filled up to whole lanes.
template <class T>
void LinearPiece<T>::pull_back(Index b, T* r) {
  const Index size = piece().size(b);
  keep_where_on(output_.data() + piece().start(b), size, r);
  std::fill(r + size, r + whole_lanes<T>(size), T(0));
  block_product_transpose(piece(), b, r, partial_.col(b).data());
}

template <class T>
void LinearPiece<T>::sum_blocks(Vector<T>& out) {
  sum_.setZero();
  for (Index b = 0; b < partial_.cols(); ++b) sum_ += partial_.col(b).template cast<double>();
  out = sum_.template cast<T>();
}

template <class T>
void LinearPiece<T>::prepare_negative() {
  if (layers_.size() < 3) return;
  for (std::size_t i = 0; i + 1 < layers_.size(); ++i) {
    Layer& layer = layers_[i];
    if (i == 0) {
      layer.negative = -layer.value;
    } else {
      const Layer& below = layers_[i - 1];
      combine_columns(network_->weight(static_cast<Index>(i)), below.negative_units, below.negative,
                      layer.negative);
    }
    list_units(layer.negative, layer.negative_units);
  }
  const Layer& top = layers_[layers_.size() - 2];
  T* value = gathered_.data();
  for (const auto j : top.negative_units) *value++ = top.negative[j];
}

template <class T>
void LinearPiece<T>::negative_rows(const Vector<T>& z, Index start, Index size, T* out) const {
  Eigen::Map<Vector<T>> rows(out, size);
  if (layers_.size() == 1) {
    rows_product(piece(), start, size, z.data(), out);
    rows = -rows;
  } else if (layers_.size() == 2) {
    std::array<T, RowBlocks<T>::height> positive;
    rows_product(piece(), start, size, z.data(), positive.data());
    rows_product(network_->product(), start, size, z.data(), out);
    rows = Eigen::Map<Vector<T>>(positive.data(), size) - rows;
  } else {
    const MatrixView<T> W = network_->weight(network_->depth() - 1);
    rows.setZero();
    panel_add_products(W.data() + start, W.rows(), layers_[layers_.size() - 2].negative_units,
                       gathered_.data(), size, 1, out, size);
  }
  rows = rows.cwiseMax(T(0));
}

template class LinearPiece<float>;
template class LinearPiece<double>;

}  // namespace gendemod
