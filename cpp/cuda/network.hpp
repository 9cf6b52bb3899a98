#pragma once

#include "device.hpp"
#include "tiles.hpp"

namespace gendemod::cuda {

/// A matrix of the host, column-major.
template <class T>
struct HostMatrix {
  const T* data;
  Index rows, cols;
};

/// The weights of a bias-free ReLU network on the device, in tiles. Immutable; copied once, when it
/// is made: sum of padded n_i times n_{i-1} numbers.
template <class T>
class Network {
 public:
  explicit Network(const std::vector<HostMatrix<T>>& weights);

  Index depth() const { return static_cast<Index>(layers_.size()); }
  Index input_size() const { return layer(0).cols; }
  Index output_size() const { return layer(depth() - 1).rows; }
  /// W_{i+1}.
  Tiles<const T> layer(Index i) const {
    const Layer& layer = layers_[static_cast<std::size_t>(i)];
    return {layer.numbers.data(), layer.rows, layer.cols};
  }

 private:
  struct Layer {
    Array<T> numbers;
    Index rows, cols;
  };
  std::vector<Layer> layers_;
};

}  // namespace gendemod::cuda
