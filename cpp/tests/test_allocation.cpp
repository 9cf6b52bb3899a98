// No iteration allocates: while the solver runs, Eigen's malloc switch is off, and every other
// allocation is counted.
#include <cstdlib>
#include <new>

#include "checks.hpp"
#include "gendemod/alternating_descent.hpp"
#include "gendemod/levenberg_marquardt.hpp"

using namespace gendemod;

namespace {

long allocations = 0;

}  // namespace

void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}

namespace {

bool operator_new_is_counted() {
  const long before = allocations;
  std::vector<double> numbers(10);
  return allocations >= before + 1 && numbers.size() == 10;
}

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
  const long before = allocations;
  const Status status = solver.run(50);
  const long during = allocations - before;
  Eigen::internal::set_is_malloc_allowed(true);
  CHECK(during == 0);
  CHECK(status == Status::iteration_limit);
  CHECK(solver.history().size() == 51);
}

}  // namespace

int main() {
  CHECK(eigen_refuses_to_allocate());  // the guards are armed
  CHECK(operator_new_is_counted());
  const Stopping fifty{50, 0};
  test_iterations_do_not_allocate<AlternatingDescent<float>>({0, 0, 0, 1, true, false, fifty});
  test_iterations_do_not_allocate<AlternatingDescent<double>>({0, 0, 0.5, 1, true, false, fifty});
  test_iterations_do_not_allocate<AlternatingDescent<double>>({1, 1, 0.5, 1, true, false, fifty});
  test_iterations_do_not_allocate<AlternatingDescent<double>>({1, 1, 0.5, 1, true, true, fifty});
  test_iterations_do_not_allocate<LevenbergMarquardt<float>>({fifty});
  test_iterations_do_not_allocate<LevenbergMarquardt<double>>({fifty});
}
