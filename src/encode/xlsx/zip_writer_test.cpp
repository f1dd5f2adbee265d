#include "encode/xlsx/zip_writer.hpp"

#include <gtest/gtest.h>

#include <string>

#include "encode/xlsx/test_support.hpp"

namespace canvasback::xlsx {
namespace {

constexpr std::uint64_t kFourGiB = std::uint64_t{4} << 30;
constexpr std::int64_t kNoonUs = 1'767'268'800'000'000;  // 2026-01-01T12:00:00Z

DeflatedBlock block(std::string_view text) { return make_deflater(Compression::Fast)->deflate(text).value(); }

// What a block of so many bytes would leave behind in headers and directory.
DeflatedBlock pretended(std::uint64_t raw_bytes) { return {"x", raw_bytes, 7}; }

TEST(ZipWriter, SmallPartsAndSheetsReadBack) {
  StringSink sink;
  ZipWriter zip(sink, kNoonUs);
  ASSERT_TRUE(zip.add("a.xml", block("one")));
  ASSERT_TRUE(zip.begin("b/c.xml", false));
  ASSERT_TRUE(zip.append(block("two ")));
  ASSERT_TRUE(zip.append(block("three")));
  EXPECT_EQ(zip.raw_bytes(), 9u);
  ASSERT_TRUE(zip.end());
  ASSERT_TRUE(zip.begin("d.xml", true));
  ASSERT_TRUE(zip.append(block("four")));
  ASSERT_TRUE(zip.end());
  ASSERT_TRUE(zip.finish());
  EXPECT_EQ(zip.bytes(), sink.bytes().size());
  const std::map<std::string, std::string> wanted{{"a.xml", "one"}, {"b/c.xml", "two three"}, {"d.xml", "four"}};
  EXPECT_EQ(unzip(sink.bytes()), wanted);
}

TEST(ZipWriter, NoZip64WhereNothingNeedsIt) {
  StringSink sink;
  ZipWriter zip(sink, kNoonUs);
  ASSERT_TRUE(zip.add("a", block("one")));
  ASSERT_TRUE(zip.begin("b", false));
  ASSERT_TRUE(zip.append(block("two")));
  ASSERT_TRUE(zip.end());
  ASSERT_TRUE(zip.finish());
  const std::string& bytes = sink.bytes();
  const auto entries = zip_directory(bytes);
  for (const auto& [name, entry] : entries) {
    EXPECT_EQ(entry.version, 20) << name;
    EXPECT_EQ(read_le<std::uint16_t>(bytes, entry.offset + 4), 20) << name;
    EXPECT_EQ(read_le<std::uint16_t>(bytes, entry.offset + 28), 0) << "no extra field";
    EXPECT_EQ(read_le<std::uint16_t>(bytes, entry.offset + 10), 12 << 11) << "12:00:00";
    EXPECT_EQ(read_le<std::uint16_t>(bytes, entry.offset + 12), (2026 - 1980) << 9 | 1 << 5 | 1);
  }
  EXPECT_EQ(bytes.find("PK\x06\x06"), std::string::npos);
  // Sizes stand in front of a whole part and behind a sheet: signature, CRC, two sizes of 32 bits.
  EXPECT_EQ(entries.at("a").flags, 0);
  EXPECT_EQ(read_le<std::uint32_t>(bytes, entries.at("a").offset + 22), 3u);
  const ZipEntry& sheet = entries.at("b");
  EXPECT_EQ(sheet.flags, 8);
  EXPECT_EQ(read_le<std::uint32_t>(bytes, sheet.offset + 22), 0u);
  const std::size_t descriptor = sheet.offset + 31 + sheet.deflated_bytes;
  EXPECT_EQ(bytes.substr(descriptor, 4), "PK\x07\x08");
  EXPECT_EQ(read_le<std::uint32_t>(bytes, descriptor + 4), sheet.crc);
  EXPECT_EQ(read_le<std::uint32_t>(bytes, descriptor + 8), sheet.deflated_bytes);
  EXPECT_EQ(read_le<std::uint32_t>(bytes, descriptor + 12), sheet.raw_bytes);
  EXPECT_EQ(bytes.substr(descriptor + 16, 4), "PK\x01\x02");
}

// As Excel opens it: 4.5 in the local header without an extra field, 64-bit sizes in the descriptor, only what does not
// fit in the directory's extra field.
TEST(ZipWriter, APartPastFourGiBIsZip64) {
  StringSink sink;
  ZipWriter zip(sink, kNoonUs);
  ASSERT_TRUE(zip.begin("sheet", true));
  ASSERT_TRUE(zip.append(pretended(kFourGiB)));
  ASSERT_TRUE(zip.append(pretended(5)));
  ASSERT_TRUE(zip.end());
  ASSERT_TRUE(zip.add("small", block("one")));
  ASSERT_TRUE(zip.finish());
  const std::string& bytes = sink.bytes();
  const auto entries = zip_directory(bytes);
  const ZipEntry& sheet = entries.at("sheet");
  EXPECT_EQ(sheet.raw_bytes, kFourGiB + 5);
  EXPECT_EQ(sheet.deflated_bytes, 4u);
  EXPECT_EQ(sheet.version, 45);
  EXPECT_EQ(read_le<std::uint16_t>(bytes, 4), 45);
  EXPECT_EQ(read_le<std::uint16_t>(bytes, 28), 0);
  const std::size_t descriptor = 30 + 5 + sheet.deflated_bytes;
  EXPECT_EQ(bytes.substr(descriptor, 4), "PK\x07\x08");
  EXPECT_EQ(read_le<std::uint64_t>(bytes, descriptor + 8), 4u);
  EXPECT_EQ(read_le<std::uint64_t>(bytes, descriptor + 16), kFourGiB + 5);
  EXPECT_EQ(bytes.substr(descriptor + 24, 4), "PK\x03\x04");
  EXPECT_EQ(entries.at("small").version, 20);
  EXPECT_EQ(bytes.find("PK\x06\x06"), std::string::npos) << "the directory itself lies below 4 GiB";
}

// Counts bytes and keeps the end of them.
class CountingSink final : public ByteSink {
 public:
  Status write(std::string_view bytes) override {
    position += bytes.size();
    if (position > kFourGiB) tail += bytes;
    return {};
  }
  Status finish() override { return {}; }
  void abandon() override {}

  std::uint64_t position = 0;
  std::string tail;
};

TEST(ZipWriter, ADirectoryPastFourGiBIsZip64) {
  CountingSink sink;
  ZipWriter zip(sink, kNoonUs);
  const DeflatedBlock piece{std::string(64u << 20, 'x'), 64u << 20, 7};
  ASSERT_TRUE(zip.begin("large", true));
  while (zip.bytes() <= kFourGiB) ASSERT_TRUE(zip.append(piece));
  ASSERT_TRUE(zip.end());
  sink.tail.clear();
  const std::uint64_t behind = zip.bytes();
  ASSERT_TRUE(zip.add("behind", block("one")));
  const std::uint64_t directory = zip.bytes();
  ASSERT_TRUE(zip.finish());
  const std::string& tail = sink.tail;
  const std::size_t end64 = tail.find("PK\x06\x06");
  ASSERT_NE(end64, std::string::npos);
  EXPECT_EQ(read_le<std::uint64_t>(tail, end64 + 32), 2u);
  EXPECT_EQ(read_le<std::uint64_t>(tail, end64 + 48), directory);
  const std::size_t locator = tail.find("PK\x06\x07");
  ASSERT_EQ(locator, end64 + 56);
  EXPECT_EQ(read_le<std::uint64_t>(tail, locator + 8), behind + end64);
  const std::size_t end = tail.find("PK\x05\x06");
  ASSERT_EQ(end, locator + 20);
  EXPECT_EQ(read_le<std::uint32_t>(tail, end + 16), 0xffffffffu);
  // The second part's offset alone does not fit.
  const std::size_t entry = tail.rfind("PK\x01\x02");
  EXPECT_EQ(read_le<std::uint32_t>(tail, entry + 42), 0xffffffffu);
  EXPECT_EQ(read_le<std::uint16_t>(tail, entry + 30), 12);
  EXPECT_EQ(read_le<std::uint64_t>(tail, entry + 46 + 6 + 4), behind);
}

}  // namespace
}  // namespace canvasback::xlsx
