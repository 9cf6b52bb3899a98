#pragma once

#include <cstdint>

#include "gendemod/relu_network.hpp"

namespace gendemod {

/// Units whose pre-activations are zero at directions that stand for points on their walls: `count`
/// units of one inner layer (from 0) for each direction. Rounding would put them on either side.
struct Pins {
  const std::int32_t* layer;  // (directions,)
  const std::int32_t* units;  // (directions, count), row by row; different in a row
  Index count;
};

/// The gradient of (2) along rays, for all pairs of a direction z_i of this network and an output
/// x_j of the other one at a unit direction. With w_i = G(z_i) and Lambda_i, in which pinned units
/// are off,
///
///   grad f(a z_i, b x_j) = a b^2 u_ij - b v_ij,
///   u_ij = E_i^T (w_i * x_j^2),  v_ij = E_i^T (y * x_j),  E_i = [Lambda_i, C_i]:
///
/// the first n entries of u and v. The others belong to the columns C_i of the pinned units, the
/// derivatives of the output with respect to their pre-activations: where pinned unit k is on, the
/// gradient has (a b^2 u - b v)[n + k] times the row of its pre-activation in addition.
///
/// z (count, n), x (others, ell), y (ell,). u_out, v_out (count, others, n + pins.count);
/// regular_out[i] is false where a unit that is not pinned lies on its wall. For a direction 2 ell
/// |on_{d-1}| (n + pins.count) flops and those of the inner layers; for a pair 4 ell (n +
/// pins.count). A task is a group of directions and a block of rows after the other: what it reads
/// stays in the second-level cache, and its sums have a fixed order.
void ray_gradients(const ReLUNetwork<double>& network, const RowMajorView<double>& z,
                   const Pins& pins, const RowMajorView<double>& x, VectorView<double> y,
                   int threads, double* u_out, double* v_out, bool* regular_out);

}  // namespace gendemod
