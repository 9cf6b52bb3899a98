#pragma once

#include "device.hpp"
#include "norm_state.hpp"

namespace gendemod::cuda {

/// Spectral norms of many symmetric matrices of one size, in float64: Lanczos gives a value that
/// the norm reaches, two factorisations prove that nothing lies beyond it by more than a slack.
/// Where they do not, such proofs are tried further away, and halve the bracket that is left.
class SpectralNorms {
 public:
  /// For at most `most` matrices of `cols` columns.
  SpectralNorms(Index most, Index cols);

  /// Columns with those of zeros.
  Index order() const { return order(cols_); }
  /// Where the matrices go, (most, order, order), and what is asked of their norms.
  double* matrices() const { return matrices_.data(); }
  NormState* states() const { return states_.data(); }
  /// Finds the norms of the first `count`.
  void find(Queue& queue, Index count);
  /// Brings them to the host: out[i * stride].
  void download(Queue& queue, Index count, double* out, Index stride) const;

  static Index order(Index cols) { return (cols + 31) / 32 * 32; }
  /// Memory for a matrix.
  static Index bytes(Index cols) {
    return 8 * order(cols) * (3 * order(cols) + 3) + static_cast<Index>(sizeof(NormState)) + 8;
  }

 private:
  template <int threads>
  void guess(Queue& queue, Index count);

  Index cols_;
  Array<double> matrices_, factors_, vectors_;
  Array<NormState> states_;
  Array<int> proven_, open_;
};

}  // namespace gendemod::cuda
