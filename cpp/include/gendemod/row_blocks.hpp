#pragma once

#include <algorithm>

#include "gendemod/lanes.hpp"
#include "gendemod/memory.hpp"
#include "gendemod/relu.hpp"

namespace gendemod {

/// A matrix in strips of rows, each column-major and contiguous, so that products stream through
/// memory in the order in which it lies. Some strips make a block, the unit of work and of all sums
/// over rows, whatever the number of threads: a block's share of every vector stays in the
/// first-level cache. The last strip is filled up with rows of zeros to whole lanes.
template <class T>
class RowBlocks {
 public:
  static constexpr Index strip_height = 8 * lanes<T>;
  static constexpr Index height = 512;

  RowBlocks() = default;
  RowBlocks(Index rows, Index cols) : rows_(rows), cols_(cols), data_(whole_lanes<T>(rows) * cols) {
    const Index last = (rows - 1) / strip_height * strip_height;
    std::fill_n(strip(last), stride(last) * cols, T(0));
  }

  Index rows() const { return rows_; }
  Index cols() const { return cols_; }
  Index count() const { return (rows_ + height - 1) / height; }
  Index start(Index block) const { return block * height; }
  Index size(Index block) const { return std::min(height, rows_ - start(block)); }

  /// The strip that begins at a row, a multiple of strip_height; its rows; its leading dimension.
  T* strip(Index row) { return data_.data() + row * cols_; }
  const T* strip(Index row) const { return data_.data() + row * cols_; }
  Index strip_size(Index row) const { return std::min(strip_height, rows_ - row); }
  Index stride(Index row) const { return whole_lanes<T>(strip_size(row)); }
  /// Numbers in a block, those of the zeros included.
  Index volume(Index block) const { return whole_lanes<T>(size(block)) * cols_; }

  const T& operator()(Index row, Index col) const {
    const Index first = row - row % strip_height;
    return strip(first)[col * stride(first) + row - first];
  }

 private:
  Index rows_ = 0;
  Index cols_ = 0;
  Buffer<T> data_;
};

/// out = rows start .. start + size - 1 of A z; z (cols,), out (size,). 2 size cols flops.
/// A row's sum runs over the columns in order.
template <class T>
void rows_product(const RowBlocks<T>& A, Index start, Index size, const T* z, T* out);

/// g_out = A_b^T r for the rows A_b of a block; r (size(b),), filled up with zeros to whole lanes;
/// g_out (cols,). 2 size cols flops.
template <class T>
void block_product_transpose(const RowBlocks<T>& A, Index block, const T* r, T* g_out);

/// A += sum_k U[:, units[k]] V[:, k]^T for `rows` rows: U column-major (ldu), V (cols, count)
/// column-major, A column-major (ld). 2 rows cols count flops. An entry sums over k in order.
template <class T>
void panel_add_products(const T* U, Index ldu, const Units& units, const T* V, Index rows,
                        Index cols, T* A, Index ld);

/// The same for the rows of a block; U begins at the first of them.
template <class T>
void block_add_products(const T* U, Index ldu, const Units& units, const T* V, Index block,
                        RowBlocks<T>& A);

/// G += sum_k u_k u_k^T, lower triangle; u_k = U[k * n ..], `count` of them, G (n, n) column-major.
/// n^2 count flops and a little more.
template <class T>
void panel_add_squares(const T* U, Index count, Index n, T* G);

}  // namespace gendemod
