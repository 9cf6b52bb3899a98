#include "gendemod/masked_gram.hpp"

#include <numeric>

namespace gendemod {
namespace {

/// Rows that are asked for before they are packed.
constexpr Index ahead = 6;

/// out = a row, filled up with zeros to whole lanes. No call, which few columns would not be worth.
template <class T>
void pack(const T* row, Index cols, T* out) {
  using Unaligned = Eigen::Map<const Lane<T>, Eigen::Unaligned>;
  Index c = 0;
  for (; c + lanes<T> <= cols; c += lanes<T>) LaneOut<T>(out + c) = Unaligned(row + c);
  for (; c < cols; ++c) out[c] = row[c];
  for (; c < whole_lanes<T>(cols); ++c) out[c] = T(0);
}

}  // namespace

template <class T>
MaskedGram<T>::MaskedGram(const RowMajorView<T>& W)
    : rows_(W.rows()),
      cols_(W.cols()),
      by_row_(W.data()),
      by_column_(column_major(W)),
      all_(static_cast<std::size_t>(W.cols())) {
  std::iota(all_.begin(), all_.end(), 0);
}

template <class T>
void MaskedGram<T>::products(const T* X, Index count, T* out) const {
  std::fill_n(out, rows_ * count, T(0));
  panel_add_products(by_column_.view().data(), rows_, all_, X, rows_, count, out, rows_);
}

template <class T>
void MaskedGram<T>::add(const Units& units, const T* factors, Workspace& workspace,
                        Matrix<T>& G) const {
  const auto total = static_cast<Index>(units.size());
  T* packed = workspace.packed.data();
  for (Index start = 0; start < total; start += chunk) {
    const Index count = std::min(chunk, total - start);
    for (Index k = 0; k < count; ++k) {
      const Index i = units[static_cast<std::size_t>(start + k)];
      if (start + k + ahead < total) {
        const T* later = row(units[static_cast<std::size_t>(start + k + ahead)]);
        for (Index c = 0; c < cols_; c += lanes<T>) prefetch(later + c);
      }
      T* out = packed + k * width();
      pack(row(i), cols_, out);
      if (factors != nullptr) Eigen::Map<Vector<T>>(out, cols_) *= factors[i];
    }
    panel_add_squares(packed, count, width(), G.data());
  }
}

template class MaskedGram<float>;
template class MaskedGram<double>;

}  // namespace gendemod
