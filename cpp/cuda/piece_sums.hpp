#pragma once

#include "launch.hpp"
#include "piece_product.hpp"
#include "piece_transpose.hpp"
#include "piece_update.hpp"
#include "pieces.hpp"

/// What Pieces do together with sums over rows; for .cu files.
namespace gendemod::cuda {

/// Brings P_{i+1} and layer i + 1 up to date.
template <class T>
template <class Term>
void Pieces<T>::update(std::size_t i, const T* latents, const T* step, const int* active,
                       const Term& term, double* parts) {
  const bool last = i + 1 == layers_.size();
  const Tiles<T> A = tiles(i);
  UpdatePiece<T, Term> kernel{};
  kernel.active = active;
  kernel.W = network_->layer(static_cast<Index>(i));
  kernel.A = A;
  kernel.A_stride = tiles_stride(i);
  kernel.state = alone_.data();
  kernel.z = latents;
  kernel.slope = slope_.data();
  kernel.step = step;
  kernel.value = layers_[i].value.data();
  kernel.row_squares = last ? nullptr : layers_[i].row_squares.data();
  kernel.output = last ? outputs_.data() : nullptr;
  kernel.term = term;
  kernel.parts = parts;
  if (i > 0) {
    const Layer& below = layers_[i - 1];
    const Tiles<T> P = tiles(i - 1);
    kernel.state = below.state.data();
    kernel.units = below.units.data();
    kernel.mask = below.mask.data();
    kernel.P = {P.data, P.rows, P.cols};
    kernel.P_stride = tiles_stride(i - 1);
  }
  launch(*queue_, problems_ * A.count(), kernel);
}

template <class T>
template <class Term>
void Pieces<T>::move_along(const T* latents, const T* step, const int* active, const Term& term,
                           double* parts) {
  follow_below(latents, step, active, false);
  update(layers_.size() - 1, latents, step, active, term, parts);
}

template <class T>
template <class Term>
void Pieces<T>::product(const T* directions, const int* active, const Term& term, double* parts) {
  const Tiles<const T> A = piece(0);
  launch(*queue_, problems_ * A.count(),
         PieceProduct<T, Term>{active, A, piece_stride(), directions, slope_.data(), outputs(),
                               nullptr, last_state(), term, parts});
}

template <class T>
template <class Seed>
void Pieces<T>::product_transpose(const Seed& seed, const int* active, double* out) {
  const Tiles<const T> A = piece(0);
  launch(*queue_, problems_ * A.count(),
         TransposeProduct<T, Seed>{active, A, piece_stride(), outputs(), seed, parts_.data()});
  const SumTiles sum{active, A.cols, problems_, A.count(), parts_.data(), out};
  launch(*queue_, sum.blocks(), sum);
}

}  // namespace gendemod::cuda
