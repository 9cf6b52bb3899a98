#pragma once

#include "four_signs.hpp"
#include "marquardt_steps.hpp"
#include "normal_equations.hpp"

namespace gendemod::cuda {

struct MarquardtSettings {
  static constexpr bool balance = true;
  Stopping stopping;
};

/// Levenberg-Marquardt for many problems; as the sibling of the CPU for each of them, with normal
/// equations in place of reflections (DampedSolve). A tick is an iteration:
///
///   lines 3 and 5 of Algorithm 1, and [J | r]^T [J | r], where the last trial was kept
///   a trial at z + d, d = argmin ||J d + r||^2 + mu ||d||^2, which is kept if f falls
template <class T>
class LevenbergMarquardt : public BatchSolver<T> {
 public:
  using Settings = MarquardtSettings;
  LevenbergMarquardt(const Network<T>& g1, const Network<T>& g2,
                     const Observations<T>& observations, const MarquardtSettings& settings,
                     Queue& queue, Index slots);

  static double own_bytes(const Network<T>& g1, const Network<T>& g2) {
    return NormalEquations::bytes(g1.input_size() + g2.input_size(),
                                  g1.layer(g1.depth() - 1).count());
  }

 protected:
  void begin(const int* fresh) override;
  void tick() override;

 private:
  using Base = BatchSolver<T>;
  using Side = typename Base::Side;

  MarquardtFactor<T> view(const Side& side, const Array<int>& turned) const;
  Marquardt<T> marquardt() const;
  void linearise();

  Stopping stopping_;
  FourSigns<T> signs_;
  Objective<T> measure_;
  NormalEquations equations_;
  Array<double> damping_, raise_, c_, length_, along_, parts_;
  Array<int> linearised_, running_, fresh_, turned_, turned_h_, turned_m_, best_;
};

}  // namespace gendemod::cuda
