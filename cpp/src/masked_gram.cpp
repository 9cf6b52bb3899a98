#include "gendemod/masked_gram.hpp"

#include <numeric>

namespace gendemod {

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
      T* out = packed + k * width();
      std::copy_n(row(i), cols_, out);
      std::fill(out + cols_, out + width(), T(0));
      if (factors != nullptr) Eigen::Map<Vector<T>>(out, cols_) *= factors[i];
    }
    panel_add_squares(packed, count, width(), G.data());
  }
}

template class MaskedGram<float>;
template class MaskedGram<double>;

}  // namespace gendemod
