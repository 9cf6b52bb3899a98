#include <algorithm>

#include "deviation.hpp"
#include "directions.hpp"
#include "masked_grams.hpp"
#include "spectral.hpp"
#include "vech_grams.hpp"

namespace gendemod::cuda {
namespace {

/// Up to this many columns the Gram sums of all pairs are one product of matrices.
constexpr Index few_columns = 32;

/// Words of rows that all pairs go through before the next ones: they stay in the second-level
/// cache. Sums of T run over them.
constexpr Index window = 128;

/// Relative error that a norm is allowed.
template <class T>
constexpr double accuracy = sizeof(T) == 8 ? 4e-10 : 2e-5;

std::size_t product(Index a, Index b) {
  return static_cast<std::size_t>(a * b);
}

/// Q of pairs.
class Pairings {
 public:
  template <class T>
  Pairings(Queue& queue, const Directions<T>& x, const Directions<T>& y, Index count)
      : angles_(product(count, 1)),
        vectors_(product(count, 2 * SpectralNorms::order(x.view().cols))) {
    launch(queue, count,
           Expectations<T>{x.view(), y.view(), SpectralNorms::order(x.view().cols), angles_.data(),
                           vectors_.data()});
  }
  const PairAngle* angles() const { return angles_.data(); }
  const double* vectors() const { return vectors_.data(); }

  static Index bytes(Index cols) {
    return Index(sizeof(PairAngle)) + 16 * SpectralNorms::order(cols);
  }

 private:
  Array<PairAngle> angles_;
  Array<double> vectors_;
};

/// || sum over masked rows of root_i^2 w_i w_i^T - level Q || for groups of pairs.
template <class T>
class MaskedNorms {
 public:
  MaskedNorms(const PaddedRows<T>& rows, Index most)
      : rows_(rows),
        norms_(most, rows.cols),
        parts_(few() ? product(most, parts(rows)) : 0),
        lists_(few() ? 0 : product(most, window * word_rows)),
        counts_(few() ? 0 : product(most, 1)) {}

  /// out[i * stride] for pairs i; `others` as SubtractExpectation has it.
  void find(Queue& queue, const Word* masks, const T* roots, const Pairings& pairings,
            const PairAngle* others, double alpha, Index count, double* out, Index stride) {
    if (few()) {
      const VechGrams<T> sums{rows_, masks, roots, count, parts_.data()};
      launch(queue, sums.blocks(), sums);
      launch(queue, count,
             CollectGrams<T>{parts_.data(), sums.segments(), count, rows_.cols, norms_.order(),
                             norms_.matrices()});
    } else {
      for (Index word = 0; word < rows_.words(); word += window) {
        const Index words = std::min(window, rows_.words() - word);
        const bool begins = word == 0, ends = word + words == rows_.words();
        launch(queue, count,
               ListRows{masks, rows_.words(), word, words, lists_.data(), window * word_rows,
                        counts_.data()});
        if (rows_.cols <= 64) {
          add_lists<64>(queue, roots, begins, ends, count);
        } else {
          add_lists<128>(queue, roots, begins, ends, count);
        }
      }
    }
    launch(queue, count,
           SubtractExpectation{alpha, accuracy<T>, pairings.angles(), pairings.vectors(), others,
                               rows_.cols, norms_.order(), norms_.matrices(), norms_.states()});
    norms_.find(queue, count);
    norms_.download(queue, count, out, stride);
  }

  static Index bytes(const PaddedRows<T>& rows) {
    return SpectralNorms::bytes(rows.cols) +
           (rows.cols <= few_columns ? parts(rows) * Index(sizeof(T)) : 4 * window * word_rows + 4);
  }

 private:
  bool few() const { return rows_.cols <= few_columns; }
  static Index parts(const PaddedRows<T>& rows) {
    return VechGrams<T>::segments(rows) * (rows.cols * (rows.cols + 1) / 2);
  }
  template <int side>
  void add_lists(Queue& queue, const T* roots, bool begins, bool ends, Index count) {
    const MaskedGrams<T, side> sums{
        rows_,  lists_.data(), counts_.data(), window * word_rows, roots,
        begins, ends,          norms_.order(), norms_.matrices()};
    launch(queue, count * sums.tiles(), sums);
  }

  PaddedRows<T> rows_;
  SpectralNorms norms_;
  Array<T> parts_;
  Array<int> lists_, counts_;
};

/// masks = those of a and b, both.
void both(Queue& queue, Masks a, Masks b, Index count, Index words, Word* masks) {
  const BothMasks kernel{a, b, count, words, masks};
  launch(queue, kernel.blocks(), kernel);
}

}  // namespace

template <class T>
void deviations(const HostRows<T>& W, const HostRows<T>& X, const HostRows<T>& Y, double alpha,
                Index count, double* norms_out) {
  Queue queue;
  const OwnedRows<T> owned(queue, W, 0, W.rows);
  const PaddedRows<T> rows = owned.view();
  const Index pair_bytes = 2 * Directions<T>::bytes(rows, false) + 8 * rows.words() +
                           Pairings::bytes(W.cols) + MaskedNorms<T>::bytes(rows);
  const Index group = group_size(static_cast<std::size_t>(pair_bytes), count);
  MaskedNorms<T> norms(rows, group);
  Array<Word> masks(product(group, rows.words()));
  for (Index first = 0; first < count; first += group) {
    const Index size = std::min(group, count - first);
    const Directions<T> x(queue, rows, X, first, size, false);
    const Directions<T> y(queue, rows, Y, first, size, false);
    both(queue, x.masks(), y.masks(), size, rows.words(), masks.data());
    const Pairings pairings(queue, x, y, size);
    norms.find(queue, masks.data(), nullptr, pairings, nullptr, alpha, size, norms_out + first, 1);
  }
}

template <class T>
void joint_deviations(const HostRows<T>& B, const HostRows<T>& C, const HostRows<T>& H,
                      const HostRows<T>& X, const HostRows<T>& M, const HostRows<T>& Y,
                      double alpha, Index count, double* out) {
  Queue queue;
  const OwnedRows<T> owned_b(queue, B, 0, B.rows), owned_c(queue, C, 0, C.rows);
  const PaddedRows<T> b = owned_b.view(), c = owned_c.view();
  const Index words = b.words();
  const Index pair_bytes = 2 * Directions<T>::bytes(b, true) + 2 * Directions<T>::bytes(c, true) +
                           8 * words + b.padded_rows() * Index(sizeof(T)) +
                           Pairings::bytes(b.cols) + Pairings::bytes(c.cols) +
                           MaskedNorms<T>::bytes(b) + MaskedNorms<T>::bytes(c);
  const Index group = group_size(static_cast<std::size_t>(pair_bytes), count);
  MaskedNorms<T> of_b(b, group), of_c(c, group);
  Array<Word> masks(product(group, words));
  Array<T> roots(product(group, b.padded_rows()));
  const auto weigh = [&](const Directions<T>& one, const Directions<T>& two, const Pairings& pair,
                         Index size) {
    const Roots<T> kernel{one.values(),    two.values(),    one.view().rows,
                          two.view().rows, pair.angles(),   size,
                          b.rows,          b.padded_rows(), roots.data()};
    launch(queue, kernel.blocks(), kernel);
  };
  for (Index first = 0; first < count; first += group) {
    const Index size = std::min(group, count - first);
    const Directions<T> h(queue, b, H, first, size, true), x(queue, b, X, first, size, true);
    const Directions<T> m(queue, c, M, first, size, true), y(queue, c, Y, first, size, true);
    const Pairings hx(queue, h, x, size), my(queue, m, y, size);
    // A row is on for all four, or counts for nothing.
    both(queue, h.masks(), x.masks(), size, words, masks.data());
    both(queue, m.masks(), {masks.data(), size}, size, words, masks.data());
    both(queue, y.masks(), {masks.data(), size}, size, words, masks.data());
    weigh(m, y, my, size);
    of_b.find(queue, masks.data(), roots.data(), hx, my.angles(), alpha, size, out + 2 * first, 2);
    weigh(h, x, hx, size);
    of_c.find(queue, masks.data(), roots.data(), my, hx.angles(), alpha, size, out + 2 * first + 1,
              2);
  }
}

#define GENDEMOD_INSTANTIATE(T)                                                                \
  template void deviations(const HostRows<T>&, const HostRows<T>&, const HostRows<T>&, double, \
                           Index, double*);                                                    \
  template void joint_deviations(const HostRows<T>&, const HostRows<T>&, const HostRows<T>&,   \
                                 const HostRows<T>&, const HostRows<T>&, const HostRows<T>&,   \
                                 double, Index, double*);
GENDEMOD_INSTANTIATE(float)
GENDEMOD_INSTANTIATE(double)

}  // namespace gendemod::cuda
