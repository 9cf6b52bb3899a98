// The walking piece against a fresh pass through the network, over depths, dtypes, steps and
// threads; the early exit of the four signs against four complete sums; drift over a long walk.
#include <algorithm>
#include <cmath>

#include "checks.hpp"
#include "gendemod/four_signs.hpp"
#include "gendemod/network_pass.hpp"
#include "gendemod/random.hpp"

using namespace gendemod;

namespace {

template <class T>
ReLUNetwork<T> network(const std::vector<Index>& dims, std::uint64_t seed, bool truncated = true) {
  std::vector<OwnedMatrix<T>> weights;
  for (const auto& W : gaussian_weights(dims, seed, truncated)) weights.emplace_back(W.cast<T>());
  return ReLUNetwork<T>(std::move(weights));
}

template <class T>
Vector<T> normal(Index size, std::uint32_t stream) {
  Vector<double> z(size);
  fill_normal(3, {Stream::Kind::start, stream, 0}, size, z.data());
  return z.cast<T>();
}

template <class T>
double difference(const Vector<T>& a, const Vector<T>& b) {
  const double size = b.template cast<double>().norm();
  return size > 0 ? (a - b).template cast<double>().norm() / size : (a - b).norm();
}

template <class T>
void test_walk_equals_fresh_passes(const std::vector<Index>& dims, double step, int threads,
                                   double tolerance) {
  const auto g = network<T>(dims, 5, threads == 1);
  const Index n = dims.front(), ell = dims.back();
  LinearPiece<T> piece(g, threads), serial(g);
  NetworkPass<T> pass(g);
  const Vector<T> r = normal<T>(ell, 1);
  const auto rows = [&](Index start, Index size, T* out) {
    std::copy_n(r.data() + start, size, out);
  };
  Vector<T> z = normal<T>(n, 2), out(ell), expected(ell), gradient(n), expected_gradient(n);
  for (std::uint32_t k = 0; k < (threads == 1 ? 60u : 20u); ++k) {
    const Vector<T> dz = normal<T>(n, 10 + k);
    z += static_cast<T>(step) * dz;
    piece.move(z);
    serial.move(z);
    CHECK(piece.output() == serial.output());
    pass.forward(z);
    CHECK(difference(piece.output(), pass.output()) < tolerance);
    piece.jacobian(dz, out);
    pass.jacobian(dz, expected);
    CHECK(difference(out, expected) < tolerance);
    piece.jacobian_transpose(rows, gradient);
    serial.jacobian_transpose(rows, expected_gradient);
    CHECK(gradient == expected_gradient);
    pass.jacobian_transpose(r, expected_gradient);
    CHECK(difference(gradient, expected_gradient) < 5 * tolerance);
    piece.prepare_negative();
    for (Index i = 0; i < ell; i += 64) {
      piece.negative_rows(z, i, std::min<Index>(64, ell - i), out.data() + i);
    }
    pass.forward(-z);
    CHECK(difference(out, pass.output()) < 5 * tolerance);
    if (k % 3 > 0) continue;
    z = -z;
    piece.negate(z);
    serial.negate(z);
    CHECK(piece.output() == serial.output());
    CHECK(difference(piece.output(), pass.output()) < tolerance);
  }
}

void test_exact_zeros_are_off_and_walls_of_zeros_are_crossed() {
  Matrix<double> W1(4, 2), W2(3, 4);
  W1 << 1, -1, 1, 1, -1, 1, 0, 1;
  W2 << 1, 2, -1, 1, -1, 1, 1, 2, 1, -2, 1, 0.5;
  std::vector<OwnedMatrix<double>> weights;
  weights.emplace_back(W1);
  weights.emplace_back(W2);
  const ReLUNetwork<double> g(std::move(weights));
  LinearPiece<double> piece(g);
  NetworkPass<double> pass(g);
  for (double a : {2.0, 1.0, 0.0, -1.0, -2.0, 1.0, 1.0}) {
    for (double b : {1.0, 0.0, -1.0}) {
      const Vector<double> z = (Vector<double>(2) << a, b).finished();
      piece.move(z);
      pass.forward(z);
      CHECK(piece.output() == pass.output());
      piece.negate(-z);
      pass.forward(-z);
      CHECK(piece.output() == pass.output());
    }
  }
}

template <class T>
void test_chosen_signs_are_those_of_complete_sums(const std::vector<Index>& dims1,
                                                  const std::vector<Index>& dims2) {
  const auto g1 = network<T>(dims1, 1), g2 = network<T>(dims2, 2);
  const Index n = dims1.front(), p = dims2.front();
  NetworkPass<T> pass_h(g1), pass_m(g2);
  pass_h.forward(normal<T>(n, 1));
  pass_m.forward(normal<T>(p, 2));
  const Vector<T> y = pass_h.output().cwiseProduct(pass_m.output());
  const ProductModel<T> model(g1, g2, {y.data(), y.size()}, {nullptr, 0});
  LinearPiece<T> piece_h(g1), piece_m(g2);
  FourSigns<T> signs;
  Vector<T> minus_w(y.size()), minus_x(y.size());
  int counts[4] = {0, 0, 0, 0};
  for (std::uint32_t k = 0; k < 10000; ++k) {
    const Vector<T> h = normal<T>(n, 100 + 2 * k), m = normal<T>(p, 101 + 2 * k);
    piece_h.move(h);
    piece_m.move(m);
    const double f = model.objective(piece_h.output(), piece_m.output());
    const int found = signs.best(model, f, piece_h, h, piece_m, m);
    // Four complete sums of the same outputs.
    for (Index i = 0; i < y.size(); i += sum_rows) {
      const Index size = std::min(sum_rows, y.size() - i);
      piece_h.negative_rows(h, i, size, minus_w.data() + i);
      piece_m.negative_rows(m, i, size, minus_x.data() + i);
    }
    const int expected =
        best_sign_pair(model, piece_h.output(), minus_w, piece_m.output(), minus_x);
    CHECK(found == expected);
    ++counts[expected];
  }
  for (const int count : counts) CHECK(count > 1000);
}

/// The bound that docs/solvers.md states: 100 units of the last place, of the size that outputs of
/// the piece have, ||P|| ||z|| / sqrt(n), after 10^5 steps. With `heavy` > 1 some units weigh that
/// much more than the others, and digits would be lost where they go off.
template <class T>
void test_drift_stays_bounded_over_a_long_walk(const std::vector<Index>& dims, double heavy) {
  std::vector<OwnedMatrix<T>> weights;
  for (auto W : gaussian_weights(dims, 9, true)) {
    if (weights.empty()) W.topRows(3) *= heavy;
    weights.emplace_back(W.cast<T>());
  }
  const ReLUNetwork<T> g(std::move(weights));
  LinearPiece<T> piece(g);
  NetworkPass<T> pass(g);
  Vector<T> z = normal<T>(6, 1);
  double worst = 0;
  for (std::uint32_t k = 0; k < 100000; ++k) {
    z += T(0.02) * normal<T>(6, 10 + k);
    if (z.norm() > 4) z *= T(0.5);
    piece.move(z);
    if (k % 7 == 0) z = -z, piece.negate(z);
    if (k % 100 != 0) continue;
    pass.forward(z);
    double squares = 0;
    for (Index i = 0; i < dims.back(); ++i) {
      for (Index j = 0; j < 6; ++j) squares += std::pow(double(piece.piece()(i, j)), 2);
    }
    const double size = std::sqrt(squares / 6) * z.template cast<double>().norm();
    const Vector<T> error = piece.output() - pass.output();
    worst = std::max(worst, error.template cast<double>().norm() / size);
  }
  CHECK(worst > 0);  // the walk does not rebuild at every step
  CHECK(worst < 100.0 * static_cast<double>(std::numeric_limits<T>::epsilon()));
}

}  // namespace

int main() {
  const std::vector<std::vector<Index>> shapes = {{1, 1},           {10, 1300},
                                                  {1, 20, 33},      {10, 250, 1300},
                                                  {7, 30, 60, 700}, {6, 30, 40, 50, 60, 513},
                                                  {20, 10, 5, 600}};
  for (const auto& dims : shapes) {
    for (const double step : {0.001, 0.05, 1.0}) {
      test_walk_equals_fresh_passes<double>(dims, step, 1, 1e-13);
      test_walk_equals_fresh_passes<double>(dims, step, 2, 1e-13);
      test_walk_equals_fresh_passes<float>(dims, step, 5, 5e-5);
    }
  }
  test_exact_zeros_are_off_and_walls_of_zeros_are_crossed();
  const std::vector<std::vector<Index>> pairs[] = {{{3, 20, 300}, {4, 10, 15, 300}},
                                                   {{3, 130}, {4, 9, 130}},
                                                   {{4, 12, 10, 11, 9, 200}, {3, 20, 200}}};
  for (const auto& dims : pairs) {
    test_chosen_signs_are_those_of_complete_sums<double>(dims[0], dims[1]);
    test_chosen_signs_are_those_of_complete_sums<float>(dims[0], dims[1]);
  }
  for (const std::vector<Index>& dims : {std::vector<Index>{6, 40, 200}, {6, 40, 50, 200}}) {
    for (const double heavy : {1.0, 1e4}) {
      test_drift_stays_bounded_over_a_long_walk<float>(dims, heavy);
      test_drift_stays_bounded_over_a_long_walk<double>(dims, heavy);
    }
  }
}
