#pragma once

#include <memory>
#include <new>

#include "gendemod/lanes.hpp"

#ifdef __linux__
#include <sys/mman.h>
#endif

namespace gendemod {

/// Uninitialised numbers, aligned to cache lines. Many of them ask for huge pages: the first touch
/// of 4 MB costs as much as copying them where every 4 kB page is fetched by itself.
template <class T>
class Buffer {
 public:
  Buffer() = default;
  explicit Buffer(Index size) {
    std::size_t bytes = static_cast<std::size_t>(size) * sizeof(T);
    const bool large = bytes >= huge_page * 3 / 2;
    const std::align_val_t alignment{large ? huge_page : std::size_t{64}};
    if (large) bytes = (bytes + huge_page - 1) / huge_page * huge_page;
    data_ = {static_cast<T*>(::operator new(bytes, alignment)), Free{alignment}};
#ifdef __linux__
    // Advice alone: where the system does not take it, ordinary pages do.
    if (large) madvise(data_.get(), bytes, MADV_HUGEPAGE);
#endif
  }

  T* data() { return data_.get(); }
  const T* data() const { return data_.get(); }

 private:
  static constexpr std::size_t huge_page = std::size_t{1} << 21;
  struct Free {
    std::align_val_t alignment;
    void operator()(T* data) const { ::operator delete(data, alignment); }
  };
  std::unique_ptr<T[], Free> data_{nullptr, Free{}};
};

/// A column-major matrix in a buffer.
template <class T>
class OwnedMatrix {
 public:
  OwnedMatrix(Index rows, Index cols) : rows_(rows), cols_(cols), buffer_(rows * cols) {}
  template <class Derived>
  explicit OwnedMatrix(const Eigen::MatrixBase<Derived>& matrix)
      : OwnedMatrix(matrix.rows(), matrix.cols()) {
    map() = matrix;
  }

  Eigen::Map<Matrix<T>> map() { return {buffer_.data(), rows_, cols_}; }
  MatrixView<T> view() const { return {buffer_.data(), rows_, cols_}; }

 private:
  Index rows_, cols_;
  Buffer<T> buffer_;
};

/// A copy of W, tile by tile: lanes of a tile are transposed in registers.
template <class T>
OwnedMatrix<T> column_major(const RowMajorView<T>& W);

}  // namespace gendemod
