#include "gendemod/product_model.hpp"

#include <algorithm>
#include <cmath>

#include "gendemod/check.hpp"

namespace gendemod {
namespace {

/// term(start) + ... + term(start + size - 1) in float64: eight sums side by side, which compilers
/// turn into one vector, added up in a fixed order.
template <class Term>
double sum_terms(Index start, Index size, Term term) {
  constexpr Index wide = 8;
  double sums[wide] = {};
  Index i = start;
  for (; i + wide <= start + size; i += wide) {
    for (Index k = 0; k < wide; ++k) sums[k] += term(i + k);
  }
  for (; i < start + size; ++i) sums[0] += term(i);
  return ((sums[0] + sums[4]) + (sums[1] + sums[5])) + ((sums[2] + sums[6]) + (sums[3] + sums[7]));
}

double square(double a) {
  return a * a;
}

}  // namespace

template <class T>
ProductModel<T>::ProductModel(const ReLUNetwork<T>& g1, const ReLUNetwork<T>& g2, VectorView<T> y,
                              VectorView<T> v)
    : g1_(&g1), g2_(&g2), y_(y), v_(v) {
  check_size("g2", g2.output_size(), g1.output_size());
  check_size("y", y_.size(), g1.output_size());
  if (v_.size() > 0) check_size("y_weights", v_.size(), y_.size());
  const Vector<T> zero = Vector<T>::Zero(y_.size());
  objective_at_zero_ = objective(zero, zero);
  has_signal_ =
      v_.size() > 0 ? (v_.array() > T(0) && y_.array() > T(0)).any() : (y_.array() > T(0)).any();
}

/// sum v_i term(i) over the rows start .. start + size - 1.
template <class T>
template <class Term>
double ProductModel<T>::weighted_part(Index start, Index size, Term term) const {
  if (v_.size() == 0) return sum_terms(start, size, term);
  const T* v = v_.data();
  return sum_terms(start, size, [=](Index i) { return static_cast<double>(v[i]) * term(i); });
}

/// The same over all rows, part by part.
template <class T>
template <class Term>
double ProductModel<T>::weighted_sum(Term term) const {
  double total = 0;
  for (Index start = 0; start < y_.size(); start += sum_rows) {
    total += weighted_part(start, std::min(sum_rows, y_.size() - start), term);
  }
  return total;
}

/// w x - y: one rounding to T where the machine fuses the multiplication and the addition.
template <class T>
double ProductModel<T>::squares(Index start, Index size, const T* w, const T* x) const {
  const T* y = y_.data();
  return weighted_part(start, size, [=](Index i) {
    return square(static_cast<double>(w[i - start] * x[i - start] - y[i]));
  });
}

template <class T>
double ProductModel<T>::objective(const Vector<T>& w, const Vector<T>& x) const {
  const T *w_data = w.data(), *x_data = x.data(), *y = y_.data();
  return 0.5 * weighted_sum([=](Index i) {
           return square(static_cast<double>(w_data[i] * x_data[i] - y[i]));
         });
}

template <class T>
void ProductModel<T>::gradient_seed(Index start, Index size, const T* w, const T* x, const T* other,
                                    T* out) const {
  using Rows = Eigen::Map<const Eigen::Array<T, Eigen::Dynamic, 1>>;
  Eigen::Map<Eigen::Array<T, Eigen::Dynamic, 1>> seed(out, size);
  seed = (Rows(w, size) * Rows(x, size) - y_.array().segment(start, size)) * Rows(other, size);
  if (v_.size() > 0) seed *= v_.array().segment(start, size);
}

template <class T>
double ProductModel<T>::curvature(const Vector<T>& other, const Vector<T>& d) const {
  const T *a = other.data(), *b = d.data();
  return weighted_sum(
      [=](Index i) { return square(static_cast<double>(a[i]) * static_cast<double>(b[i])); });
}

template <class T>
void ProductModel<T>::linearise(Index start, Index size, const Vector<T>& w, const Vector<T>& x,
                                Eigen::ArrayXd& factor_h_out, Eigen::ArrayXd& factor_m_out,
                                Eigen::Ref<Eigen::VectorXd> r_out) const {
  for (Index i = 0; i < size; ++i) {
    const double w_i = w[start + i], x_i = x[start + i];
    const double root = v_.size() == 0 ? 1.0 : std::sqrt(static_cast<double>(v_[start + i]));
    factor_h_out[i] = w_i > 0 ? root * x_i : 0.0;
    factor_m_out[i] = x_i > 0 ? root * w_i : 0.0;
    r_out[i] = root * (w_i * x_i - static_cast<double>(y_[start + i]));
  }
}

template <class T>
double ProductModel<T>::radial_minimiser(const Vector<T>& w, const Vector<T>& x) const {
  const T *w_data = w.data(), *x_data = x.data(), *y = y_.data();
  const double overlap = weighted_sum([=](Index i) {
    return static_cast<double>(y[i]) * static_cast<double>(w_data[i]) *
           static_cast<double>(x_data[i]);
  });
  const double energy = curvature(w, x);
  return overlap > 0 && energy > 0 ? overlap / energy : 0.0;
}

template <class T>
double ProductModel<T>::derivative(const Vector<T>& w, const Vector<T>& x, const Vector<T>& dw,
                                   const Vector<T>& dx) const {
  return weighted_sum([&](Index i) {
    const double w_i = w[i], x_i = x[i];
    return (w_i * x_i - static_cast<double>(y_[i])) * (dw[i] * x_i + w_i * dx[i]);
  });
}

template <class T>
int best_sign_pair(const ProductModel<T>& model, const Vector<T>& positive_w,
                   const Vector<T>& negative_w, const Vector<T>& positive_x,
                   const Vector<T>& negative_x) {
  int best = 0;
  double least = model.objective(positive_w, positive_x);
  for (int k = 1; k < 4; ++k) {
    const double f = model.objective(sign_pairs[k][0] > 0 ? positive_w : negative_w,
                                     sign_pairs[k][1] > 0 ? positive_x : negative_x);
    if (f < least) {
      least = f;
      best = k;
    }
  }
  return best;
}

#define GENDEMOD_INSTANTIATE(T)                                                           \
  template class ProductModel<T>;                                                         \
  template int best_sign_pair(const ProductModel<T>&, const Vector<T>&, const Vector<T>&, \
                              const Vector<T>&, const Vector<T>&);
GENDEMOD_INSTANTIATE(float)
GENDEMOD_INSTANTIATE(double)

}  // namespace gendemod
