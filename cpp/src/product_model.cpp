#include "gendemod/product_model.hpp"

#include <algorithm>
#include <cmath>

#include "gendemod/check.hpp"

namespace gendemod {
namespace {

template <class T>
using Rows = Eigen::Map<const Eigen::Array<T, Eigen::Dynamic, 1>>;

/// `size` rows from `data`, as float64.
template <class T>
auto wide(const T* data, Index size) {
  return Rows<T>(data, size).template cast<double>();
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

/// sum v terms over one part, and over all rows; terms(start, size) gives float64 expressions.
template <class T>
template <class Terms>
double ProductModel<T>::weighted_part(Index start, Index size, Terms terms) const {
  if (v_.size() == 0) return terms(start, size).sum();
  return (wide(v_.data() + start, size) * terms(start, size)).sum();
}

template <class T>
template <class Terms>
double ProductModel<T>::weighted_sum(Terms terms) const {
  double total = 0;
  for (Index start = 0; start < y_.size(); start += sum_rows) {
    total += weighted_part(start, std::min(sum_rows, y_.size() - start), terms);
  }
  return total;
}

template <class T>
double ProductModel<T>::squares(Index start, Index size, const T* w, const T* x) const {
  return weighted_part(start, size, [&](Index i, Index rows) {
    return (wide(w, rows) * wide(x, rows) - wide(y_.data() + i, rows)).square();
  });
}

template <class T>
double ProductModel<T>::objective(const Vector<T>& w, const Vector<T>& x) const {
  return 0.5 * weighted_sum([&](Index i, Index size) {
           return (wide(w.data() + i, size) * wide(x.data() + i, size) - wide(y_.data() + i, size))
               .square();
         });
}

template <class T>
void ProductModel<T>::gradient_seed(const Vector<T>& w, const Vector<T>& x, const Vector<T>& other,
                                    Vector<T>& out) const {
  out = ((w.array() * x.array() - y_.array()) * other.array()).matrix();
  if (v_.size() > 0) out.array() *= v_.array();
}

template <class T>
double ProductModel<T>::curvature(const Vector<T>& other, const Vector<T>& d) const {
  return weighted_sum([&](Index i, Index size) {
    return (wide(other.data() + i, size) * wide(d.data() + i, size)).square();
  });
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
  const double overlap = weighted_sum([&](Index i, Index size) {
    return wide(y_.data() + i, size) * wide(w.data() + i, size) * wide(x.data() + i, size);
  });
  const double square = curvature(w, x);
  return overlap > 0 && square > 0 ? overlap / square : 0.0;
}

template <class T>
double ProductModel<T>::derivative(const Vector<T>& w, const Vector<T>& x, const Vector<T>& dw,
                                   const Vector<T>& dx) const {
  return weighted_sum([&](Index i, Index size) {
    return (wide(w.data() + i, size) * wide(x.data() + i, size) - wide(y_.data() + i, size)) *
           (wide(dw.data() + i, size) * wide(x.data() + i, size) +
            wide(w.data() + i, size) * wide(dx.data() + i, size));
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
