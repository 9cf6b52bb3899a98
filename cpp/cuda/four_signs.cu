#include <algorithm>
#include <numeric>

#include "first_signs.hpp"
#include "four_signs.hpp"
#include "launch.hpp"
#include "layer_product.hpp"
#include "piece_update.hpp"
#include "units.hpp"

namespace gendemod::cuda {
namespace {

/// Blocks that a device runs side by side: so many tiles take no longer than a sixteenth of them.
constexpr Index few_tiles = 256;

/// out = -in, elementwise; one block 256 numbers of a problem's `size`.
template <class T>
struct Negate {
  static constexpr int threads = 256;
  struct Shared {};
  const int* active;
  Index size;
  const T* in;
  T* out;

  template <class Block>
  GENDEMOD_DEVICE void operator()(const Block& block, Shared&) const {
    const Index parts = (size + threads - 1) / threads;
    const Index problem = block.index() / parts, first = block.index() % parts * threads;
    if (active[problem] == 0) return;
    block.each([&](int t) {
      if (first + t < size) out[problem * size + first + t] = -in[problem * size + first + t];
    });
  }
};

}  // namespace

template <class T>
FourSigns<T>::FourSigns(Queue& queue, const ProductModel<T>& model, Pieces<T>& pieces_h,
                        Pieces<T>& pieces_m)
    : queue_(&queue), model_(model), h_(make(pieces_h)), m_(make(pieces_m)) {
  const auto problems = static_cast<std::size_t>(pieces_h.problems());
  rivals_ = Array<int>(problems);
  parts_ = Array<double>(problems * static_cast<std::size_t>(model.tiles()) * 3);
}

template <class T>
typename FourSigns<T>::Negative FourSigns<T>::make(Pieces<T>& pieces) {
  Negative out{&pieces, {}, {}};
  const Network<T>& network = pieces.network();
  if (network.depth() == 2) multiply_out(out);
  for (Index i = 0; network.depth() > 2 && i + 1 < network.depth(); ++i) {
    const auto count = static_cast<std::size_t>(pieces.problems());
    const Tiles<const T> W = network.layer(i);
    out.layers.push_back({Array<T>(count * static_cast<std::size_t>(W.padded_rows())),
                          Array<int>(count * static_cast<std::size_t>(W.rows)), Array<int>(count)});
  }
  return out;
}

/// W_2 W_1: the piece that is built with every unit on.
template <class T>
void FourSigns<T>::multiply_out(Negative& negative) {
  const Network<T>& network = negative.pieces->network();
  const Tiles<const T> P = network.layer(0), W = network.layer(1);
  Tiles<T> out{nullptr, W.rows, P.cols};
  negative.product = Array<T>(static_cast<std::size_t>(out.volume()));
  out.data = negative.product.data();

  const auto size = static_cast<std::size_t>(P.rows);
  std::vector<int> all(size), on(size, 1);
  std::iota(all.begin(), all.end(), 0);
  const PieceState state{Follow::rebuild, static_cast<int>(P.rows), 0, 0, 0, 0};
  Array<int> units(size), mask(size), active(1);
  Array<PieceState> states(1);
  Array<T> z(static_cast<std::size_t>(P.cols)), value(static_cast<std::size_t>(W.padded_rows()));
  units.upload(*queue_, all.data());
  mask.upload(*queue_, on.data());
  active.upload(*queue_, on.data());
  states.upload(*queue_, &state);
  z.zero(*queue_);
  launch(*queue_, out.count(),
         UpdatePiece<T>{active.data(),
                        states.data(),
                        units.data(),
                        mask.data(),
                        P,
                        0,
                        W,
                        out,
                        0,
                        z.data(),
                        nullptr,
                        nullptr,
                        value.data(),
                        nullptr,
                        nullptr,
                        {},
                        nullptr});
  queue_->wait();
}

/// Inner layers at -z, where from the second on the masks are others than at z.
template <class T>
void FourSigns<T>::bring_inner_layers(Negative& negative, const int* active) {
  const Network<T>& network = negative.pieces->network();
  const Index problems = negative.pieces->problems();
  for (std::size_t i = 0; i < negative.layers.size(); ++i) {
    const Tiles<const T> W = network.layer(static_cast<Index>(i));
    Layer& layer = negative.layers[i];
    if (i == 0) {
      const Index size = W.padded_rows();
      const Negate<T> negate{active, size, negative.pieces->values(0), layer.value.data()};
      launch(*queue_, problems * ((size + negate.threads - 1) / negate.threads), negate);
    } else {
      const Layer& below = negative.layers[i - 1];
      launch(*queue_, problems * W.count(),
             LayerProduct<T>{
                 W, below.value.data(), network.layer(static_cast<Index>(i) - 1).padded_rows(),
                 below.units.data(), below.counts.data(), false, layer.value.data(), active});
    }
    launch(*queue_, problems,
           ListUnits<T>{layer.value.data(), W.rows, W.padded_rows(), layer.units.data(),
                        layer.counts.data(), active});
  }
}

template <class T>
NegativeRows<T> FourSigns<T>::rows(const Negative& negative, const T* latents) const {
  const Network<T>& network = negative.pieces->network();
  const Index depth = network.depth(), n = network.input_size(), ell = network.output_size();
  const T* const value = negative.pieces->values(depth - 1);
  if (depth == 1) return {T(-1), T(0), value, {nullptr, ell, 0}, latents, n, nullptr, nullptr};
  if (depth == 2) {
    return {T(1), T(-1), value, {negative.product.data(), ell, n}, latents, n, nullptr, nullptr};
  }
  const Layer& top = negative.layers.back();
  return {T(0),
          T(1),
          value,
          network.layer(depth - 1),
          top.value.data(),
          network.layer(depth - 2).padded_rows(),
          top.units.data(),
          top.counts.data()};
}

template <class T>
ChooseSigns FourSigns<T>::compare(const T* h, const T* m, const double* objective,
                                  const int* active, int* best_out) {
  bring_inner_layers(h_, active);
  bring_inner_layers(m_, active);
  const NegativeRows<T> negative_h = rows(h_, h), negative_m = rows(m_, m);
  const T *w = h_.pieces->outputs(), *x = m_.pieces->outputs();
  const Index problems = h_.pieces->problems(), tiles = model_.tiles();
  const Index some = problems * tiles <= few_tiles ? tiles : (tiles + 15) / 16;
  launch(*queue_, problems,
         FirstSigns<T>{active, model_, negative_h, negative_m, w, x, objective, rivals_.data()});
  launch(*queue_, problems * some,
         SignTiles<T>{active, model_, negative_h, negative_m, w, x, objective, rivals_.data(), 0,
                      some, parts_.data()});
  if (some < tiles) {
    launch(*queue_, problems * (tiles - some),
           SignTiles<T>{active, model_, negative_h, negative_m, w, x, objective, rivals_.data(),
                        some, tiles, parts_.data()});
  }
  return {active, rivals_.data(), some, tiles, parts_.data(), objective, best_out};
}

template <class T>
void FourSigns<T>::choose(const T* h, const T* m, const double* objective, const int* active,
                          int* best_out) {
  launch(*queue_, h_.pieces->problems(), compare(h, m, objective, active, best_out));
}

template class FourSigns<float>;
template class FourSigns<double>;

}  // namespace gendemod::cuda
