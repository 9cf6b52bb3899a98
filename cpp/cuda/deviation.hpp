#pragma once

#include "padded_rows.hpp"

namespace gendemod::cuda {

/// What (5) asks for at many pairs: norms_out[i] for rows i of X and Y, (count, n), or (1, n) for
/// all. Arrays are the host's; W is copied once, pairs in groups that the free memory holds, on
/// which no result depends.
template <class T>
void deviations(const HostRows<T>& W, const HostRows<T>& X, const HostRows<T>& Y, double alpha,
                Index count, double* norms_out);

/// The two deviations of the joint condition, (6) and (7), at directions (h, x) for B and (m, y)
/// for C; out (count, 2).
template <class T>
void joint_deviations(const HostRows<T>& B, const HostRows<T>& C, const HostRows<T>& H,
                      const HostRows<T>& X, const HostRows<T>& M, const HostRows<T>& Y,
                      double alpha, Index count, double* out);

}  // namespace gendemod::cuda
