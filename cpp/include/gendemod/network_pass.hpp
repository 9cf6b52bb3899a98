#pragma once

#include <vector>

#include "gendemod/relu.hpp"
#include "gendemod/relu_network.hpp"

namespace gendemod {

/// A network at one latent z: the activations and masks of every layer, and the products with
/// Lambda = W_{d,+,z} ... W_{1,+,z}, for which G(z) = Lambda z. A unit is on iff its
/// pre-activation is > 0. All memory is allocated on construction.
template <class T>
class NetworkPass {
 public:
  explicit NetworkPass(const ReLUNetwork<T>& network);

  /// Moves to z, (n,). 2 sum n_i |on_{i-1}| flops.
  void forward(const Vector<T>& z);

  /// Moves to z with the masks of z + t dz for all small t > 0: a unit is on iff its
  /// pre-activation is > 0, or = 0 and grows along dz (eq. 4). Twice the flops of forward.
  /// Afterwards tangent() is the one-sided derivative of G at z along dz.
  void forward_along(const Vector<T>& z, const Vector<T>& dz);

  /// G(z), (ell,).
  const Vector<T>& output() const { return activations_.back(); }
  /// See forward_along, (ell,).
  const Vector<T>& tangent() const { return tangents_.back(); }
  /// Mask of layer i = 1 .. d, (n_i,).
  const Mask& mask(Index i) const { return masks_[static_cast<std::size_t>(i)]; }

  /// out = Lambda dz; dz (n,), out (ell,).
  void jacobian(const Vector<T>& dz, Vector<T>& out);
  /// out = Lambda^T r; r (ell,), out (n,).
  void jacobian_transpose(const Vector<T>& r, Vector<T>& out);

 private:
  void advance(std::size_t i, std::vector<Vector<T>>& values);
  void set_mask(std::size_t i);

  const ReLUNetwork<T>* network_;
  std::vector<Vector<T>> activations_;  // activations_[0] = z, [i] = relu(W_i [i-1])
  std::vector<Vector<T>> tangents_;     // the same for dz, or for Lambda dz and Lambda^T r
  std::vector<Mask> masks_;             // masks_[0] is all true
  std::vector<Units> units_;            // masks_ as lists
};

}  // namespace gendemod
