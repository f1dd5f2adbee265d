// ByteStops: where the bytes that end a cell stand (a delimiter, \n, \r), found 64 bytes at a time with the vector
// instructions that every x86-64 machine has. Internal to source/delimited.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#ifdef __x86_64__
#include <emmintrin.h>
#endif

namespace canvasback::delimited {

class ByteStops {
 public:
  // delimiter: '\0' for none.
  ByteStops(std::string_view text, char delimiter) : text_(text), delimiter_(delimiter == '\0' ? '\n' : delimiter) {}

  // The first place from `from` on with such a byte, or text.size(). A call with an earlier place than the last one
  // costs more.
  std::size_t next(std::size_t from) {
    if (from >= text_.size()) return text_.size();
    if (from - block_ >= kBlockBytes) load(from & ~(kBlockBytes - 1));
    std::uint64_t here = mask_ & (~std::uint64_t{0} << (from - block_));
    while (here == 0) {
      if (text_.size() - block_ <= kBlockBytes) return text_.size();
      load(block_ + kBlockBytes);
      here = mask_;
    }
    return block_ + static_cast<std::size_t>(std::countr_zero(here));
  }

 private:
  static constexpr std::size_t kBlockBytes = 64;

  void load(std::size_t block) {
    block_ = block;
    const std::size_t left = text_.size() - block;
    if (left >= kBlockBytes) {
      mask_ = mask_of(text_.data() + block);
      return;
    }
    char last[kBlockBytes] = {};
    std::memcpy(last, text_.data() + block, left);
    mask_ = mask_of(last) & ~(~std::uint64_t{0} << left);
  }

#ifdef __x86_64__
  std::uint64_t mask_of(const char* bytes) const {
    const __m128i delimiter = _mm_set1_epi8(delimiter_);
    const __m128i line_feed = _mm_set1_epi8('\n');
    const __m128i carriage_return = _mm_set1_epi8('\r');
    std::uint64_t mask = 0;
    for (int part = 0; part < 4; ++part) {
      __m128i some;
      std::memcpy(&some, bytes + 16 * part, sizeof some);
      const __m128i stop =
          _mm_or_si128(_mm_cmpeq_epi8(some, delimiter),
                       _mm_or_si128(_mm_cmpeq_epi8(some, line_feed), _mm_cmpeq_epi8(some, carriage_return)));
      mask |= std::uint64_t{static_cast<std::uint32_t>(_mm_movemask_epi8(stop))} << (16 * part);
    }
    return mask;
  }
#else
  std::uint64_t mask_of(const char* bytes) const {
    std::uint64_t mask = 0;
    for (std::size_t i = 0; i < kBlockBytes; ++i) {
      const bool stop = bytes[i] == delimiter_ || bytes[i] == '\n' || bytes[i] == '\r';
      mask |= std::uint64_t{stop} << i;
    }
    return mask;
  }
#endif

  std::string_view text_;
  char delimiter_;
  std::size_t block_ = ~std::size_t{0} - kBlockBytes;  // none is loaded: further than a block from any place
  std::uint64_t mask_ = 0;
};

}  // namespace canvasback::delimited
