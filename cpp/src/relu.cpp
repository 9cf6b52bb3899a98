#include "gendemod/relu.hpp"

#include <algorithm>

#include "gendemod/lanes.hpp"

namespace gendemod {
namespace {

/// Rows handled at a time: a block of the output stays in the first-level cache.
constexpr Index row_block = 1024;

template <class T>
using Block = Eigen::Map<Eigen::Array<T, Eigen::Dynamic, 1>>;
template <class T>
using BlockView = Eigen::Map<const Eigen::Array<T, Eigen::Dynamic, 1>>;

/// out[k] = columns[k] . r for Count columns of `rows` entries: lane by lane, then the lanes of
/// each sum, then the rest. The order depends on nothing but `rows`.
template <class T, int Count>
void dot_block(const T* const* columns, const T* r, Index rows, T* out) {
  Lane<T> sums[Count];
  for (auto& sum : sums) sum.setZero();
  const Index whole = rows - rows % lanes<T>;
  for (Index i = 0; i < whole; i += lanes<T>) {
    const LaneView<T> r_lane(r + i);
    for (int k = 0; k < Count; ++k) sums[k] += LaneView<T>(columns[k] + i) * r_lane;
  }
  for (int k = 0; k < Count; ++k) {
    T total = sums[k].sum();
    for (Index i = whole; i < rows; ++i) total += columns[k][i] * r[i];
    out[k] = total;
  }
}

template <class On>
void list_where(Index size, On on, Units& units_out) {
  units_out.resize(static_cast<std::size_t>(size));
  std::size_t count = 0;
  for (Index j = 0; j < size; ++j) {
    units_out[count] = static_cast<std::int32_t>(j);
    count += on(j);
  }
  units_out.resize(count);
}

}  // namespace

void list_units(const Mask& on, Units& units_out) {
  list_where(on.size(), [&](Index j) { return on[j]; }, units_out);
}

template <class T>
void list_units(const Vector<T>& value, Units& units_out) {
  list_where(value.size(), [&](Index j) { return value[j] > T(0); }, units_out);
}

template <class T>
void combine_columns(const MatrixView<T>& W, const Units& units, const Vector<T>& a,
                     Vector<T>& z_out) {
  const Index rows = W.rows();
  const auto count = static_cast<Index>(units.size());
  for (Index start = 0; start < rows; start += row_block) {
    const Index size = std::min(row_block, rows - start);
    Block<T> z(z_out.data() + start, size);
    z.setZero();
    const auto unit = [&](Index k) { return units[static_cast<std::size_t>(k)]; };
    const auto term = [&](Index k) {
      return a[unit(k)] * BlockView<T>(W.col(unit(k)).data() + start, size);
    };
    Index k = 0;
    for (; k + 8 <= count; k += 8) {
      z += term(k) + term(k + 1) + term(k + 2) + term(k + 3) + term(k + 4) + term(k + 5) +
           term(k + 6) + term(k + 7);
    }
    for (; k < count; ++k) z += term(k);
  }
}

template <class T>
void dot_columns(const MatrixView<T>& W, const Units& units, const Vector<T>& r, Vector<T>& b_out) {
  const Index rows = W.rows();
  const auto count = static_cast<Index>(units.size());
  b_out.setZero();
  for (Index k = 0; k < count; k += 4) {
    const Index group = std::min<Index>(4, count - k);
    const T* columns[4];
    for (Index i = 0; i < 4; ++i) {
      columns[i] = W.col(units[static_cast<std::size_t>(k + std::min(i, group - 1))]).data();
    }
    T dots[4];
    dot_block<T, 4>(columns, r.data(), rows, dots);
    for (Index i = 0; i < group; ++i) b_out[units[static_cast<std::size_t>(k + i)]] = dots[i];
  }
}

#define GENDEMOD_INSTANTIATE(T)                                                                    \
  template void list_units(const Vector<T>&, Units&);                                              \
  template void combine_columns(const MatrixView<T>&, const Units&, const Vector<T>&, Vector<T>&); \
  template void dot_columns(const MatrixView<T>&, const Units&, const Vector<T>&, Vector<T>&);
GENDEMOD_INSTANTIATE(float)
GENDEMOD_INSTANTIATE(double)

}  // namespace gendemod
