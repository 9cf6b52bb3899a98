#include "gendemod/solver.hpp"

#include "gendemod/random.hpp"

namespace gendemod {
namespace {

template <class T>
void draw(std::uint64_t seed, Index problem, Index number, Vector<T>& z_out) {
  Vector<double> normal(z_out.size());
  fill_normal(seed,
              {Stream::Kind::start, static_cast<std::uint32_t>(problem),
               static_cast<std::uint32_t>(number)},
              normal.size(), normal.data());
  z_out = normal.cast<T>();
}

}  // namespace

template <class T>
void random_start(const ProductModel<T>& model, std::uint64_t seed, Index problem, Index restart,
                  Vector<T>& h_out, Vector<T>& m_out) {
  h_out.resize(model.g1().input_size());
  m_out.resize(model.g2().input_size());
  draw(seed, problem, 2 * restart, h_out);
  draw(seed, problem, 2 * restart + 1, m_out);
  NetworkPass<T> pass_h(model.g1()), pass_m(model.g2());
  for (const auto& signs : sign_pairs) {
    const Vector<T> h = static_cast<T>(signs[0]) * h_out;
    const Vector<T> m = static_cast<T>(signs[1]) * m_out;
    pass_h.forward(h);
    pass_m.forward(m);
    const double a = model.radial_minimiser(pass_h.output(), pass_m.output());
    if (a > 0) {
      const double length = std::sqrt(a * norm(h) * norm(m));
      h_out = h * static_cast<T>(length / norm(h));
      m_out = m * static_cast<T>(length / norm(m));
      return;
    }
  }
}

#define GENDEMOD_INSTANTIATE(T)                                                               \
  template void random_start(const ProductModel<T>&, std::uint64_t, Index, Index, Vector<T>&, \
                             Vector<T>&);
GENDEMOD_INSTANTIATE(float)
GENDEMOD_INSTANTIATE(double)

}  // namespace gendemod
