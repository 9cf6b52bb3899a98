#include "gendemod/relu_network.hpp"

#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "gendemod/check.hpp"
#include "gendemod/random.hpp"

namespace gendemod {

template <class T>
ReLUNetwork<T>::ReLUNetwork(std::vector<OwnedMatrix<T>> weights) : weights_(std::move(weights)) {
  if (weights_.empty()) throw std::invalid_argument("`weights` must hold at least one matrix");
  for (Index i = 0; i < depth(); ++i) {
    const MatrixView<T> W = weight(i);
    if (W.size() == 0) throw std::invalid_argument("`weights` must not be empty");
    if (W.cols() > std::numeric_limits<std::int32_t>::max()) {
      throw std::invalid_argument("`weights` must have fewer than 2^31 columns");
    }
    if (i > 0) check_size("weights", W.cols(), weight(i - 1).rows());
  }
}

template <class T>
const RowBlocks<T>& ReLUNetwork<T>::product() const {
  std::call_once(product_->made, [this] {
    const MatrixView<T> W1 = weight(0), W2 = weight(1);
    RowBlocks<T> blocks(output_size(), input_size());
    std::fill_n(blocks.strip(0), blocks.rows() * blocks.cols(), T(0));
    Units all(static_cast<std::size_t>(W1.rows()));
    std::iota(all.begin(), all.end(), 0);
    const Matrix<T> rows = W1.transpose();
    for (Index b = 0; b < blocks.count(); ++b) {
      block_add_products(W2.data() + blocks.start(b), W2.rows(), all, rows.data(), b, blocks);
    }
    product_->blocks = std::move(blocks);
  });
  return product_->blocks;
}

std::vector<Matrix<double>> gaussian_weights(const std::vector<Index>& dims, std::uint64_t seed,
                                             bool truncated) {
  std::vector<Matrix<double>> weights;
  for (std::size_t i = 0; i + 1 < dims.size(); ++i) {
    const Index rows = dims[i + 1], cols = dims[i];
    Vector<double> normal(rows * cols);
    fill_normal(seed, {Stream::Kind::layer, static_cast<std::uint32_t>(i), 0}, rows * cols,
                normal.data());
    normal *= std::sqrt(1.0 / static_cast<double>(rows));
    weights.emplace_back(RowMajorView<double>(normal.data(), rows, cols));
  }
  if (truncated) {
    Matrix<double>& last = weights.back();
    const double limit = 9.0 * static_cast<double>(last.cols()) / static_cast<double>(last.rows());
    for (Index i = 0; i < last.rows(); ++i) {
      if (last.row(i).squaredNorm() > limit) last.row(i).setZero();
    }
  }
  return weights;
}

template class ReLUNetwork<float>;
template class ReLUNetwork<double>;

}  // namespace gendemod
