#pragma once

#include "descent_state.hpp"
#include "four_signs.hpp"

namespace gendemod::cuda {

/// Algorithm 1 of the paper for many problems; as the sibling of the CPU for each of them. A tick
/// is an iteration, unless a step is halved or turned, which takes more of them, or the signs
/// change, which takes one.
template <class T>
class AlternatingDescent : public BatchSolver<T> {
 public:
  using Settings = DescentSettings;
  AlternatingDescent(const Network<T>& g1, const Network<T>& g2,
                     const Observations<T>& observations, const DescentSettings& settings,
                     Queue& queue, Index slots);

 protected:
  void begin(const int* fresh) override;
  void tick() override;

 private:
  using Base = BatchSolver<T>;
  using Side = typename Base::Side;
  struct Factor {
    explicit Factor(std::size_t size);
    Array<T> trial, gradient, direction;
    Array<double> sums;
  };

  DescentFactor<T> view(const Side& side, const Factor& factor) const;
  Descent<T> descent() const;
  void compare_signs();
  void pull_back(int factor);
  template <int factor>
  void step();
  void take_fixed_steps();
  template <int factor>
  void move();

  DescentSettings settings_;
  double tolerance_;
  std::unique_ptr<FourSigns<T>> signs_;
  Factor own_h_, own_m_;
  Array<DescentState> states_;
  Array<int> active_, best_;
  Array<T> slide_, scale_;
  Array<double> parts_;
};

}  // namespace gendemod::cuda
