#include "gendemod/row_blocks.hpp"

#include "gendemod/lanes.hpp"

namespace gendemod {
namespace {

/// Count lanes of rows of A z.
template <class T, int Count>
void product_lanes(const T* A, Index ld, Index cols, const T* z, T* z_out) {
  Lane<T> sums[Count];
  for (auto& sum : sums) sum.setZero();
  for (Index j = 0; j < cols; ++j) {
    const T* column = A + j * ld;
    for (int k = 0; k < Count; ++k) sums[k] += LaneView<T>(column + k * lanes<T>) * z[j];
  }
  for (int k = 0; k < Count; ++k) LaneOut<T>(z_out + k * lanes<T>) = sums[k];
}

/// sums[c] += the lanes of A[:, c] * r for a strip of whole height.
template <class T>
void add_dots(const T* A, Index cols, const T* r, Lane<T>* sums) {
  Lane<T> r_lanes[8];
  for (int k = 0; k < 8; ++k) r_lanes[k] = LaneView<T>(r + k * lanes<T>);
  for (Index c = 0; c < cols; ++c) {
    const T* column = A + c * RowBlocks<T>::strip_height;
    Lane<T> even = LaneView<T>(column) * r_lanes[0];
    Lane<T> odd = LaneView<T>(column + lanes<T>) * r_lanes[1];
    for (int k = 2; k < 8; k += 2) {
      even += LaneView<T>(column + k * lanes<T>) * r_lanes[k];
      odd += LaneView<T>(column + (k + 1) * lanes<T>) * r_lanes[k + 1];
    }
    sums[c] += even + odd;
  }
}

/// The same for the last strip.
template <class T>
void add_dots(const T* A, Index ld, Index cols, const T* r, Lane<T>* sums) {
  for (Index c = 0; c < cols; ++c) {
    for (Index i = 0; i < ld; i += lanes<T>) {
      sums[c] += LaneView<T>(A + c * ld + i) * LaneView<T>(r + i);
    }
  }
}

/// Columns of U that are packed at a time, one strip high: they stay in the first-level cache,
/// where columns that lie a power of two apart would not.
constexpr Index packed_columns = 48;

/// Rows lanes by Cols columns of A, kept in registers while k runs. U is packed. Inlined: where few
/// columns are added, calls would cost as much as the sums.
template <class T, int Rows, int Cols>
EIGEN_ALWAYS_INLINE void add_tile(const T* U, Index ldu, Index count, const T* V, Index ldv, T* A,
                                  Index ld) {
  Lane<T> tile[Cols][Rows];
  for (int c = 0; c < Cols; ++c) {
    for (int i = 0; i < Rows; ++i) tile[c][i] = LaneView<T>(A + c * ld + i * lanes<T>);
  }
  for (Index k = 0; k < count; ++k) {
    Lane<T> u[Rows];
    for (int i = 0; i < Rows; ++i) u[i] = LaneView<T>(U + k * ldu + i * lanes<T>);
    for (int c = 0; c < Cols; ++c) {
      for (int i = 0; i < Rows; ++i) tile[c][i] += u[i] * V[k * ldv + c];
    }
  }
  for (int c = 0; c < Cols; ++c) {
    for (int i = 0; i < Rows; ++i) LaneOut<T>(A + c * ld + i * lanes<T>) = tile[c][i];
  }
}

/// Cols columns of A, from the first row to the last.
template <class T, int Cols>
EIGEN_ALWAYS_INLINE void add_columns(const T* U, Index ldu, Index count, const T* V, Index ldv,
                                     Index rows, T* A, Index ld) {
  Index i = 0;
  for (; i + 4 * lanes<T> <= rows; i += 4 * lanes<T>) {
    add_tile<T, 4, Cols>(U + i, ldu, count, V, ldv, A + i, ld);
  }
  for (; i + lanes<T> <= rows; i += lanes<T>) {
    add_tile<T, 1, Cols>(U + i, ldu, count, V, ldv, A + i, ld);
  }
  for (; i < rows; ++i) {
    for (int c = 0; c < Cols; ++c) {
      for (Index k = 0; k < count; ++k) A[c * ld + i] += U[k * ldu + i] * V[k * ldv + c];
    }
  }
}

/// A += U V^T: U (ldu), V (ldv) and A (ld) column-major.
template <class T>
EIGEN_ALWAYS_INLINE void add_products(const T* U, Index ldu, Index count, const T* V, Index ldv,
                                      Index rows, Index cols, T* A, Index ld) {
  Index c = 0;
  for (; c + 5 <= cols; c += 5) {
    add_columns<T, 5>(U, ldu, count, V + c, ldv, rows, A + c * ld, ld);
  }
  if (c + 3 <= cols) {
    add_columns<T, 3>(U, ldu, count, V + c, ldv, rows, A + c * ld, ld);
    c += 3;
  }
  for (; c < cols; ++c) {
    add_columns<T, 1>(U, ldu, count, V + c, ldv, rows, A + c * ld, ld);
  }
}

/// A += sum_k U[:, units[k]] V[:, k]^T for at most a strip of rows. The rows of U that follow are
/// asked for ahead: they are what the next strip packs.
template <class T>
void add_strip_products(const T* U, Index ldu, const Units& units, const T* V, Index rows,
                        Index cols, T* A, Index ld) {
  constexpr Index height = RowBlocks<T>::strip_height;
  alignas(64) T packed[packed_columns * height];
  const auto total = static_cast<Index>(units.size());
  for (Index start = 0; start < total; start += packed_columns) {
    const Index count = std::min(packed_columns, total - start);
    for (Index k = 0; k < count; ++k) {
      const T* column = U + units[static_cast<std::size_t>(start + k)] * ldu;
      std::copy_n(column, rows, packed + k * height);
      for (Index i = 0; i < height; i += lanes<T>) prefetch(column + rows + i);
    }
    add_products<T>(packed, height, count, V + start * cols, cols, rows, cols, A, ld);
  }
}

}  // namespace

template <class T>
void rows_product(const RowBlocks<T>& A, Index start, Index size, const T* z, T* out) {
  constexpr Index height = RowBlocks<T>::strip_height;
  const Index cols = A.cols();
  for (Index first = start - start % height; first < start + size; first += height) {
    const T* strip = A.strip(first);
    const Index ld = A.stride(first), end = std::min(height, start + size - first);
    T* z_out = out + first - start;
    Index i = std::max<Index>(start - first, 0);
    for (; i + 8 * lanes<T> <= end; i += 8 * lanes<T>) {
      product_lanes<T, 8>(strip + i, ld, cols, z, z_out + i);
    }
    for (; i + 4 * lanes<T> <= end; i += 4 * lanes<T>) {
      product_lanes<T, 4>(strip + i, ld, cols, z, z_out + i);
    }
    for (; i + lanes<T> <= end; i += lanes<T>) {
      product_lanes<T, 1>(strip + i, ld, cols, z, z_out + i);
    }
    if (i < end) {
      alignas(64) T rest[lanes<T>];
      product_lanes<T, 1>(strip + i, ld, cols, z, rest);
      std::copy_n(rest, end - i, z_out + i);
    }
  }
}

template <class T>
void block_product_transpose(const RowBlocks<T>& A, Index block, const T* r, T* g_out) {
  constexpr Index height = RowBlocks<T>::strip_height, chunk = 64;
  const Index start = A.start(block), end = start + A.size(block);
  for (Index first = 0; first < A.cols(); first += chunk) {
    const Index cols = std::min(chunk, A.cols() - first);
    Lane<T> sums[chunk];
    for (Index c = 0; c < cols; ++c) sums[c].setZero();
    for (Index row = start; row < end; row += height) {
      const Index ld = A.stride(row);
      const T* strip = A.strip(row) + first * ld;
      if (ld == height) {
        add_dots(strip, cols, r + row - start, sums);
      } else {
        add_dots(strip, ld, cols, r + row - start, sums);
      }
    }
    for (Index c = 0; c < cols; ++c) g_out[first + c] = sums[c].sum();
  }
}

template <class T>
void panel_add_products(const T* U, Index ldu, const Units& units, const T* V, Index rows,
                        Index cols, T* A, Index ld) {
  constexpr Index height = RowBlocks<T>::strip_height;
  for (Index i = 0; i < rows; i += height) {
    add_strip_products(U + i, ldu, units, V, std::min(height, rows - i), cols, A + i, ld);
  }
}

template <class T>
void block_add_products(const T* U, Index ldu, const Units& units, const T* V, Index block,
                        RowBlocks<T>& A) {
  const Index start = A.start(block), end = start + A.size(block);
  for (Index row = start; row < end; row += A.strip_height) {
    add_strip_products(U + row - start, ldu, units, V, A.strip_size(row), A.cols(), A.strip(row),
                       A.stride(row));
  }
}

template <class T>
void panel_add_squares(const T* U, Index count, Index n, T* G) {
  constexpr Index tile = 4 * lanes<T>, lane = lanes<T>;
  for (Index start = 0; start < count; start += packed_columns) {
    const Index now = std::min(packed_columns, count - start);
    const T* rows = U + start * n;
    for (Index i = 0; i < n; i += tile) {
      const Index size = std::min(tile, n - i);
      add_products<T>(rows + i, n, now, rows, n, size, i, G + i, n);
      // On the diagonal a lane of rows at a time, to compute less of what lies above it.
      for (Index r = i; r < i + size; r += lane) {
        for (Index c = i; c <= r; c += lane) {
          add_tile<T, 1, lane>(rows + r, n, now, rows + c, n, G + c * n + r, n);
        }
      }
    }
  }
}

#define GENDEMOD_INSTANTIATE(T)                                                               \
  template void panel_add_squares(const T*, Index, Index, T*);                                \
  template void rows_product(const RowBlocks<T>&, Index, Index, const T*, T*);                \
  template void block_product_transpose(const RowBlocks<T>&, Index, const T*, T*);            \
  template void panel_add_products(const T*, Index, const Units&, const T*, Index, Index, T*, \
                                   Index);                                                    \
  template void block_add_products(const T*, Index, const Units&, const T*, Index, RowBlocks<T>&);
GENDEMOD_INSTANTIATE(float)
GENDEMOD_INSTANTIATE(double)

}  // namespace gendemod
