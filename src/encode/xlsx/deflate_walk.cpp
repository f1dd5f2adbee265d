#include "encode/xlsx/deflate_walk.hpp"

#include <array>
#include <cstdint>
#include <cstring>
#include <span>

namespace canvasback::xlsx {
namespace {

constexpr int kCodeBitsMax = 15;
constexpr int kTableBits = 11;
constexpr std::size_t kLiteralSymbols = 288;
constexpr std::size_t kDistanceSymbols = 32;
constexpr unsigned kEndOfBlock = 256;

// Bits behind length symbols 257 to 285 and behind distance symbols 0 to 29.
constexpr std::array<std::uint8_t, 29> kLengthBits{0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2,
                                                   2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0};
constexpr std::array<std::uint8_t, 30> kDistanceBits{0, 0, 0, 0, 1, 1, 2, 2,  3,  3,  4,  4,  5,  5,  6,
                                                     6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13};

// Least significant bit first. Bits behind the end are zero; exhausted() tells that some were taken.
class BitReader {
 public:
  explicit BitReader(std::string_view bytes) : bytes_(bytes) {}

  // At least 48 bits in peek() unless the end is near.
  void fill() {
    const std::size_t at = position_ / 8;
    if (at + sizeof word_ <= bytes_.size()) {
      std::memcpy(&word_, bytes_.data() + at, sizeof word_);
    } else {
      word_ = 0;
      if (at < bytes_.size()) std::memcpy(&word_, bytes_.data() + at, bytes_.size() - at);
    }
    word_ >>= position_ % 8;
  }
  std::uint64_t peek() const { return word_; }
  // After fill(), up to 48 bits in all.
  void skip(int bits) {
    word_ >>= bits;
    position_ += static_cast<std::size_t>(bits);
  }
  unsigned take(int bits) {
    fill();
    const auto value = static_cast<unsigned>(word_ & ((1u << bits) - 1));
    skip(bits);
    return value;
  }
  void skip_to_byte() { position_ = (position_ + 7) / 8 * 8; }
  void skip_bytes(std::size_t bytes) { position_ += 8 * bytes; }
  std::size_t position() const { return position_; }
  bool exhausted() const { return position_ > 8 * bytes_.size(); }

 private:
  std::string_view bytes_;
  std::uint64_t word_ = 0;
  std::size_t position_ = 0;  // in bits
};

// A Huffman code: short codes by table, longer ones digit by digit.
class Code {
 public:
  // lengths: of each symbol's code in bits, 0 for none. False where they are no code.
  bool build(std::span<const std::uint8_t> lengths) {
    counts_.fill(0);
    for (const std::uint8_t length : lengths) ++counts_[length];
    counts_[0] = 0;
    int left = 1;
    for (int bits = 1; bits <= kCodeBitsMax; ++bits) {
      left = 2 * left - counts_[static_cast<std::size_t>(bits)];
      if (left < 0) return false;
    }
    std::array<std::uint16_t, kCodeBitsMax + 2> offsets{};
    std::array<std::uint16_t, kCodeBitsMax + 2> next{};  // the next code of each length
    for (std::size_t bits = 1; bits <= kCodeBitsMax; ++bits) {
      offsets[bits + 1] = static_cast<std::uint16_t>(offsets[bits] + counts_[bits]);
      next[bits + 1] = static_cast<std::uint16_t>((next[bits] + counts_[bits]) << 1);
    }
    table_.fill({});
    for (std::size_t symbol = 0; symbol < lengths.size(); ++symbol) {
      const std::size_t bits = lengths[symbol];
      if (bits == 0) continue;
      symbols_[offsets[bits]++] = static_cast<std::uint16_t>(symbol);
      const unsigned code = next[bits]++;
      if (bits > kTableBits) continue;
      unsigned reversed = 0;
      for (std::size_t i = 0; i < bits; ++i) reversed |= (code >> i & 1u) << (bits - 1 - i);
      for (std::size_t at = reversed; at < table_.size(); at += std::size_t{1} << bits) {
        table_[at] = {static_cast<std::uint16_t>(symbol), static_cast<std::uint8_t>(bits)};
      }
    }
    return true;
  }

  // The symbol of the next bits, at most 15 of them; -1 for none. Needs a filled reader.
  int decode(BitReader& reader) const {
    const Entry entry = table_[reader.peek() & (table_.size() - 1)];
    if (entry.bits > 0) {
      reader.skip(entry.bits);
      return entry.symbol;
    }
    int code = 0;
    int first = 0;
    int index = 0;
    std::uint64_t rest = reader.peek();
    for (int bits = 1; bits <= kCodeBitsMax; ++bits, rest >>= 1) {
      code |= static_cast<int>(rest & 1);
      const int count = counts_[static_cast<std::size_t>(bits)];
      if (code - first < count) {
        reader.skip(bits);
        return symbols_[static_cast<std::size_t>(index + code - first)];
      }
      index += count;
      first = (first + count) << 1;
      code <<= 1;
    }
    return -1;
  }

 private:
  struct Entry {
    std::uint16_t symbol = 0;
    std::uint8_t bits = 0;  // 0: no short code
  };
  std::array<Entry, 1 << kTableBits> table_;
  std::array<std::uint16_t, kCodeBitsMax + 1> counts_{};
  std::array<std::uint16_t, kLiteralSymbols> symbols_{};  // by length, then value
};

class Walker {
 public:
  explicit Walker(std::string_view bytes) : reader_(bytes) {}

  std::optional<DeflateEnds> walk() {
    DeflateEnds ends;
    bool final = false;
    while (!final) {
      ends.last_block_bit = reader_.position();
      final = reader_.take(1) != 0;
      const unsigned type = reader_.take(2);
      const bool passed = type == 0 ? stored() : type == 1 ? fixed() && symbols() : type == 2 && dynamic() && symbols();
      if (!passed || reader_.exhausted()) return std::nullopt;
    }
    ends.end_bit = reader_.position();
    return ends;
  }

 private:
  bool stored() {
    reader_.skip_to_byte();
    const unsigned length = reader_.take(16);
    if ((reader_.take(16) ^ length) != 0xffff) return false;
    reader_.skip_bytes(length);
    return true;
  }

  bool fixed() {
    std::array<std::uint8_t, kLiteralSymbols> lengths;
    for (std::size_t i = 0; i < lengths.size(); ++i) lengths[i] = i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8;
    std::array<std::uint8_t, 30> distances;
    distances.fill(5);
    return literals_.build(lengths) && distances_.build(distances);
  }

  bool dynamic() {
    static constexpr std::array<std::uint8_t, 19> kOrder{16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                                         11, 4,  12, 3, 13, 2, 14, 1, 15};
    const std::size_t literal_count = reader_.take(5) + 257;
    const std::size_t distance_count = reader_.take(5) + 1;
    const std::size_t order_count = reader_.take(4) + 4;
    if (literal_count > 286) return false;
    std::array<std::uint8_t, kOrder.size()> order_lengths{};
    for (std::size_t i = 0; i < order_count; ++i) order_lengths[kOrder[i]] = static_cast<std::uint8_t>(reader_.take(3));
    if (!literals_.build(order_lengths)) return false;
    std::array<std::uint8_t, kLiteralSymbols + kDistanceSymbols> lengths{};
    for (std::size_t at = 0; at < literal_count + distance_count;) {
      reader_.fill();
      const int symbol = literals_.decode(reader_);
      if (symbol < 0 || reader_.exhausted()) return false;
      if (symbol < 16) {
        lengths[at++] = static_cast<std::uint8_t>(symbol);
        continue;
      }
      if (symbol == 16 && at == 0) return false;
      const std::uint8_t repeated = symbol == 16 ? lengths[at - 1] : 0;
      std::size_t count = symbol == 16   ? 3 + reader_.take(2)
                          : symbol == 17 ? 3 + reader_.take(3)
                                         : 11 + reader_.take(7);
      if (at + count > literal_count + distance_count) return false;
      while (count-- > 0) lengths[at++] = repeated;
    }
    const std::span<const std::uint8_t> all(lengths);
    return literals_.build(all.first(literal_count)) && distances_.build(all.subspan(literal_count, distance_count));
  }

  // Up to the end of the block. A length with its distance takes at most 48 bits.
  bool symbols() {
    while (!reader_.exhausted()) {
      reader_.fill();
      int symbol = literals_.decode(reader_);
      if (symbol >= 0 && symbol < static_cast<int>(kEndOfBlock)) {
        // Enough bits are left for another literal; what follows a length may need more.
        symbol = literals_.decode(reader_);
        if (symbol >= 0 && symbol < static_cast<int>(kEndOfBlock)) continue;
        reader_.fill();
      }
      if (symbol == static_cast<int>(kEndOfBlock)) return true;
      if (symbol < 0 || symbol - 257 >= static_cast<int>(kLengthBits.size())) return false;
      reader_.skip(kLengthBits[static_cast<std::size_t>(symbol - 257)]);
      const int distance = distances_.decode(reader_);
      if (distance < 0 || distance >= static_cast<int>(kDistanceBits.size())) return false;
      reader_.skip(kDistanceBits[static_cast<std::size_t>(distance)]);
    }
    return false;
  }

  BitReader reader_;
  Code literals_;
  Code distances_;
};

}  // namespace

std::optional<DeflateEnds> walk_deflate(std::string_view bytes) { return Walker(bytes).walk(); }

bool open_deflate_end(std::string& bytes) {
  const auto ends = walk_deflate(bytes);
  if (!ends) return false;
  char& first = bytes[ends->last_block_bit / 8];
  first = static_cast<char>(first & ~(1 << ends->last_block_bit % 8));
  // Three zero bits say "not final, stored"; zero bits up to the byte's end, then a length of none and its complement.
  bytes.resize((ends->end_bit + 7) / 8);
  if (ends->end_bit % 8 != 0) bytes.back() = static_cast<char>(bytes.back() & ((1 << ends->end_bit % 8) - 1));
  bytes.resize((ends->end_bit + 3 + 7) / 8);
  bytes.append("\x00\x00\xff\xff", 4);
  return true;
}

}  // namespace canvasback::xlsx
