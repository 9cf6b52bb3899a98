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

/// Count dot products with r.
template <class T, int Count>
void dot_columns_at(const T* A, Index ld, Index rows, const T* r, T* g_out) {
  Lane<T> sums[Count];
  for (auto& sum : sums) sum.setZero();
  const Index whole = rows - rows % lanes<T>;
  for (Index i = 0; i < whole; i += lanes<T>) {
    const LaneView<T> r_lane(r + i);
    for (int k = 0; k < Count; ++k) sums[k] += LaneView<T>(A + k * ld + i) * r_lane;
  }
  for (int k = 0; k < Count; ++k) {
    T total = sums[k].sum();
    for (Index i = whole; i < rows; ++i) total += A[k * ld + i] * r[i];
    g_out[k] = total;
  }
}

/// Columns of U that are packed at a time: they fill the first-level cache, and are read ten times
/// or more from there instead of from columns that lie a power of two apart.
constexpr Index packed_columns = 16;

/// Rows lanes by Cols columns of A, kept in registers while k runs. U is packed.
template <class T, int Rows, int Cols>
void add_tile(const T* U, Index ldu, Index count, const T* V, Index ldv, T* A, Index ld) {
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
void add_columns(const T* U, Index count, const T* V, Index ldv, Index rows, T* A, Index ld) {
  constexpr Index ldu = RowBlocks<T>::height;
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

}  // namespace

template <class T>
void panel_product(const T* A, Index ld, Index rows, Index cols, const T* z, T* z_out) {
  Index i = 0;
  for (; i + 8 * lanes<T> <= rows; i += 8 * lanes<T>) {
    product_lanes<T, 8>(A + i, ld, cols, z, z_out + i);
  }
  for (; i + lanes<T> <= rows; i += lanes<T>) product_lanes<T, 1>(A + i, ld, cols, z, z_out + i);
  for (; i < rows; ++i) {
    T sum = 0;
    for (Index j = 0; j < cols; ++j) sum += A[j * ld + i] * z[j];
    z_out[i] = sum;
  }
}

template <class T>
void panel_product_transpose(const T* A, Index ld, Index rows, Index cols, const T* r, T* g_out) {
  Index j = 0;
  for (; j + 5 <= cols; j += 5) dot_columns_at<T, 5>(A + j * ld, ld, rows, r, g_out + j);
  for (; j < cols; ++j) dot_columns_at<T, 1>(A + j * ld, ld, rows, r, g_out + j);
}

template <class T>
void panel_add_products(const T* U, Index ldu, const Units& units, const T* V, Index rows,
                        Index cols, T* A, Index ld) {
  constexpr Index height = RowBlocks<T>::height;
  alignas(64) T packed[packed_columns * height];
  const auto total = static_cast<Index>(units.size());
  for (Index start = 0; start < total; start += packed_columns) {
    const Index count = std::min(packed_columns, total - start);
    for (Index k = 0; k < count; ++k) {
      std::copy_n(U + units[static_cast<std::size_t>(start + k)] * ldu, rows, packed + k * height);
    }
    const T* v = V + start * cols;
    Index c = 0;
    for (; c + 5 <= cols; c += 5)
      add_columns<T, 5>(packed, count, v + c, cols, rows, A + c * ld, ld);
    for (; c < cols; ++c) add_columns<T, 1>(packed, count, v + c, cols, rows, A + c * ld, ld);
  }
}

#define GENDEMOD_INSTANTIATE(T)                                                               \
  template void panel_product(const T*, Index, Index, Index, const T*, T*);                   \
  template void panel_product_transpose(const T*, Index, Index, Index, const T*, T*);         \
  template void panel_add_products(const T*, Index, const Units&, const T*, Index, Index, T*, \
                                   Index);
GENDEMOD_INSTANTIATE(float)
GENDEMOD_INSTANTIATE(double)

}  // namespace gendemod
