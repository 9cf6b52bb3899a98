#include "gendemod/memory.hpp"

// Packets carry attributes that do not matter as template arguments, in Eigen neither.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wignored-attributes"
#endif

namespace gendemod {

template <class T>
OwnedMatrix<T> column_major(const RowMajorView<T>& W) {
  using Packet = typename Eigen::internal::packet_traits<T>::type;
  constexpr Index tile = Eigen::internal::unpacket_traits<Packet>::size;
  const Index rows = W.rows(), cols = W.cols();
  OwnedMatrix<T> out(rows, cols);
  auto all = out.map();
  const Index whole_rows = rows - rows % tile, whole_cols = cols - cols % tile;
  for (Index i = 0; i < whole_rows; i += tile) {
    for (Index j = 0; j < whole_cols; j += tile) {
      Eigen::internal::PacketBlock<Packet, tile> block;
      for (Index k = 0; k < tile; ++k) {
        block.packet[k] = Eigen::internal::ploadu<Packet>(W.data() + (i + k) * cols + j);
      }
      Eigen::internal::ptranspose(block);
      for (Index k = 0; k < tile; ++k) {
        Eigen::internal::pstoreu(all.col(j + k).data() + i, block.packet[k]);
      }
    }
  }
  all.topRightCorner(whole_rows, cols - whole_cols) =
      W.topRightCorner(whole_rows, cols - whole_cols);
  all.bottomRows(rows - whole_rows) = W.bottomRows(rows - whole_rows);
  return out;
}

template OwnedMatrix<float> column_major(const RowMajorView<float>&);
template OwnedMatrix<double> column_major(const RowMajorView<double>&);

}  // namespace gendemod
