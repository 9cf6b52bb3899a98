#pragma once

#include "network.hpp"
#include "piece_plan.hpp"

namespace gendemod::cuda {

/// Many problems that share a network, each at a latent z that walks: the pieces
/// P_i = W_i D_{i-1} W_{i-1} ... D_1 W_1 of all layers, (n_i, n). G(z) = relu(P_d z), and Lambda is
/// P_d where the output is on.
///
/// Where a step flips units of a layer, the piece above changes by their columns of W; where more
/// than the masks of that layer have changed, it is rebuilt (PlanPiece). Every call takes
/// active (problems,): what is 0 there is left alone. All memory is allocated on construction:
/// n (n_2 + ... + n_d) numbers a problem, rows in tiles; P_1 = W_1 is the network's.
template <class T>
class Pieces {
 public:
  Pieces(Queue& queue, const Network<T>& network, Index problems);

  /// Moves to latents, (problems, n), and rebuilds all pieces.
  void jump(const T* latents, const int* active);
  /// Moves to latents across the walls between. What no flip concerns is read once, what one does
  /// is read and written once.
  void move(const T* latents, const int* active);
  /// The same where latents have gone by step (problems,) times the directions of the last
  /// product(), or anywhere where step is NaN or null: a last piece that no flip concerns is not
  /// even read.
  void move_along(const T* latents, const T* step, const int* active);

  /// Moves from z to c z, c (problems,) > 0, where every mask is the same.
  void scale(const T* c, const int* active);

  /// The same, with the parts (problems, Term::count, tiles) of the sums of a term (terms.hpp) over
  /// G(z); in piece_sums.hpp.
  template <class Term>
  void move_along(const T* latents, const T* step, const int* active, const Term& term,
                  double* parts);

  /// G(z), (problems, stride()), with zeros in the rows beyond ell.
  const T* outputs() const { return outputs_.data(); }
  Index stride() const { return piece(0).padded_rows(); }
  Index problems() const { return problems_; }
  const Network<T>& network() const { return *network_; }
  /// P_d of a problem, before its own mask.
  Tiles<const T> piece(Index problem) const;
  /// From the piece of a problem to that of the next; 0 at depth 1, where they are W_1.
  Index piece_stride() const { return layers_.size() > 1 ? piece(0).volume() : 0; }
  /// P_i z before its mask, (problems, padded n_i), i = 0 .. depth - 1 from the first layer.
  const T* values(Index i) const { return layers_[static_cast<std::size_t>(i)].value.data(); }

  /// out = Lambda d, (problems, stride()); directions d are (problems, n).
  void product(const T* directions, const int* active, T* out);
  /// The same with the parts of the sums of a term over Lambda d in place of it; in piece_sums.hpp.
  template <class Term>
  void product(const T* directions, const int* active, const Term& term, double* parts);
  /// out = Lambda^T r, (problems, n); r is (problems, stride()).
  void pull_back(const T* r, const int* active, double* out);
  /// The same with seed(problem, row) for r, a struct of plain data; in piece_sums.hpp.
  template <class Seed>
  void product_transpose(const Seed& seed, const int* active, double* out);

 private:
  struct Layer {
    Array<T> piece;  // (problems, volume); none at the first layer
    Array<T> value;  // P_i z, (problems, padded rows)
    Array<T> row_squares;
    Array<double> column_squares;  // of the W above
    Array<int> mask, units;        // (problems, rows)
    Array<PieceState> state;       // of the piece above, (problems,)
  };

  Tiles<T> tiles(std::size_t i) const;
  Index tiles_stride(std::size_t i) const { return i > 0 ? tiles(i).volume() : 0; }
  void follow_below(const T* latents, const T* step, const int* active, bool jump);
  void plan(std::size_t i, const T* step, const int* active, bool jump);
  template <class Term>
  void update(std::size_t i, const T* latents, const T* step, const int* active, const Term& term,
              double* parts);
  PieceState* last_state() const;

  Queue* queue_;
  const Network<T>* network_;
  Index problems_;
  std::vector<Layer> layers_;
  Array<T> outputs_, slope_;  // (problems, stride); slope: P_d times the last directions
  Array<PieceState> alone_;   // of the piece of a network of depth 1
  Array<double> parts_;       // (problems, n, tiles)
};

}  // namespace gendemod::cuda
