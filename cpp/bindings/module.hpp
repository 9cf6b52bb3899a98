#pragma once

#include <pybind11/pybind11.h>

/// One function for each file of the module.
namespace gendemod::bindings {

void add_networks(pybind11::module_& module);
void add_problems(pybind11::module_& module);
void add_rays(pybind11::module_& module);
void add_solvers(pybind11::module_& module);
void add_wdc(pybind11::module_& module);

}  // namespace gendemod::bindings
