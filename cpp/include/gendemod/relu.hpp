#pragma once

#include <cstdint>
#include <vector>

#include "gendemod/types.hpp"

namespace gendemod {

/// The units of a layer that are on, in increasing order.
using Units = std::vector<std::int32_t>;

/// units_out = {j : on[j]}. units_out keeps its capacity; with capacity on.size() nothing
/// allocates.
void list_units(const Mask& on, Units& units_out);
/// units_out = {j : value[j] > 0}.
template <class T>
void list_units(const Vector<T>& value, Units& units_out);

/// z_out = sum over j in units of W[:, j] a[j]:  W diag(on) a.
/// W (rows, cols), a (cols,), z_out (rows,), not aliased. 2 rows |units| flops.
/// Every row sums over the units in the same order.
template <class T>
void combine_columns(const MatrixView<T>& W, const Units& units, const Vector<T>& a,
                     Vector<T>& z_out);

/// b_out[j] = W[:, j] . r for j in units, 0 elsewhere:  diag(on) W^T r.
/// W (rows, cols), r (rows,), b_out (cols,), not aliased. 2 rows |units| flops.
template <class T>
void dot_columns(const MatrixView<T>& W, const Units& units, const Vector<T>& r, Vector<T>& b_out);

}  // namespace gendemod
