#pragma once

#include "padded_rows.hpp"

namespace gendemod::cuda {

/// The suprema of the deviation on great circles, one circle a block: rows i of X, S and U,
/// (count, n), unit, or (1, n) for all; out (count, 3): lower, upper, angle.
void great_circles(const HostRows<double>& W, const HostRows<double>& X, const HostRows<double>& S,
                   const HostRows<double>& U, bool through, double alpha, Index count, double* out);

}  // namespace gendemod::cuda
