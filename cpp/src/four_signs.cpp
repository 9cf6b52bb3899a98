#include "gendemod/four_signs.hpp"

#include <algorithm>

namespace gendemod {

template <class T>
void FourSigns<T>::prepare(const ProductModel<T>& model) {
  for (const ReLUNetwork<T>* network : {&model.g1(), &model.g2()}) {
    if (network->depth() == 2) network->product();
  }
}

template <class T>
int FourSigns<T>::best(const ProductModel<T>& model, double objective, LinearPiece<T>& piece_h,
                       const Vector<T>& h, LinearPiece<T>& piece_m, const Vector<T>& m) {
  const double least = 2 * objective;
  double sums[4] = {least, 0, 0, 0};
  bool in[4] = {false, true, true, true};
  piece_h.prepare_negative();
  piece_m.prepare_negative();
  const Index ell = piece_h.output().size();
  constexpr Index height = RowBlocks<T>::height;
  for (Index strip = 0, rows = sum_rows; strip < ell; strip += rows, rows = height) {
    rows = std::min({rows, height - strip % height, ell - strip});
    if (in[1] || in[3]) piece_h.negative_rows(h, strip, rows, negative_w_.data());
    if (in[2] || in[3]) piece_m.negative_rows(m, strip, rows, negative_x_.data());
    for (Index start = strip; start < strip + rows; start += sum_rows) {
      const Index size = std::min(sum_rows, ell - start);
      for (int k = 1; k < 4; ++k) {
        if (!in[k]) continue;
        const T* w = sign_pairs[k][0] > 0 ? piece_h.output().data() + start
                                          : negative_w_.data() + (start - strip);
        const T* x = sign_pairs[k][1] > 0 ? piece_m.output().data() + start
                                          : negative_x_.data() + (start - strip);
        sums[k] += model.squares(start, size, w, x);
        in[k] = sums[k] < least;
      }
    }
    if (!in[1] && !in[2] && !in[3]) return 0;
  }
  int best = 0;
  for (int k = 1; k < 4; ++k) {
    if (in[k] && sums[k] < sums[best]) best = k;
  }
  return best;
}

template class FourSigns<float>;
template class FourSigns<double>;

}  // namespace gendemod
