#pragma once

#include "product_model.hpp"
#include "relu.hpp"

namespace gendemod::cuda {

/// The four sign pairs (s_h, s_m) of line 3 of Algorithm 1 are (+,+), (-,+), (+,-), (-,-), in the
/// order in which ties are broken.
GENDEMOD_BOTH bool negates_h(int pair) {
  return (pair & 1) != 0;
}
GENDEMOD_BOTH bool negates_m(int pair) {
  return (pair & 2) != 0;
}

/// Rivals that may still win, as bits 1 << pair.
inline constexpr int rivals_with_negative_h = 0b1010;
inline constexpr int rivals_with_negative_m = 0b1100;

/// Rows of G(-z): relu(own * value + sign * M[:, units] factors[units]), value = P_d z.
template <class T>
struct NegativeRows {
  T own, sign;
  const T* value;    // (problems, padded rows)
  Tiles<const T> M;  // without columns at depth 1
  const T* factors;  // (problems, factors_stride)
  Index factors_stride;
  const int* units;   // (problems, M.cols), or null: all columns
  const int* counts;  // (problems,)

  /// A row of G(-z), of which `positive` is P_d z and `sum` is M[:, units] factors[units].
  GENDEMOD_DEVICE T output(T positive, T sum) const {
    return relu(own == T(0) ? sign * sum : own * positive + sign * sum);
  }
};

}  // namespace gendemod::cuda
