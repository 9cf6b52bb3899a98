#pragma once

#include "network_pass.hpp"
#include "product_model.hpp"

namespace gendemod::cuda {

/// One observation on the device, and the objective (2) of the paper at many latents,
///
///   f(h, m) = 1/2 sum_i v_i (w_i x_i - y_i)^2,   w = G1(h), x = G2(m),
///   grad_h f = Lambda_h^T (x * r),  grad_m f = Lambda_m^T (w * r),  r = v * (w * x - y).
///
/// The networks must outlive the problem. h (count, n) and m (count, p) are the host's, as are the
/// results; latents are worked on in groups that the free memory holds. Sums over ell are float64.
template <class T>
class Problem {
 public:
  /// y and v, (ell,), are copied.
  Problem(const Network<T>& g1, const Network<T>& g2, const T* y, const T* v);

  const Network<T>& g1() const { return *g1_; }
  const Network<T>& g2() const { return *g2_; }

  /// f, (count,).
  void objective(const T* h, const T* m, Index count, double* out) const;
  /// (count, n) and (count, p).
  void gradients(const T* h, const T* m, Index count, T* h_out, T* m_out) const;
  /// Line 3 of Algorithm 1, (count, 2): the signs with the least f(s_h h, s_m m), the first of
  /// (+,+), (-,+), (+,-), (-,-) among equals.
  void best_signs(const T* h, const T* m, Index count, int* out) const;

 private:
  /// Memory for a pair of latents, with so many passes of each network.
  std::size_t bytes(int passes) const;
  Index stride() const { return g1_->layer(g1_->depth() - 1).padded_rows(); }

  const Network<T>*g1_, *g2_;
  Observations<T> observation_;
};

}  // namespace gendemod::cuda
