#include "gendemod/deviation.hpp"

#include <cmath>
#include <memory>
#include <type_traits>

#include "gendemod/parallel.hpp"

namespace gendemod {
namespace {

/// Relative error that a norm is allowed.
template <class T>
constexpr double accuracy = std::is_same_v<T, double> ? 4e-10 : 2e-5;

/// units_out = the rows that are on for both.
template <class T>
void list_both(const T* a, const T* b, Index size, Units& units_out) {
  units_out.resize(static_cast<std::size_t>(size));
  std::size_t count = 0;
  for (Index i = 0; i < size; ++i) {
    units_out[count] = static_cast<std::int32_t>(i);
    count += static_cast<std::size_t>((a[i] > T(0)) & (b[i] > T(0)));
  }
  units_out.resize(count);
}

template <class T>
Eigen::VectorXd direction(const RowMajorView<T>& rows, Index i) {
  return rows.row(rows.rows() == 1 ? 0 : i).transpose().template cast<double>();
}

/// Directions side by side, as MaskedGram::products reads them.
template <class T>
class Directions {
 public:
  explicit Directions(Index n, Index most) : n_(n), data_(n * most) {}
  void set(const RowMajorView<T>& rows, Index first, Index count, Index offset, Index stride) {
    for (Index c = 0; c < count; ++c) {
      const auto row = rows.row(rows.rows() == 1 ? 0 : first + c);
      for (Index k = 0; k < n_; ++k) data_.data()[k * stride + offset + c] = row[k];
    }
  }
  const T* data() const { return data_.data(); }

 private:
  Index n_;
  Buffer<T> data_;
};

}  // namespace

template <class T>
Deviation<T>::Deviation(const MaskedGram<T>& rows)
    : rows_(&rows),
      workspace_(rows),
      gram_(rows.width(), rows.width()),
      difference_(rows.cols(), rows.cols()),
      expectation_(rows.cols()),
      norm_(rows.cols()) {
}

template <class T>
NormBracket Deviation<T>::operator()(const Eigen::VectorXd& x, const Eigen::VectorXd& y,
                                     double alpha, const T* Wx, const T* Wy, const T* roots) {
  difference(x, y, alpha, Wx, Wy, roots);
  // tr(G) / n <= ||G||.
  const double scale = gram_.trace() / static_cast<T>(rows_->cols()) + alpha;
  return norm_(difference_, accuracy<T> * scale);
}

template <class T>
const Eigen::MatrixXd& Deviation<T>::difference(const Eigen::VectorXd& x, const Eigen::VectorXd& y,
                                                double alpha, const T* Wx, const T* Wy,
                                                const T* roots) {
  list_both(Wx, Wy, rows_->rows(), on_);
  gram_.setZero();
  rows_->add(on_, roots, workspace_, gram_);
  difference_ = gram_.topLeftCorner(rows_->cols(), rows_->cols()).template cast<double>();
  expectation_.set(x, y);
  expectation_.subtract_from(difference_, alpha);
  return difference_;
}

template <class T>
void deviations(const MaskedGram<T>& rows, const RowMajorView<T>& X, const RowMajorView<T>& Y,
                double alpha, int threads, Index count, double* norms_out) {
  constexpr Index group = Deviation<T>::group;
  const Index ell = rows.rows();
  struct Workspace {
    Workspace(const MaskedGram<T>& W)
        : deviation(W), directions(W.cols(), 2 * group), products(W.rows() * 2 * group) {}
    Deviation<T> deviation;
    Directions<T> directions;
    Buffer<T> products;
  };
  parallel_for_with(
      (count + group - 1) / group, threads, [&] { return std::make_unique<Workspace>(rows); },
      [&](auto& workspace, Index g) {
        Workspace& at = *workspace;
        const Index first = g * group, size = std::min(group, count - first);
        at.directions.set(X, first, size, 0, 2 * size);
        at.directions.set(Y, first, size, size, 2 * size);
        rows.products(at.directions.data(), 2 * size, at.products.data());
        for (Index i = 0; i < size; ++i) {
          norms_out[first + i] =
              at.deviation(direction<T>(X, first + i), direction<T>(Y, first + i), alpha,
                           at.products.data() + i * ell, at.products.data() + (size + i) * ell)
                  .norm;
        }
      });
}

template <class T>
void joint_deviations(const MaskedGram<T>& B, const MaskedGram<T>& C, const RowMajorView<T>& H,
                      const RowMajorView<T>& X, const RowMajorView<T>& M, const RowMajorView<T>& Y,
                      double alpha, int threads, Index count, double* out) {
  const Index ell = B.rows();
  struct Workspace {
    Workspace(const MaskedGram<T>& b, const MaskedGram<T>& c)
        : of_b(b),
          of_c(c),
          pair_b(b.cols(), 2),
          pair_c(c.cols(), 2),
          products_b(2 * b.rows()),
          products_c(2 * b.rows()),
          roots(b.rows()),
          expectation_b(b.cols()),
          expectation_c(c.cols()) {}
    Deviation<T> of_b, of_c;
    Directions<T> pair_b, pair_c;
    Buffer<T> products_b, products_c, roots;
    Expectation expectation_b, expectation_c;
  };
  // ell || sum gamma rows - (alpha / ell) share Q || for unit m and y: with gamma ell in the roots.
  const auto one = [&](Workspace& at, Deviation<T>& deviation, const T* products, const T* others,
                       const Eigen::VectorXd& a, const Eigen::VectorXd& b, double share,
                       double lengths) {
    T* roots = at.roots.data();
    const auto factor = static_cast<double>(ell) / lengths;
    for (Index i = 0; i < ell; ++i) {
      const double p = others[i], q = others[ell + i];
      roots[i] = p > 0 && q > 0 ? static_cast<T>(std::sqrt(factor * p * q)) : T(0);
    }
    return deviation(a, b, alpha * share, products, products + ell, roots).norm;
  };
  parallel_for_with(
      count, threads, [&] { return std::make_unique<Workspace>(B, C); },
      [&](auto& workspace, Index i) {
        Workspace& at = *workspace;
        at.pair_b.set(H, i, 1, 0, 2);
        at.pair_b.set(X, i, 1, 1, 2);
        at.pair_c.set(M, i, 1, 0, 2);
        at.pair_c.set(Y, i, 1, 1, 2);
        B.products(at.pair_b.data(), 2, at.products_b.data());
        C.products(at.pair_c.data(), 2, at.products_c.data());
        const auto h = direction<T>(H, i), x = direction<T>(X, i);
        const auto m = direction<T>(M, i), y = direction<T>(Y, i);
        at.expectation_b.set(h, x);
        at.expectation_c.set(m, y);
        const double lengths_b = h.norm() * x.norm(), lengths_c = m.norm() * y.norm();
        const double share_b = at.expectation_b.form(h, x) / lengths_b;
        const double share_c = at.expectation_c.form(m, y) / lengths_c;
        out[2 * i] =
            one(at, at.of_b, at.products_b.data(), at.products_c.data(), h, x, share_c, lengths_c);
        out[2 * i + 1] =
            one(at, at.of_c, at.products_c.data(), at.products_b.data(), m, y, share_b, lengths_b);
      });
}

#define GENDEMOD_INSTANTIATE(T)                                                                   \
  template class Deviation<T>;                                                                    \
  template void deviations(const MaskedGram<T>&, const RowMajorView<T>&, const RowMajorView<T>&,  \
                           double, int, Index, double*);                                          \
  template void joint_deviations(                                                                 \
      const MaskedGram<T>&, const MaskedGram<T>&, const RowMajorView<T>&, const RowMajorView<T>&, \
      const RowMajorView<T>&, const RowMajorView<T>&, double, int, Index, double*);
GENDEMOD_INSTANTIATE(float)
GENDEMOD_INSTANTIATE(double)

}  // namespace gendemod
