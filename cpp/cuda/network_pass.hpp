#pragma once

#include "network.hpp"

namespace gendemod::cuda {

/// A network at many latents: the activations of every layer, and products with the linear pieces
/// Lambda = W_{d,+,z} ... W_{1,+,z}. A unit is on iff its pre-activation is > 0. All memory is
/// allocated on construction. Rows of layers are padded to whole tiles, with zeros.
template <class T>
class NetworkPass {
 public:
  /// Memory for each latent.
  static std::size_t bytes(const Network<T>& network);
  NetworkPass(const Network<T>& network, Index capacity);

  /// Moves to `count` latents on the host, (count, n). 2 sum n_i |on_{i-1}| flops each.
  void forward(Queue& queue, const T* z, Index count);
  /// G(z), (count, stride()).
  const T* output() const { return activations_.back().data(); }
  Index stride() const;

  /// Lambda dz, (count, stride()), for dz on the host, (count, n).
  const T* jacobian(Queue& queue, const T* dz);
  /// Where r is written, (count, stride()), for
  T* seed() { return tangents_.back().data(); }
  /// Lambda^T r, (count, n). The mask of the last layer is put on r, which is not kept.
  const T* jacobian_transpose(Queue& queue);

 private:
  /// The units of layer i that are on; null for the latent itself.
  const int* units(std::size_t i) const { return units_[i].data(); }
  void multiply(Queue& queue, std::size_t i, const std::vector<Array<T>>& values, bool rectify);
  Index width(std::size_t i) const;

  const Network<T>* network_;
  Index count_ = 0;
  std::vector<Array<T>> activations_;  // [0] = z, [i] = relu(W_i [i-1])
  std::vector<Array<T>> tangents_;     // the same for dz, or for Lambda dz and Lambda^T r
  std::vector<Array<int>> units_, unit_counts_;
  Array<double> parts_;
};

/// G(z), (count, ell), for z (count, n). All pointers are the host's; latents are worked on in
/// groups that the free memory holds.
template <class T>
void network_forward(const Network<T>& network, const T* z, Index count, T* out);
/// Lambda_z v, (count, ell), for v (count, n).
template <class T>
void network_jacobian(const Network<T>& network, const T* z, const T* v, Index count, T* out);
/// Lambda_z^T r, (count, n), for r (count, ell).
template <class T>
void network_jacobian_transpose(const Network<T>& network, const T* z, const T* r, Index count,
                                T* out);

}  // namespace gendemod::cuda
