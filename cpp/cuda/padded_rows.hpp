#pragma once

#include "block.hpp"
#include "device.hpp"

namespace gendemod::cuda {

/// Rows whose masks are one word, a bit each: what one block works on.
inline constexpr int word_rows = 64;
using Word = unsigned long long;

/// Row vectors on the device, each filled up with zeros to `width` numbers, a multiple of 64 bytes,
/// and with rows of zeros to whole words.
template <class T>
struct PaddedRows {
  const T* data;
  Index rows, cols, width;

  GENDEMOD_BOTH Index words() const { return (rows + word_rows - 1) / word_rows; }
  GENDEMOD_BOTH Index padded_rows() const { return words() * word_rows; }
  GENDEMOD_BOTH const T* row(Index i) const { return data + i * width; }
  /// The row that goes with number i, where one row goes with all.
  GENDEMOD_BOTH Index of(Index i) const { return rows == 1 ? 0 : i; }
};

/// Row vectors of the host, one after the other.
template <class T>
struct HostRows {
  const T* data;
  Index rows, cols;
};

/// What PaddedRows look at.
template <class T>
class OwnedRows {
 public:
  /// Copies rows first .. first + count - 1.
  OwnedRows(Queue& queue, const HostRows<T>& host, Index first, Index count);
  PaddedRows<T> view() const { return {numbers_.data(), rows_, cols_, width(cols_)}; }

  static Index width(Index cols) {
    constexpr Index whole = 64 / sizeof(T);
    return (cols + whole - 1) / whole * whole;
  }

 private:
  Index rows_, cols_;
  Array<T> numbers_;
};

}  // namespace gendemod::cuda
