#include "launch.hpp"
#include "layer_product.hpp"
#include "layer_product_transpose.hpp"
#include "network_pass.hpp"
#include "outputs.hpp"
#include "rows.hpp"
#include "units.hpp"

namespace gendemod::cuda {
namespace {

/// Numbers of layer i of a row; the latent itself is not padded.
template <class T>
Index padded_width(const Network<T>& network, Index i) {
  return i == 0 ? network.input_size() : network.layer(i - 1).padded_rows();
}

/// Parts of a transposed product: as many as the layer with most of them has.
template <class T>
Index most_parts(const Network<T>& network) {
  Index most = 0;
  for (Index i = 0; i < network.depth(); ++i) {
    most = std::max(most, network.layer(i).count() * network.layer(i).cols);
  }
  return most;
}

template <class U>
Array<U> array(Index rows, Index size) {
  return Array<U>(static_cast<std::size_t>(rows * size));
}

}  // namespace

template <class T>
std::size_t NetworkPass<T>::bytes(const Network<T>& network) {
  Index numbers = padded_width(network, network.depth()), listed = 0;
  for (Index i = 0; i < network.depth(); ++i) {
    numbers += padded_width(network, i);
    listed += i > 0 ? network.layer(i).cols + 1 : 0;
  }
  return static_cast<std::size_t>(2 * numbers) * sizeof(T) +
         static_cast<std::size_t>(listed) * sizeof(int) +
         static_cast<std::size_t>(most_parts(network)) * sizeof(double);
}

template <class T>
NetworkPass<T>::NetworkPass(const Network<T>& network, Index capacity)
    : network_(&network), parts_(array<double>(capacity, most_parts(network))) {
  for (Index i = 0; i <= network.depth(); ++i) {
    const Index listed = 0 < i && i < network.depth() ? network.layer(i).cols : 0;
    activations_.push_back(array<T>(capacity, padded_width(network, i)));
    tangents_.push_back(array<T>(capacity, padded_width(network, i)));
    units_.push_back(array<int>(capacity, listed));
    unit_counts_.push_back(array<int>(capacity, listed > 0 ? 1 : 0));
  }
}

template <class T>
Index NetworkPass<T>::width(std::size_t i) const {
  return padded_width(*network_, static_cast<Index>(i));
}

template <class T>
Index NetworkPass<T>::stride() const {
  return width(activations_.size() - 1);
}

/// values[i] = W_i (mask_{i-1} * values[i-1]), or its relu.
template <class T>
void NetworkPass<T>::multiply(Queue& queue, std::size_t i, const std::vector<Array<T>>& values,
                              bool rectify) {
  const Tiles<const T> W = network_->layer(static_cast<Index>(i) - 1);
  launch(queue, count_ * W.count(),
         LayerProduct<T>{W, values[i - 1].data(), width(i - 1), units(i - 1),
                         unit_counts_[i - 1].data(), rectify, values[i].data()});
}

template <class T>
void NetworkPass<T>::forward(Queue& queue, const T* z, Index count) {
  count_ = count;
  queue.upload(z, activations_[0].data(),
               static_cast<std::size_t>(count * network_->input_size()) * sizeof(T));
  for (std::size_t i = 1; i < activations_.size(); ++i) {
    multiply(queue, i, activations_, true);
    if (i + 1 < activations_.size()) {
      const Index size = network_->layer(static_cast<Index>(i)).cols;
      launch(queue, count,
             ListUnits<T>{activations_[i].data(), size, width(i), units_[i].data(),
                          unit_counts_[i].data()});
    }
  }
}

template <class T>
const T* NetworkPass<T>::jacobian(Queue& queue, const T* dz) {
  queue.upload(dz, tangents_[0].data(),
               static_cast<std::size_t>(count_ * network_->input_size()) * sizeof(T));
  for (std::size_t i = 1; i < tangents_.size(); ++i) multiply(queue, i, tangents_, false);
  launch(queue, count_ * stride() / tile_rows, Mask<T>{output(), seed()});
  return tangents_.back().data();
}

template <class T>
const T* NetworkPass<T>::jacobian_transpose(Queue& queue) {
  launch(queue, count_ * stride() / tile_rows, Mask<T>{output(), seed()});
  for (std::size_t i = tangents_.size() - 1; i > 0; --i) {
    const Tiles<const T> W = network_->layer(static_cast<Index>(i) - 1);
    const int* const counts = unit_counts_[i - 1].data();
    const LayerProductTranspose<T> product{W, tangents_[i].data(), units(i - 1), counts,
                                           parts_.data()};
    const SumParts<T> sum{parts_.data(),           W.count(),   W.cols, units(i - 1), counts,
                          tangents_[i - 1].data(), width(i - 1)};
    tangents_[i - 1].zero(queue);
    launch(queue, product.blocks(count_), product);
    launch(queue, sum.blocks(count_), sum);
  }
  return tangents_[0].data();
}

namespace {

/// Passes over groups of latents, as many as the memory holds: then(queue, pass, first, size).
template <class T, class Then>
void in_groups(const Network<T>& network, const T* z, Index count, Then then) {
  const Index capacity = group_size(NetworkPass<T>::bytes(network), count);
  Queue queue;
  NetworkPass<T> pass(network, capacity);
  for (Index first = 0; first < count; first += capacity) {
    const Index size = std::min(capacity, count - first);
    pass.forward(queue, z + first * network.input_size(), size);
    then(queue, pass, first, size);
  }
}

}  // namespace

template <class T>
void network_forward(const Network<T>& network, const T* z, Index count, T* out) {
  const Index ell = network.output_size();
  in_groups(network, z, count, [&](Queue& queue, auto& pass, Index first, Index size) {
    download_rows(queue, pass.output(), pass.stride(), size, ell, out + first * ell);
  });
}

template <class T>
void network_jacobian(const Network<T>& network, const T* z, const T* v, Index count, T* out) {
  const Index n = network.input_size(), ell = network.output_size();
  in_groups(network, z, count, [&](Queue& queue, auto& pass, Index first, Index size) {
    const T* product = pass.jacobian(queue, v + first * n);
    download_rows(queue, product, pass.stride(), size, ell, out + first * ell);
  });
}

template <class T>
void network_jacobian_transpose(const Network<T>& network, const T* z, const T* r, Index count,
                                T* out) {
  const Index n = network.input_size(), ell = network.output_size();
  in_groups(network, z, count, [&](Queue& queue, auto& pass, Index first, Index size) {
    upload_rows(queue, r + first * ell, size, ell, pass.seed(), pass.stride());
    queue.download(pass.jacobian_transpose(queue), out + first * n,
                   static_cast<std::size_t>(size * n) * sizeof(T));
  });
}

#define GENDEMOD_INSTANTIATE(T)                                                     \
  template class NetworkPass<T>;                                                    \
  template void network_forward(const Network<T>&, const T*, Index, T*);            \
  template void network_jacobian(const Network<T>&, const T*, const T*, Index, T*); \
  template void network_jacobian_transpose(const Network<T>&, const T*, const T*, Index, T*);
GENDEMOD_INSTANTIATE(float)
GENDEMOD_INSTANTIATE(double)

}  // namespace gendemod::cuda
