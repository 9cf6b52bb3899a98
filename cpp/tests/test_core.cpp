// The core without Python: its kernels against loops, its gradients against differences, its
// solver against the truth.
#include <cmath>

#include "checks.hpp"
#include "gendemod/random.hpp"
#include "gendemod/restarts.hpp"

using namespace gendemod;

namespace {

template <class T>
ReLUNetwork<T> network(std::vector<Index> dims, std::uint64_t seed) {
  std::vector<OwnedMatrix<T>> weights;
  for (const auto& W : gaussian_weights(dims, seed, true)) weights.emplace_back(W.cast<T>());
  return ReLUNetwork<T>(std::move(weights));
}

Vector<double> normal(Index size, std::uint32_t stream) {
  Vector<double> z(size);
  fill_normal(7, {Stream::Kind::start, stream, 0}, size, z.data());
  return z;
}

void test_normals_have_the_moments_of_the_normal_law() {
  const Vector<double> z = normal(200000, 1);
  CHECK(std::abs(z.mean()) < 0.01);
  CHECK(std::abs(z.squaredNorm() / 200000 - 1) < 0.02);
  CHECK(std::abs(z.array().pow(4).mean() - 3) < 0.1);
}

void test_a_shorter_stream_is_a_prefix() {
  CHECK(normal(7, 3) == normal(12, 3).head(7));
}

template <class T>
void test_masked_products_match_loops(Index rows, Index cols) {
  const Matrix<T> W = Matrix<T>::Random(rows, cols);
  const OwnedMatrix<T> owned(W);
  const Vector<T> a = Vector<T>::Random(cols), r = Vector<T>::Random(rows);
  const Mask on = a.array() > T(0);
  Units units;
  list_units(on, units);
  Vector<T> z(rows), b(cols);
  combine_columns<T>(owned.view(), units, a, z);
  dot_columns<T>(owned.view(), units, r, b);
  const double tolerance = 4e-7 * std::sqrt(static_cast<double>(rows * cols));
  for (Index i = 0; i < rows; ++i) {
    double sum = 0;
    for (Index j = 0; j < cols; ++j) sum += on[j] ? double(W(i, j)) * double(a[j]) : 0;
    CHECK(std::abs(sum - double(z[i])) < tolerance);
  }
  for (Index j = 0; j < cols; ++j) {
    double sum = 0;
    for (Index i = 0; i < rows; ++i) sum += on[j] ? double(W(i, j)) * double(r[i]) : 0;
    CHECK(std::abs(sum - double(b[j])) < tolerance);
  }
}

void test_gradient_matches_central_differences() {
  const auto g1 = network<double>({4, 30, 200}, 1), g2 = network<double>({5, 20, 200}, 2);
  const Vector<double> h = normal(4, 1), m = normal(5, 2), d = normal(4, 3), y = normal(200, 4);
  const ProductModel<double> model(g1, g2, {y.data(), 200}, {nullptr, 0});
  NetworkPass<double> pass_h(g1), pass_m(g2);
  pass_m.forward(m);
  const auto f = [&](const Vector<double>& at) {
    pass_h.forward(at);
    return model.objective(pass_h.output(), pass_m.output());
  };
  const double step = 1e-6;
  const double difference = (f(h + step * d) - f(h - step * d)) / (2 * step);
  pass_h.forward(h);
  Vector<double> seed(200), gradient(4);
  model.gradient_seed(0, 200, pass_h.output().data(), pass_m.output().data(),
                      pass_m.output().data(), seed.data());
  pass_h.jacobian_transpose(seed, gradient);
  CHECK(std::abs(gradient.dot(d) - difference) < 1e-6 * gradient.norm() * d.norm());
}

template <class T>
Outcome<T> solve(int threads, double tolerance, const Vector<T>& y, const ReLUNetwork<T>& g1,
                 const ReLUNetwork<T>& g2) {
  const RowMajorView<T> none(nullptr, 0, 0);
  const DescentSettings settings{0, 0, 0, 1, true, false, {2000, tolerance}};
  const double one = 1;
  Restarts<AlternatingDescent<T>> restarts(
      {&g1, &g2, {y.data(), 1, y.size()}, none, none, none, {&one, 1}}, settings, {3, 1, 11},
      threads);
  while (!restarts.run(0.01)) continue;
  return restarts.best(0);
}

template <class T>
void test_solver_finds_both_factors(double tolerance, double error) {
  const auto g1 = network<T>({6, 60, 400}, 5), g2 = network<T>({6, 60, 400}, 6);
  NetworkPass<T> pass_h(g1), pass_m(g2);
  pass_h.forward(normal(6, 8).cast<T>());
  pass_m.forward(normal(6, 9).cast<T>());
  const Vector<T> y = pass_h.output().cwiseProduct(pass_m.output());
  const auto serial = solve<T>(1, tolerance, y, g1, g2);
  CHECK(serial.status == Status::converged);
  CHECK(serial.restarts == 1);  // the others are cut: the first start fits
  CHECK(std::sqrt(2 * serial.objective) < error * norm(y));
  const auto parallel = solve<T>(2, tolerance, y, g1, g2);
  CHECK(parallel.h == serial.h && parallel.m == serial.m && parallel.history == serial.history);
}

}  // namespace

int main() {
  test_normals_have_the_moments_of_the_normal_law();
  test_a_shorter_stream_is_a_prefix();
  for (const Index rows : {1, 15, 16, 17, 1023, 1025, 3000}) {
    for (const Index cols : {1, 7, 8, 40}) {
      test_masked_products_match_loops<float>(rows, cols);
      test_masked_products_match_loops<double>(rows, cols);
    }
  }
  test_gradient_matches_central_differences();
  test_solver_finds_both_factors<float>(1e-6, 1e-4);
  test_solver_finds_both_factors<double>(1e-9, 1e-7);
}
