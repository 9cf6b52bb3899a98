#pragma once

#include <algorithm>

#include "gendemod/relu.hpp"

namespace gendemod {

/// A matrix in blocks of rows, each block column-major and contiguous: a product streams through
/// memory, and a block with its share of every vector stays in the first-level cache. The blocks
/// are also the unit of all sums over rows, whatever the number of threads.
template <class T>
class RowBlocks {
 public:
  static constexpr Index height = 512;

  RowBlocks() = default;
  RowBlocks(Index rows, Index cols) : rows_(rows), cols_(cols), data_(rows * cols) {}

  Index rows() const { return rows_; }
  Index cols() const { return cols_; }
  Index count() const { return (rows_ + height - 1) / height; }
  Index start(Index block) const { return block * height; }
  Index size(Index block) const { return std::min(height, rows_ - start(block)); }
  /// The block, column-major with leading dimension size(block).
  T* block(Index block) { return data_.data() + start(block) * cols_; }
  const T* block(Index block) const { return data_.data() + start(block) * cols_; }

 private:
  Index rows_ = 0;
  Index cols_ = 0;
  Vector<T> data_;
};

/// z_out = A z for `rows` rows; A column-major (ld), z (cols,), z_out (rows,). 2 rows cols flops.
/// A row's sum runs over the columns in order.
template <class T>
void panel_product(const T* A, Index ld, Index rows, Index cols, const T* z, T* z_out);

/// g_out[j] = A[:, j] . r for `rows` rows; A column-major (ld), r (rows,), g_out (cols,).
template <class T>
void panel_product_transpose(const T* A, Index ld, Index rows, Index cols, const T* r, T* g_out);

/// A += sum_k U[:, units[k]] V[:, k]^T for `rows` rows, at most a block's height: U column-major
/// (ldu), V (cols, count) column-major, A column-major (ld). 2 rows cols count flops. An entry sums
/// over k in order.
template <class T>
void panel_add_products(const T* U, Index ldu, const Units& units, const T* V, Index rows,
                        Index cols, T* A, Index ld);

}  // namespace gendemod
