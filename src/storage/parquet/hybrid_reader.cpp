#include "storage/parquet/hybrid_reader.hpp"

#include <parquet/exception.h>

#include <algorithm>
#include <cstring>

namespace canvasback {
namespace {

[[noreturn]] void too_short() { throw parquet::ParquetException("levels or dictionary indices end too early"); }

}  // namespace

HybridReader::HybridReader(std::span<const std::uint8_t> bytes, int bit_width)
    : at_(bytes.data()), end_(bytes.data() + bytes.size()), bit_width_(bit_width) {
  if (bit_width < 0 || bit_width > 32) throw parquet::ParquetException("a bit width of more than 32");
}

void HybridReader::next_run() {
  std::uint64_t header = 0;
  for (int shift = 0;; shift += 7) {
    if (at_ == end_ || shift > 28) too_short();
    const std::uint8_t byte = *at_++;
    header |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
    if ((byte & 0x80) == 0) break;
  }
  const auto available = static_cast<std::int64_t>(end_ - at_);
  packed_ = (header & 1) != 0;
  if (!packed_) {
    left_ = static_cast<std::int64_t>(header >> 1);
    const int bytes = (bit_width_ + 7) / 8;
    if (available < bytes) too_short();
    value_ = 0;
    std::memcpy(&value_, at_, static_cast<std::size_t>(bytes));
    at_ += bytes;
    return;
  }
  const std::int64_t groups = static_cast<std::int64_t>(header >> 1);
  // Some writers cut the padding of the last group off.
  const std::int64_t bytes = std::min(groups * bit_width_, available);
  left_ = bit_width_ == 0 ? groups * 8 : std::min(groups * 8, bytes * 8 / bit_width_);
  packed_bytes_ = at_;
  packed_index_ = 0;
  at_ += bytes;
}

void HybridReader::unpack(std::uint32_t* out, std::int64_t count) const {
  const std::uint64_t mask = (std::uint64_t{1} << bit_width_) - 1;
  const std::int64_t width = bit_width_;
  std::int64_t bit = packed_index_ * width;
  std::int64_t done = 0;
  // Eight bytes at once as long as they lie inside; a value has at most 32 bits and starts at most 7 bits in.
  const std::int64_t readable = static_cast<std::int64_t>(end_ - packed_bytes_) - 8;
  if (width > 0 && readable >= 0) {
    const std::int64_t safe = std::min(count, (readable * 8 + 7 - bit) / width + 1);
    for (; done < safe; ++done, bit += width) {
      std::uint64_t word;
      std::memcpy(&word, packed_bytes_ + (bit >> 3), sizeof word);
      out[done] = static_cast<std::uint32_t>((word >> (bit & 7)) & mask);
    }
  }
  for (; done < count; ++done, bit += width) {
    std::uint64_t word = 0;
    const std::int64_t bytes = std::min<std::int64_t>(8, static_cast<std::int64_t>(end_ - packed_bytes_) - (bit >> 3));
    if (bytes > 0) std::memcpy(&word, packed_bytes_ + (bit >> 3), static_cast<std::size_t>(bytes));
    out[done] = static_cast<std::uint32_t>((word >> (bit & 7)) & mask);
  }
}

void HybridReader::read(std::uint32_t* out, std::int64_t count) {
  while (count > 0) {
    while (left_ == 0) next_run();
    const std::int64_t take = std::min(count, left_);
    if (packed_) {
      unpack(out, take);
      packed_index_ += take;
    } else {
      std::fill_n(out, take, value_);
    }
    out += take;
    count -= take;
    left_ -= take;
  }
}

void HybridReader::skip(std::int64_t count) {
  while (count > 0) {
    while (left_ == 0) next_run();
    const std::int64_t take = std::min(count, left_);
    if (packed_) packed_index_ += take;
    count -= take;
    left_ -= take;
  }
}

std::int64_t HybridReader::read_bits(std::uint8_t* bitmap, std::int64_t at, std::int64_t count) {
  std::int64_t ones = 0;
  std::uint32_t some[64];
  while (count > 0) {
    while (left_ == 0) next_run();
    if (!packed_ && (value_ == 0 || left_ >= 64) && at % 8 == 0 && std::min(count, left_) >= 8) {
      // Whole bytes of a run.
      const std::int64_t take = std::min(count, left_) / 8 * 8;
      if (value_ != 0) {
        std::memset(bitmap + at / 8, 0xFF, static_cast<std::size_t>(take / 8));
        ones += take;
      }
      at += take;
      count -= take;
      left_ -= take;
      continue;
    }
    const std::int64_t take = std::min<std::int64_t>({count, left_, 64});
    read(some, take);
    for (std::int64_t i = 0; i < take; ++i, ++at) {
      const auto bit = static_cast<std::uint8_t>(some[i] & 1);
      ones += bit;
      bitmap[at / 8] |= static_cast<std::uint8_t>(bit << (at % 8));
    }
    count -= take;
  }
  return ones;
}

}  // namespace canvasback
