#pragma once

#include "gendemod/network_pass.hpp"

namespace gendemod {

/// Rows of a partial sum. Every sum over ell adds the partial sums in order.
inline constexpr Index sum_rows = 64;

/// One observation and the objective (2) of the paper,
///
///   f(h, m) = 1/2 sum_i v_i (w_i x_i - y_i)^2,   w = G1(h), x = G2(m),
///   grad_h f = Lambda_h^T (x * r),  grad_m f = Lambda_m^T (w * r),  r = v * (w * x - y).
///
/// The networks must outlive the model. Objectives and curvatures are summed in float64, in a fixed
/// order.
template <class T>
class ProductModel {
 public:
  /// y (ell,); v (ell,) or empty, which means 1. Both are copied.
  ProductModel(const ReLUNetwork<T>& g1, const ReLUNetwork<T>& g2, VectorView<T> y,
               VectorView<T> v);

  const ReLUNetwork<T>& g1() const { return *g1_; }
  const ReLUNetwork<T>& g2() const { return *g2_; }

  /// sum v (w x - y)^2 over the rows start .. start + size - 1, at most sum_rows of them; w and x
  /// point to those rows.
  double squares(Index start, Index size, const T* w, const T* x) const;
  /// f, from the outputs: half the sum of all squares.
  double objective(const Vector<T>& w, const Vector<T>& x) const;
  /// f at w * x = 0: 1/2 sum v y^2.
  double objective_at_zero() const { return objective_at_zero_; }
  /// Whether some observed entry of y is positive; otherwise w * x = 0 is the best fit.
  bool has_signal() const { return has_signal_; }

  /// out = other * r in the rows start .. start + size - 1, to which all pointers point: what
  /// Lambda^T pulls back to a gradient, other = x for h and w for m.
  void gradient_seed(Index start, Index size, const T* w, const T* x, const T* other, T* out) const;
  /// sum v (other * d)^2: the second derivative of f along a change d of one output.
  double curvature(const Vector<T>& other, const Vector<T>& d) const;
  /// The factors of the residual's Jacobian for some rows (rows start .., at most factor.size()):
  /// r = sqrt(v) (w x - y), and sqrt(v) x where w > 0 and sqrt(v) w where x > 0, which multiply
  /// rows of the pieces of G1 and G2. float64.
  void linearise(Index start, Index size, const Vector<T>& w, const Vector<T>& x,
                 Eigen::ArrayXd& factor_h_out, Eigen::ArrayXd& factor_m_out,
                 Eigen::Ref<Eigen::VectorXd> r_out) const;
  /// The a >= 0 that minimises f over w * x -> a (w * x): max(0, <y, wx>_v / <wx, wx>_v), or 0.
  double radial_minimiser(const Vector<T>& w, const Vector<T>& x) const;
  /// d/dt f at t = 0+ along w + t dw, x + t dx.
  double derivative(const Vector<T>& w, const Vector<T>& x, const Vector<T>& dw,
                    const Vector<T>& dx) const;

 private:
  template <class Term>
  double weighted_part(Index start, Index size, Term term) const;
  template <class Term>
  double weighted_sum(Term term) const;

  const ReLUNetwork<T>* g1_;
  const ReLUNetwork<T>* g2_;
  Vector<T> y_;
  Vector<T> v_;  // empty: 1
  double objective_at_zero_;
  bool has_signal_;
};

/// The four sign pairs (s_h, s_m) of line 3 of Algorithm 1, in the order in which ties are broken.
inline constexpr int sign_pairs[4][2] = {{1, 1}, {-1, 1}, {1, -1}, {-1, -1}};

/// Position in sign_pairs of the smallest of the four objectives f(s_h h, s_m m); the first of
/// equals. positive_* and negative_* are the outputs at the latents and at their negatives.
template <class T>
int best_sign_pair(const ProductModel<T>& model, const Vector<T>& positive_w,
                   const Vector<T>& negative_w, const Vector<T>& positive_x,
                   const Vector<T>& negative_x);

}  // namespace gendemod
