#include "gendemod/network_pass.hpp"

#include <numeric>

#include "gendemod/check.hpp"

namespace gendemod {

template <class T>
NetworkPass<T>::NetworkPass(const ReLUNetwork<T>& network) : network_(&network) {
  const auto layers = static_cast<std::size_t>(network.depth()) + 1;
  activations_.resize(layers);
  masks_.resize(layers);
  units_.resize(layers);
  for (std::size_t i = 0; i < layers; ++i) {
    const Index size =
        i == 0 ? network.input_size() : network.weight(static_cast<Index>(i) - 1).rows();
    activations_[i].setZero(size);
    masks_[i].setConstant(size, i == 0);
    units_[i].reserve(static_cast<std::size_t>(size));
  }
  tangents_ = activations_;
  list_units(masks_[0], units_[0]);
}

/// values[i] = W_i (mask_{i-1} * values[i-1]), before the mask of layer i.
template <class T>
void NetworkPass<T>::advance(std::size_t i, std::vector<Vector<T>>& values) {
  combine_columns(network_->weight(static_cast<Index>(i) - 1), units_[i - 1], values[i - 1],
                  values[i]);
}

/// The last layer's mask is needed as a mask alone: no product has its units as columns.
template <class T>
void NetworkPass<T>::set_mask(std::size_t i) {
  if (i + 1 < masks_.size()) list_units(masks_[i], units_[i]);
}

template <class T>
void NetworkPass<T>::forward(const Vector<T>& z) {
  check_size("z", z.size(), network_->input_size());
  activations_[0] = z;
  for (std::size_t i = 1; i < activations_.size(); ++i) {
    advance(i, activations_);
    masks_[i] = activations_[i].array() > T(0);
    activations_[i] = activations_[i].cwiseMax(T(0));
    set_mask(i);
  }
}

template <class T>
void NetworkPass<T>::forward_along(const Vector<T>& z, const Vector<T>& dz) {
  check_size("z", z.size(), network_->input_size());
  check_size("dz", dz.size(), network_->input_size());
  activations_[0] = z;
  tangents_[0] = dz;
  for (std::size_t i = 1; i < activations_.size(); ++i) {
    advance(i, activations_);
    advance(i, tangents_);
    const auto value = activations_[i].array();
    const auto slope = tangents_[i].array();
    masks_[i] = value > T(0) || (value == T(0) && slope > T(0));
    activations_[i] = masks_[i].select(value, T(0)).matrix();
    tangents_[i] = masks_[i].select(slope, T(0)).matrix();
    set_mask(i);
  }
}

template <class T>
void NetworkPass<T>::jacobian(const Vector<T>& dz, Vector<T>& out) {
  check_size("dz", dz.size(), network_->input_size());
  tangents_[0] = dz;
  for (std::size_t i = 1; i < tangents_.size(); ++i) advance(i, tangents_);
  out = masks_.back().select(tangents_.back().array(), T(0)).matrix();
}

template <class T>
void NetworkPass<T>::jacobian_transpose(const Vector<T>& r, Vector<T>& out) {
  check_size("r", r.size(), network_->output_size());
  tangents_.back() = masks_.back().select(r.array(), T(0)).matrix();
  for (std::size_t i = tangents_.size() - 1; i > 0; --i) {
    dot_columns(network_->weight(static_cast<Index>(i) - 1), units_[i - 1], tangents_[i],
                tangents_[i - 1]);
  }
  out = tangents_[0];
}

template class NetworkPass<float>;
template class NetworkPass<double>;

}  // namespace gendemod
