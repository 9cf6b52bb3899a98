// No iteration allocates: Eigen's malloc switch is off while the solver runs.
#include "checks.hpp"
#include "gendemod/alternating_descent.hpp"
#include "gendemod/levenberg_marquardt.hpp"

using namespace gendemod;

namespace {

bool eigen_refuses_to_allocate() {
  Eigen::internal::set_is_malloc_allowed(false);
  bool refused = false;
  try {
    Vector<double> vector(100);
  } catch (const std::logic_error&) {
    refused = true;
  }
  Eigen::internal::set_is_malloc_allowed(true);
  return refused;
}

template <class Solver>
void test_iterations_do_not_allocate(const typename Solver::Settings& settings) {
  using T = typename Solver::Scalar;
  std::vector<OwnedMatrix<T>> weights1, weights2;
  for (const auto& W : gaussian_weights({5, 40, 80, 300}, 1, false)) {
    weights1.emplace_back(W.cast<T>());
  }
  for (const auto& W : gaussian_weights({4, 60, 300}, 2, false)) weights2.emplace_back(W.cast<T>());
  const ReLUNetwork<T> g1(std::move(weights1)), g2(std::move(weights2));
  const Vector<T> y = Vector<T>::Random(300);
  const ProductModel<T> model(g1, g2, {y.data(), 300}, {nullptr, 0});
  Solver solver(model, settings);
  solver.start(Vector<T>::Random(5), Vector<T>::Random(4));
  Eigen::internal::set_is_malloc_allowed(false);
  const Status status = solver.run(50);
  Eigen::internal::set_is_malloc_allowed(true);
  CHECK(status == Status::iteration_limit);
  CHECK(solver.history().size() == 51);
}

}  // namespace

int main() {
  CHECK(eigen_refuses_to_allocate());  // the guard is armed
  const Stopping fifty{50, 0};
  test_iterations_do_not_allocate<AlternatingDescent<float>>({0, 0, 0, 1, true, fifty});
  test_iterations_do_not_allocate<AlternatingDescent<double>>({0, 0, 0.5, 1, true, fifty});
  test_iterations_do_not_allocate<AlternatingDescent<double>>({1, 1, 0.5, 1, true, fifty});
  test_iterations_do_not_allocate<LevenbergMarquardt<float>>({fifty});
  test_iterations_do_not_allocate<LevenbergMarquardt<double>>({fifty});
}
