#pragma once

#include <pybind11/pybind11.h>

/// One function for each file of the module.
namespace gendemod::bindings {

#ifdef GENDEMOD_CUDA
void add_cuda(pybind11::module_& module);
void add_cuda_normal_equations(pybind11::module_& cuda);
void add_cuda_pieces(pybind11::module_& cuda);
void add_cuda_solvers(pybind11::module_& cuda);
void add_cuda_wdc(pybind11::module_& cuda);
#endif
void add_networks(pybind11::module_& module);
void add_problems(pybind11::module_& module);
void add_rays(pybind11::module_& module);
void add_solvers(pybind11::module_& module);
void add_wdc(pybind11::module_& module);

}  // namespace gendemod::bindings
