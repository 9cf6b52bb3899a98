#pragma once

#include "gendemod/angles.hpp"
#include "gendemod/masked_gram.hpp"
#include "gendemod/spectral.hpp"

namespace gendemod {

/// The deviation of W from the weight distribution condition (5) at a pair of directions,
///
///   || sum_i 1{w_i.x > 0} 1{w_i.y > 0} w_i w_i^T - alpha Q_{x,y} ||.
///
/// A workspace for one thread; the rows must outlive it.
template <class T>
class Deviation {
 public:
  /// Pairs whose masks are found by one product.
  static constexpr Index group = 5;

  explicit Deviation(const MaskedGram<T>& rows);

  /// Of the rows that are on for x and for y, whose products with W are given; of sqrt(gamma_i) w_i
  /// where `roots`, (ell,), holds the square roots. x and y, (n,), are not zero. The error bound is
  /// at most 1e-9 (1e-4 in float32) of the norm of the Gram sum plus alpha.
  NormBracket operator()(const Eigen::VectorXd& x, const Eigen::VectorXd& y, double alpha,
                         const T* Wx, const T* Wy, const T* roots = nullptr);
  /// The matrix whose norm that is, lower triangle, until the next call.
  const Eigen::MatrixXd& difference(const Eigen::VectorXd& x, const Eigen::VectorXd& y,
                                    double alpha, const T* Wx, const T* Wy,
                                    const T* roots = nullptr);

 private:
  const MaskedGram<T>* rows_;
  typename MaskedGram<T>::Workspace workspace_;
  Units on_;
  Matrix<T> gram_;
  Eigen::MatrixXd difference_;
  Expectation expectation_;
  SpectralNorm norm_;
};

/// What (5) asks for at many pairs: norms_out[i] for rows i of X and Y, (count, n), or (1, n) for
/// all. Pairs run in parallel, each on one thread.
template <class T>
void deviations(const MaskedGram<T>& rows, const RowMajorView<T>& X, const RowMajorView<T>& Y,
                double alpha, int threads, Index count, double* norms_out);

/// The two deviations of the joint condition at directions (h, x) for B and (m, y) for C, scaled so
/// that it reads value <= epsilon:
///
///   (6)  ell || sum_i 1{b_i.h > 0} 1{b_i.x > 0} gamma_i b_i b_i^T - (alpha / ell) m^T Q_{m,y} y
///        Q_{h,x} || / (||m|| ||y||),   gamma_i = relu(c_i.m) relu(c_i.y),
///   (7)  the same with (B, h, x) and (C, m, y) exchanged.
///
/// out (count, 2).
template <class T>
void joint_deviations(const MaskedGram<T>& B, const MaskedGram<T>& C, const RowMajorView<T>& H,
                      const RowMajorView<T>& X, const RowMajorView<T>& M, const RowMajorView<T>& Y,
                      double alpha, int threads, Index count, double* out);

}  // namespace gendemod
