#pragma once

#include "gendemod/row_blocks.hpp"

namespace gendemod {

/// The rows w_i of a matrix W, (ell, n), for sums of w_i w_i^T over the rows that a mask keeps.
template <class T>
class MaskedGram {
 public:
  /// The memory of W is the caller's and must outlive this; a copy by columns is made.
  explicit MaskedGram(const RowMajorView<T>& W);

  Index rows() const { return rows_; }
  Index cols() const { return cols_; }
  const T* row(Index i) const { return by_row_ + i * cols_; }

  /// out[:, c] = W x_c for `count` directions; X[k * count + c] is entry k of x_c, out (ell, count)
  /// column-major. 2 ell n count flops. A column of out does not depend on the other directions.
  void products(const T* X, Index count, T* out) const;

  /// What add needs besides.
  struct Workspace {
    explicit Workspace(const MaskedGram& rows) : packed(chunk * rows.width()) {}
    Buffer<T> packed;
  };
  /// Columns filled up to whole lanes.
  Index width() const { return whole_lanes<T>(cols_); }
  /// G += sum over the units of factor_i^2 w_i w_i^T, lower triangle; `factors` (ell,), or null for
  /// 1. G (width, width), of which the first n rows and columns are meant. n^2 |units| flops.
  void add(const Units& units, const T* factors, Workspace& workspace, Matrix<T>& G) const;

 private:
  static constexpr Index chunk = 48;  // rows packed at a time
  Index rows_, cols_;
  const T* by_row_;
  OwnedMatrix<T> by_column_;
  Units all_;
};

}  // namespace gendemod
