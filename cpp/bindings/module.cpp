#include "module.hpp"

#include <Eigen/Core>

#include "gendemod/parallel.hpp"

namespace py = pybind11;

namespace {

py::dict build_info() {
  py::dict info;
  info["version"] = GENDEMOD_VERSION;
  info["compiler"] = GENDEMOD_COMPILER;
  info["flags"] = GENDEMOD_FLAGS;
  info["eigen"] = std::to_string(EIGEN_WORLD_VERSION) + "." + std::to_string(EIGEN_MAJOR_VERSION) +
                  "." + std::to_string(EIGEN_MINOR_VERSION);
  info["simd"] = Eigen::SimdInstructionSetsInUse();
  info["openmp"] = gendemod::has_openmp;
  info["threads"] = gendemod::resolve_threads(0);
  return info;
}

}  // namespace

PYBIND11_MODULE(_core, module) {
  module.doc() = "The compiled core of gendemod; its public face is the package.";
  module.def("build_info", &build_info);
  gendemod::bindings::add_networks(module);
  gendemod::bindings::add_problems(module);
  gendemod::bindings::add_rays(module);
  gendemod::bindings::add_solvers(module);
  gendemod::bindings::add_wdc(module);
#ifdef GENDEMOD_CUDA
  gendemod::bindings::add_cuda(module);
#endif
}
