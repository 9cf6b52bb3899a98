#include "launch.hpp"
#include "piece_sums.hpp"
#include "pieces.hpp"
#include "squares.hpp"

namespace gendemod::cuda {
namespace {

template <class T>
struct Rows {
  const T* r;
  Index stride;
  GENDEMOD_DEVICE T operator()(Index problem, Index row) const { return r[problem * stride + row]; }
};

/// rows *= c, elementwise, for a few arrays of rows: one block a problem and tile of each.
template <class T>
struct Scale {
  static constexpr int threads = 128;
  struct Shared {};
  struct Rows {
    T* rows;
    Index tiles;  // of a problem
  };
  const int* active;
  const T* c;
  Index problems;
  Rows first, second, third;

  template <class Block>
  GENDEMOD_DEVICE void operator()(const Block& block, Shared&) const {
    Index tile = block.index();
    for (const Rows& all : {first, second, third}) {
      if (tile >= 0 && tile < problems * all.tiles) scale(block, all, tile);
      tile -= problems * all.tiles;
    }
  }
  Index blocks() const { return problems * (first.tiles + second.tiles + third.tiles); }

 private:
  template <class Block>
  GENDEMOD_DEVICE void scale(const Block& block, const Rows& all, Index tile) const {
    const Index problem = tile / all.tiles;
    if (active[problem] == 0) return;
    block.each([&](int t) {
      for (Index i = t; i < tile_rows; i += threads) all.rows[tile * tile_rows + i] *= c[problem];
    });
  }
};

}  // namespace

template <class T>
Pieces<T>::Pieces(Queue& queue, const Network<T>& network, Index problems)
    : queue_(&queue),
      network_(&network),
      problems_(problems),
      layers_(static_cast<std::size_t>(network.depth())) {
  const auto count = static_cast<std::size_t>(problems);
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    Layer& layer = layers_[i];
    const Tiles<T> P = tiles(i);
    const auto rows = static_cast<std::size_t>(P.rows);
    const auto padded = static_cast<std::size_t>(P.padded_rows());
    if (i > 0) layer.piece = Array<T>(count * static_cast<std::size_t>(P.volume()));
    layer.value = Array<T>(count * padded);
    if (i + 1 == layers_.size()) break;
    layer.mask = Array<int>(count * rows);
    layer.mask.zero(queue);
    layer.units = Array<int>(count * rows);
    layer.state = Array<PieceState>(count);
    layer.row_squares = Array<T>(i > 0 ? count * padded : padded);
    layer.column_squares = Array<double>(rows);
    launch(queue, P.rows,
           ColumnSquares<T>{network.layer(static_cast<Index>(i) + 1), layer.column_squares.data()});
    if (i > 0) continue;
    launch(queue, P.count(), RowSquares<T>{network.layer(0), layer.row_squares.data()});
  }
  if (layers_.size() == 1) {
    alone_ = Array<PieceState>(count);
    alone_.zero(queue);
  }
  const auto padded = static_cast<std::size_t>(stride());
  outputs_ = Array<T>(count * padded);
  slope_ = Array<T>(count * padded);
  parts_ = Array<double>(count * static_cast<std::size_t>(piece(0).count() * piece(0).cols));
}

/// P_{i+1} of the first problem, or of all at the first layer, where it is only read.
template <class T>
Tiles<T> Pieces<T>::tiles(std::size_t i) const {
  const Tiles<const T> W = network_->layer(static_cast<Index>(i));
  T* const data = i > 0 ? layers_[i].piece.data() : const_cast<T*>(W.data);
  return {data, W.rows, network_->input_size()};
}

template <class T>
Tiles<const T> Pieces<T>::piece(Index problem) const {
  const Tiles<T> last = tiles(layers_.size() - 1);
  return {last.data + problem * tiles_stride(layers_.size() - 1), last.rows, last.cols};
}

template <class T>
void Pieces<T>::jump(const T* latents, const int* active) {
  follow_below(latents, nullptr, active, true);
  update(layers_.size() - 1, latents, nullptr, active, NoTerm{}, nullptr);
}

template <class T>
void Pieces<T>::move(const T* latents, const int* active) {
  move_along(latents, nullptr, active);
}

template <class T>
void Pieces<T>::move_along(const T* latents, const T* step, const int* active) {
  move_along(latents, step, active, NoTerm{}, nullptr);
}

template <class T>
void Pieces<T>::scale(const T* c, const int* active) {
  const auto rows = [&](std::size_t i) {
    return typename Scale<T>::Rows{layers_[i].value.data(), tiles(i).count()};
  };
  const std::size_t last = layers_.size() - 1;
  Scale<T> kernel{active, c, problems_, rows(last), {outputs_.data(), tiles(last).count()}, {}};
  if (last > 0) kernel.third = rows(0);
  launch(*queue_, kernel.blocks(), kernel);
  for (std::size_t i = 1; i < last; ++i) {
    const Scale<T> inner{active, c, problems_, rows(i), {}, {}};
    launch(*queue_, inner.blocks(), inner);
  }
}

/// Brings everything below the last piece to the latents, and plans how that follows.
template <class T>
void Pieces<T>::follow_below(const T* latents, const T* step, const int* active, bool jump) {
  const std::size_t last = layers_.size() - 1;
  if (last == 0) {
    launch(*queue_, problems_,
           PlanPiece<T>{active, jump, step, nullptr, 0, 0, nullptr, 0, nullptr, nullptr, nullptr,
                        nullptr, alone_.data()});
    return;
  }
  const Tiles<const T> W = network_->layer(0);
  launch(
      *queue_, problems_ * W.count(),
      PieceProduct<T>{
          active, W, 0, latents, layers_[0].value.data(), nullptr, nullptr, nullptr, {}, nullptr});
  for (std::size_t i = 0; i < last; ++i) {
    if (i > 0) update(i, latents, step, active, NoTerm{}, nullptr);
    plan(i, i + 1 == last ? step : nullptr, active, jump);
  }
}

template <class T>
void Pieces<T>::plan(std::size_t i, const T* step, const int* active, bool jump) {
  Layer& layer = layers_[i];
  const Tiles<T> P = tiles(i);
  launch(*queue_, problems_,
         PlanPiece<T>{active, jump, step, layer.value.data(), P.rows, P.padded_rows(),
                      layer.row_squares.data(), i > 0 ? P.padded_rows() : 0,
                      layer.column_squares.data(), i > 0 ? layers_[i - 1].state.data() : nullptr,
                      layer.mask.data(), layer.units.data(), layer.state.data()});
}

/// What the piece of the last layer is told.
template <class T>
PieceState* Pieces<T>::last_state() const {
  return layers_.size() > 1 ? layers_[layers_.size() - 2].state.data() : alone_.data();
}

template <class T>
void Pieces<T>::product(const T* directions, const int* active, T* out) {
  const Tiles<const T> A = piece(0);
  launch(*queue_, problems_ * A.count(),
         PieceProduct<T>{active,
                         A,
                         piece_stride(),
                         directions,
                         slope_.data(),
                         outputs(),
                         out,
                         last_state(),
                         {},
                         nullptr});
}

template <class T>
void Pieces<T>::pull_back(const T* r, const int* active, double* out) {
  product_transpose(Rows<T>{r, stride()}, active, out);
}

template class Pieces<float>;
template class Pieces<double>;

}  // namespace gendemod::cuda
