#include <tuple>

#include "arrays.hpp"
#include "gendemod/restarts.hpp"
#include "module.hpp"

namespace gendemod::bindings {
namespace {

/// A batch at work, with the arrays whose memory it reads.
template <class Solver>
class Batch {
 public:
  using T = typename Solver::Scalar;

  Batch(const ReLUNetwork<T>& g1, const ReLUNetwork<T>& g2, Rows<T> y, Rows<T> y_weights, Rows<T> h,
        Rows<T> m, Rows<double> step_scale, const typename Solver::Settings& settings,
        const RestartPlan& plan, int threads)
      : arrays_{y, y_weights, h, m},
        step_scale_(step_scale),
        restarts_({&g1, &g2, view(y), view(y_weights), view(h), view(m),
                   VectorView<double>(step_scale.data(), row_count(y))},
                  settings, plan, threads) {}

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
    const Outcome<T> outcome = restarts_.best(problem);
    return std::make_tuple(copy(outcome.h.data(), outcome.h.size()),
                           copy(outcome.m.data(), outcome.m.size()), outcome.objective,
                           static_cast<int>(outcome.status), outcome.restarts,
                           copy(outcome.history.data(), static_cast<Index>(outcome.history.size())),
                           restarts_.objective_at_zero(problem));
  }

 private:
  template <class U>
  static Rows<U> copy(const U* data, Index size) {
    return Rows<U>(static_cast<py::ssize_t>(size), data);
  }

  std::vector<Rows<T>> arrays_;
  Rows<double> step_scale_;
  Restarts<Solver> restarts_;
};

template <class Solver>
void add_solver(py::module_& module, const char* name) {
  using Set = Batch<Solver>;
  using T = typename Solver::Scalar;
  py::class_<Set>(module, name)
      .def(
          py::init<const ReLUNetwork<T>&, const ReLUNetwork<T>&, Rows<T>, Rows<T>, Rows<T>, Rows<T>,
                   Rows<double>, const typename Solver::Settings&, const RestartPlan&, int>(),
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

void add_solvers(py::module_& module) {
  py::class_<RestartPlan>(module, "RestartPlan")
      .def(py::init([](Index chains, Index starts_per_chain, std::uint64_t seed) {
             return RestartPlan{chains, starts_per_chain, seed};
           }),
           py::arg("chains"), py::arg("starts_per_chain"), py::arg("seed"))
      .def_readonly("chains", &RestartPlan::chains)
      .def_readonly("starts_per_chain", &RestartPlan::starts_per_chain)
      .def_readonly("seed", &RestartPlan::seed);
  py::class_<DescentSettings>(module, "DescentSettings")
      .def(py::init([](double step_h, double step_m, double momentum, Index sign_check,
                       bool balance, bool simultaneous, Index max_iterations, double tolerance) {
             return DescentSettings{step_h,
                                    step_m,
                                    momentum,
                                    sign_check,
                                    balance,
                                    simultaneous,
                                    {max_iterations, tolerance}};
           }),
           py::arg("step_h"), py::arg("step_m"), py::arg("momentum"), py::arg("sign_check"),
           py::arg("balance"), py::arg("simultaneous"), py::arg("max_iterations"),
           py::arg("tolerance"));
  py::class_<MarquardtSettings>(module, "MarquardtSettings")
      .def(py::init([](Index max_iterations, double tolerance) {
             return MarquardtSettings{{max_iterations, tolerance}};
           }),
           py::arg("max_iterations"), py::arg("tolerance"));
  add_solver<LevenbergMarquardt<float>>(module, "LevenbergMarquardt32");
  add_solver<LevenbergMarquardt<double>>(module, "LevenbergMarquardt64");
  add_solver<AlternatingDescent<float>>(module, "AlternatingDescent32");
  add_solver<AlternatingDescent<double>>(module, "AlternatingDescent64");
}

}  // namespace gendemod::bindings
