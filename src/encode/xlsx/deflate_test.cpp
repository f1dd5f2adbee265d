#include "encode/xlsx/deflate.hpp"

#include <gtest/gtest.h>
#include <libdeflate.h>

#include <random>
#include <string>
#include <vector>

#include "base/compress.hpp"
#include "encode/xlsx/deflate_walk.hpp"
#include "encode/xlsx/test_support.hpp"

namespace canvasback::xlsx {
namespace {

// Texts that make stored, fixed and dynamic blocks, one of each and several.
std::vector<std::string> samples() {
  std::mt19937_64 random(5);
  std::vector<std::string> texts{"a", std::string(100'000, 'a'), "<row><c><v>1</v></c></row>"};
  std::string noise(300'000, '\0');
  for (char& c : noise) c = static_cast<char>(random());
  texts.push_back(noise);
  std::string rows;
  for (int i = 0; i < 40'000; ++i) rows += "<row><c><v>" + std::to_string(random() % 1'000'000) + "</v></c></row>";
  texts.push_back(rows);
  texts.push_back(rows.substr(0, 200'000) + noise + rows);  // blocks of very different codes
  for (std::size_t size = 2; size < 400; size += 7) texts.push_back(rows.substr(0, size));
  return texts;
}

class Deflate : public testing::TestWithParam<Compression> {};

TEST_P(Deflate, BlocksBehindOneAnotherAreOneStream) {
  const auto deflater = make_deflater(GetParam());
  std::string raw;
  std::string deflated;
  std::uint32_t crc = 0;
  for (const std::string& text : samples()) {
    auto block = deflater->deflate(text);
    ASSERT_TRUE(block);
    EXPECT_EQ(block->raw_bytes, text.size());
    crc = combine_crc32(crc, block->crc, block->raw_bytes);
    raw += text;
    deflated += block->bytes;
  }
  EXPECT_EQ(crc, crc32_of(raw));
  EXPECT_EQ(inflate_all(deflated + std::string(kDeflateEnd)), raw);
}

TEST_P(Deflate, ABlockNeedsNothingOfTheOneBefore) {
  const auto deflater = make_deflater(GetParam());
  const std::string text = samples()[4];
  ASSERT_TRUE(deflater->deflate(text));
  EXPECT_EQ(inflate_all(deflater->deflate(text)->bytes + std::string(kDeflateEnd)), text);
  EXPECT_EQ(deflater->deflate(text)->bytes, make_deflater(GetParam())->deflate(text)->bytes);
}

INSTANTIATE_TEST_SUITE_P(Both, Deflate, testing::Values(Compression::Fast, Compression::Best));

TEST(DeflateWalk, FindsTheEndOfEveryLevel) {
  for (int level = 0; level <= 12; ++level) {
    auto* compressor = libdeflate_alloc_compressor(level);
    for (const std::string& text : samples()) {
      std::string out(libdeflate_deflate_compress_bound(compressor, text.size()), '\0');
      out.resize(libdeflate_deflate_compress(compressor, text.data(), text.size(), out.data(), out.size()));
      const auto ends = walk_deflate(out);
      ASSERT_TRUE(ends) << level << " " << text.size();
      EXPECT_EQ((ends->end_bit + 7) / 8, out.size());
      EXPECT_NE(out[ends->last_block_bit / 8] >> ends->last_block_bit % 8 & 1, 0);
      // Cut off anywhere, it is no complete stream.
      EXPECT_FALSE(walk_deflate(std::string_view(out).substr(0, out.size() / 2)));
      EXPECT_FALSE(walk_deflate(std::string_view(out).substr(0, out.size() - 1)));
      ASSERT_TRUE(open_deflate_end(out));
      EXPECT_FALSE(walk_deflate(out));
      EXPECT_EQ(inflate_all(out + std::string(kDeflateEnd)), text);
    }
    libdeflate_free_compressor(compressor);
  }
}

// Found by fuzzing: what lies behind the stream's end must not become part of the block that is appended.
TEST(DeflateWalk, BytesBehindTheEndGo) {
  auto* compressor = libdeflate_alloc_compressor(6);
  for (std::size_t size = 1; size < 60; ++size) {
    const std::string text = samples()[4].substr(0, size);
    std::string out(libdeflate_deflate_compress_bound(compressor, text.size()), '\0');
    out.resize(libdeflate_deflate_compress(compressor, text.data(), text.size(), out.data(), out.size()));
    out += "\xff\xff\xff";
    ASSERT_TRUE(open_deflate_end(out));
    EXPECT_EQ(inflate_all(out + std::string(kDeflateEnd)), text);
  }
  libdeflate_free_compressor(compressor);
}

TEST(DeflateWalk, AnyBytesEndInAnAnswer) {
  std::mt19937_64 random(6);
  for (int i = 0; i < 50'000; ++i) {
    std::string bytes(random() % 60, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    if (const auto ends = walk_deflate(bytes)) {
      EXPECT_LE(ends->end_bit, 8 * bytes.size());
      EXPECT_LT(ends->last_block_bit, ends->end_bit);
    }
  }
}

TEST(Crc32, IsZipsAndCombines) {
  EXPECT_EQ(crc32_of("123456789"), 0xCBF43926u);
  EXPECT_EQ(combine_crc32(crc32_of("1234"), crc32_of("56789"), 5), 0xCBF43926u);
  EXPECT_EQ(combine_crc32(0, crc32_of("a"), 1), crc32_of("a"));
}

}  // namespace
}  // namespace canvasback::xlsx
