#pragma once

#include "pieces.hpp"
#include "sign_tiles.hpp"

namespace gendemod::cuda {

/// Line 3 of Algorithm 1 for many problems: which of (+-h, +-m) has the least objective.
///
/// Sums of squares never decrease, so that a rival is out as soon as its sum over the first rows
/// reaches the objective at (h, m): 64 rows decide first, then a sixteenth of the tiles, then all;
/// where the tiles are few, all at once.
/// What is left is compared by complete sums, in one order, and the first of equals wins. At depth
/// 2 rows of G(-z) are relu(P_2 z - W_2 W_1 z), with W_2 W_1 kept; from depth 3 on the inner layers
/// are brought to -z and the last is multiplied with what is on there.
template <class T>
class FourSigns {
 public:
  FourSigns(Queue& queue, const ProductModel<T>& model, Pieces<T>& pieces_h, Pieces<T>& pieces_m);

  /// best_out (problems,): sign pairs. The pieces stand at the latents h and m, where
  /// f is objective (problems,).
  void choose(const T* h, const T* m, const double* objective, const int* active, int* best_out);
  /// The same but for the last kernel, of one block a problem, which the caller launches.
  ChooseSigns compare(const T* h, const T* m, const double* objective, const int* active,
                      int* best_out);

 private:
  struct Layer {
    Array<T> value;            // at -z, before the mask
    Array<int> units, counts;  // where that is > 0
  };
  /// One of the two networks.
  struct Negative {
    Pieces<T>* pieces;
    Array<T> product;           // W_2 W_1 at depth 2
    std::vector<Layer> layers;  // the inner ones, from depth 3 on
  };

  Negative make(Pieces<T>& pieces);
  void multiply_out(Negative& negative);
  void bring_inner_layers(Negative& negative, const int* active);
  NegativeRows<T> rows(const Negative& negative, const T* latents) const;

  Queue* queue_;
  ProductModel<T> model_;
  Negative h_, m_;
  Array<int> rivals_;
  Array<double> parts_;  // (problems, tiles, 3)
};

}  // namespace gendemod::cuda
