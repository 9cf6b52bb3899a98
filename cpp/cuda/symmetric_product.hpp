#pragma once

#include "block.hpp"

namespace gendemod::cuda {

/// next = D v for a symmetric D, whose rows are read: the work of one block. A thread sums up two
/// neighbouring columns; where columns are few, threads share the rows. cols^2 numbers are read.
template <int block_threads>
struct SymmetricProduct {
  static constexpr int threads = block_threads;
  static constexpr int piece = 512;  // of v at a time
  static constexpr int ahead = 8;    // rows of a thread that are on their way
  using Columns = Pack<double>;
  struct Shared {
    double v[piece];
    Columns sums[threads];
  };
  /// Two columns of rows j, j + step, ..., as far as they come before `count`.
  struct Rows {
    Columns values[ahead];

    GENDEMOD_DEVICE void fetch(const Columns* D, int stride, int j, int step, int count) {
      for (int k = 0; k < ahead; ++k) {
        if (j + k * step < count) values[k] = D[(j + k * step) * stride];
      }
    }
    GENDEMOD_DEVICE void add(const double (&v)[piece], int j, int step, int count,
                             Columns& sums) const {
      for (int k = 0; k < ahead; ++k) {
        if (j + k * step >= count) return;
        for (int c = 0; c < 2; ++c) sums.values[c] += values[k].values[c] * v[j + k * step];
      }
    }
  };
  Index cols, order;

  /// D (order, order), with zeros beyond cols; v and next (order,).
  template <class Block>
  GENDEMOD_DEVICE void operator()(const Block& block, Shared& shared, const double* D,
                                  const double* v, double* next) const {
    const int n = static_cast<int>(cols), stride = static_cast<int>(order / 2);
    const int columns = (n + 1) / 2;
    const int across = columns < threads ? columns : threads, parts = threads / across;
    for (int left = 0; left < columns; left += across) {
      PerThread<Columns, threads> sums;
      PerThread<Rows, threads> rows;
      for (int first = 0; first < n; first += piece) {
        const int count = n - first < piece ? n - first : piece;
        const auto* from = reinterpret_cast<const Columns*>(D + first * order) + left;
        const auto fetch = [&](int row, int t) {
          if (t < across * parts && left + t % across < columns) {
            rows[t].fetch(from + t % across, stride, row + t / across, parts, count);
          }
        };
        block.each([&](int t) {
          for (int j = t; j < count; j += threads) shared.v[j] = v[first + j];
          fetch(0, t);
        });
        for (int row = 0; row < count; row += ahead * parts) {
          block.each([&](int t) {
            rows[t].add(shared.v, row + t / across, parts, count, sums[t]);
            fetch(row + ahead * parts, t);
          });
        }
      }
      block.each([&](int t) { shared.sums[t] = sums[t]; });
      block.each([&](int t) {
        if (t >= across || left + t >= columns) return;
        Columns total = shared.sums[t];
        for (int part = 1; part < parts; ++part) {
          for (int c = 0; c < 2; ++c) total.values[c] += shared.sums[part * across + t].values[c];
        }
        reinterpret_cast<Columns*>(next)[left + t] = total;
      });
    }
  }
};

}  // namespace gendemod::cuda
