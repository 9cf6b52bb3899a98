#include <tuple>

#include "arrays.hpp"
#include "gendemod/random.hpp"
#include "gendemod/restarts.hpp"
#include "module.hpp"
#include "restarts.hpp"

namespace gendemod::bindings {
namespace {

/// The settings of the sibling on the CPU.
cuda::DescentSettings on_device(const DescentSettings& s) {
  return {s.step_h,
          s.step_m,
          s.momentum,
          s.sign_check,
          s.balance,
          s.simultaneous,
          {s.stopping.max_iterations, s.stopping.tolerance}};
}

cuda::MarquardtSettings on_device(const MarquardtSettings& s) {
  return {{s.stopping.max_iterations, s.stopping.tolerance}};
}

/// The same plan, with the random numbers of the CPU.
cuda::RestartPlan on_device(const RestartPlan& plan) {
  return {
      plan.chains, plan.starts_per_chain,
      [seed = plan.seed](cuda::Index problem, cuda::Index number, cuda::Index count, double* out) {
        fill_normal(seed,
                    {Stream::Kind::start, static_cast<std::uint32_t>(problem),
                     static_cast<std::uint32_t>(number)},
                    count, out);
      }};
}

template <class T>
cuda::Batch<T> batch_of(const Rows<T>& y, const Rows<T>& y_weights, const Rows<T>& h,
                        const Rows<T>& m, const Rows<double>& step_scale) {
  const bool given = row_count(h) > 0;
  return {row_count(y),
          y.data(),
          y_weights.data(),
          row_count(y_weights),
          given ? h.data() : nullptr,
          given ? m.data() : nullptr,
          step_scale.data()};
}

/// A batch at work on the device, with the arrays whose memory it reads.
template <class Solver, class Settings>
class DeviceBatch {
 public:
  using T = typename Solver::Scalar;
  using Network = cuda::Network<T>;

  DeviceBatch(const Network& g1, const Network& g2, Rows<T> y, Rows<T> y_weights, Rows<T> h,
              Rows<T> m, Rows<double> step_scale, const Settings& settings, const RestartPlan& plan,
              int /*threads*/)
      : arrays_{y, y_weights, h, m},
        step_scale_(step_scale),
        restarts_(make(g1, g2, batch_of(y, y_weights, h, m, step_scale), settings, plan)) {}

  bool run(double seconds) {
    return without_gil([&] { return restarts_.run(seconds); });
  }
  void stop() {
    without_gil([&] { restarts_.stop(); });
  }
  Index done() const { return restarts_.chains_done(); }
  Index total() const { return restarts_.chains_total(); }

  /// (h, m, objective, status, restarts, history, objective at w * x = 0)
  auto best(Index problem) const {
    const cuda::Outcome<T> outcome = restarts_.best(problem);
    return std::make_tuple(copy(outcome.h), copy(outcome.m), outcome.objective,
                           static_cast<int>(outcome.status), outcome.restarts,
                           copy(outcome.history), restarts_.objective_at_zero(problem));
  }

 private:
  using Restarts = cuda::Restarts<Solver>;

  /// It copies the observations, and multiplies layers: that takes a while.
  static Restarts make(const Network& g1, const Network& g2, const cuda::Batch<T>& batch,
                       const Settings& settings, const RestartPlan& plan) {
    return without_gil(
        [&] { return Restarts(g1, g2, batch, on_device(settings), on_device(plan)); });
  }

  template <class U>
  static Rows<U> copy(const std::vector<U>& numbers) {
    return Rows<U>(static_cast<py::ssize_t>(numbers.size()), numbers.data());
  }

  std::vector<Rows<T>> arrays_;
  Rows<double> step_scale_;
  Restarts restarts_;
};

template <class Solver, class Settings>
void add_solver(py::module_& module, const char* name) {
  using Set = DeviceBatch<Solver, Settings>;
  using T = typename Solver::Scalar;
  py::class_<Set>(module, name)
      .def(py::init<const cuda::Network<T>&, const cuda::Network<T>&, Rows<T>, Rows<T>, Rows<T>,
                    Rows<T>, Rows<double>, const Settings&, const RestartPlan&, int>(),
           py::arg("g1"), py::arg("g2"), py::arg("y").noconvert(), py::arg("y_weights").noconvert(),
           py::arg("h").noconvert(), py::arg("m").noconvert(), py::arg("step_scale").noconvert(),
           py::arg("settings"), py::arg("plan"), py::arg("threads"), py::keep_alive<1, 2>(),
           py::keep_alive<1, 3>())
      .def("run", &Set::run, py::arg("seconds"))
      .def("stop", &Set::stop)
      .def("done", &Set::done)
      .def("total", &Set::total)
      .def("best", &Set::best, py::arg("problem"));
}

}  // namespace

void add_cuda_solvers(py::module_& cuda) {
  add_solver<cuda::AlternatingDescent<float>, DescentSettings>(cuda, "AlternatingDescent32");
  add_solver<cuda::AlternatingDescent<double>, DescentSettings>(cuda, "AlternatingDescent64");
  add_solver<cuda::LevenbergMarquardt<float>, MarquardtSettings>(cuda, "LevenbergMarquardt32");
  add_solver<cuda::LevenbergMarquardt<double>, MarquardtSettings>(cuda, "LevenbergMarquardt64");
}

}  // namespace gendemod::bindings
