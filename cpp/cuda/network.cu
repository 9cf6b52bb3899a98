#include <algorithm>

#include "network.hpp"

namespace gendemod::cuda {
namespace {

/// Numbers that are brought to the device at a time.
constexpr Index staged = Index(1) << 24;

/// Packs a matrix into tiles, a few of them at a time, and uploads them.
template <class T>
void upload_tiles(Queue& queue, const HostMatrix<T>& W, Tiles<T> out) {
  const Index volume = W.cols * tile_rows;
  const Index step = std::max<Index>(1, staged / volume);
  std::vector<T> packed(static_cast<std::size_t>(std::min(step, out.count()) * volume));
  for (Index first = 0; first < out.count(); first += step) {
    const Index last = std::min(first + step, out.count());
    std::fill(packed.begin(), packed.end(), T(0));
    for (Index tile = first; tile < last; ++tile) {
      const Index row = tile * tile_rows, size = std::min<Index>(tile_rows, W.rows - row);
      for (Index col = 0; col < W.cols; ++col) {
        std::copy_n(W.data + col * W.rows + row, size,
                    packed.data() + (tile - first) * volume + col * tile_rows);
      }
    }
    queue.upload(packed.data(), out.column(first, 0),
                 static_cast<std::size_t>((last - first) * volume) * sizeof(T));
    queue.wait();
  }
}

}  // namespace

template <class T>
Network<T>::Network(const std::vector<HostMatrix<T>>& weights) {
  std::size_t numbers = 0;
  for (const auto& W : weights) {
    numbers += static_cast<std::size_t>(Tiles<T>{nullptr, W.rows, W.cols}.volume());
  }
  require(numbers * sizeof(T));
  Queue queue;
  for (const auto& W : weights) {
    Tiles<T> tiles{nullptr, W.rows, W.cols};
    Layer layer{Array<T>(static_cast<std::size_t>(tiles.volume())), W.rows, W.cols};
    tiles.data = layer.numbers.data();
    upload_tiles(queue, W, tiles);
    layers_.push_back(std::move(layer));
  }
}

template class Network<float>;
template class Network<double>;

}  // namespace gendemod::cuda
