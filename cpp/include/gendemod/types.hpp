#pragma once

#include <Eigen/Core>

/// The words that every file of the core uses.
///
///   symbol        meaning                                                    shape
///   W_i, V_i      weights of layer i of the first and the second generator   (n_i, n_{i-1})
///   h, m          latents                                                    (n,), (p,)
///   w, x          outputs, w = G1(h), x = G2(m)                              (ell,)
///   y             observation, y ~ w * x entrywise                           (ell,)
///   v             weights of the observation, >= 0                           (ell,)
///   r             weighted residual, v * (w * x - y)                         (ell,)
///   Lambda        the matrix that a network is around a latent               (ell, n)
namespace gendemod {

using Index = Eigen::Index;

inline constexpr double pi = 3.14159265358979323846;

template <class T>
using Vector = Eigen::Matrix<T, Eigen::Dynamic, 1>;

/// Column-major: a masked layer skips whole columns in both directions.
template <class T>
using Matrix = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic>;

/// Read-only views; they never copy.
template <class T>
using MatrixView = Eigen::Map<const Matrix<T>>;
template <class T>
using VectorView = Eigen::Map<const Vector<T>>;
template <class T>
using RowMajorView =
    Eigen::Map<const Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>;

using Mask = Eigen::Array<bool, Eigen::Dynamic, 1>;

}  // namespace gendemod
