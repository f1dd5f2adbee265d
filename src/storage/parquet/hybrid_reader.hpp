// HybridReader: Parquet's mix of runs and bit-packed groups (RLE encoding 3), in which dictionary indices and
// definition levels are written. Reads forward only, never outside of its bytes; ParquetException where they end too
// early.
#pragma once

#include <cstdint>
#include <span>

namespace canvasback {

class HybridReader {
 public:
  HybridReader() = default;
  // bytes must live as long as the reader; bit_width: 0 to 32.
  HybridReader(std::span<const std::uint8_t> bytes, int bit_width);

  void read(std::uint32_t* out, std::int64_t count);
  void skip(std::int64_t count);

  // For values of one bit: the next `count` of them as a bitmap's bits from bit `at` on; the answer is how many are 1.
  // The bitmap's bits behind `at` must be 0.
  std::int64_t read_bits(std::uint8_t* bitmap, std::int64_t at, std::int64_t count);

 private:
  void next_run();
  void unpack(std::uint32_t* out, std::int64_t count) const;

  const std::uint8_t* at_ = nullptr;
  const std::uint8_t* end_ = nullptr;
  int bit_width_ = 0;
  std::int64_t left_ = 0;    // values of the current run not yet read
  bool packed_ = false;      // the run is bit-packed
  std::uint32_t value_ = 0;  // of a run that is not
  const std::uint8_t* packed_bytes_ = nullptr;
  std::int64_t packed_index_ = 0;  // the next value's place in the packed run
};

}  // namespace canvasback
