#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "gendemod/row_blocks.hpp"

namespace gendemod {

/// G(z) = relu(W_d ... relu(W_1 z)): a bias-free ReLU network. Immutable.
template <class T>
class ReLUNetwork {
 public:
  /// weights[i] is W_{i+1}, (n_{i+1}, n_i). Throws where two layers do not fit.
  explicit ReLUNetwork(std::vector<OwnedMatrix<T>> weights);
  ReLUNetwork(ReLUNetwork&&) = default;

  Index depth() const { return static_cast<Index>(weights_.size()); }
  Index input_size() const { return weight(0).cols(); }
  Index output_size() const { return weight(depth() - 1).rows(); }
  MatrixView<T> weight(Index i) const { return weights_[static_cast<std::size_t>(i)].view(); }

  /// W_2 W_1 of a network of depth 2, made on first use and kept: G(-z) = relu(P_2 z - W_2 W_1 z)
  /// for the piece P_2 at z, since the units that are on at -z are those that are off at z.
  const RowBlocks<T>& product() const;

 private:
  struct Product {
    std::once_flag made;
    RowBlocks<T> blocks;
  };
  std::vector<OwnedMatrix<T>> weights_;
  std::shared_ptr<Product> product_ = std::make_shared<Product>();
};

/// Entries N(0, 1 / n_i), a function of (seed, layer, index) alone. With `truncated`, Theorem 2:
/// a row of the last layer is set to zero if its norm exceeds 3 sqrt(n_{d-1} / ell).
/// dims = (n_0, ..., n_d).
std::vector<Matrix<double>> gaussian_weights(const std::vector<Index>& dims, std::uint64_t seed,
                                             bool truncated);

}  // namespace gendemod
