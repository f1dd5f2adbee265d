#include "base/checksum.hpp"

#include <gtest/gtest.h>

#include <string>

#include "base/compress.hpp"

namespace canvasback {
namespace {

TEST(Checksum, IsTheOneOfZip) {
  EXPECT_EQ(crc32_of("123456789"), 0xCBF43926u);
  EXPECT_EQ(crc32_of(""), 0u);
}

TEST(Checksum, GoesOnWhereItEnded) {
  const std::string text(100'003, 'x');
  EXPECT_EQ(crc32_of(text.substr(777), crc32_of(text.substr(0, 777))), crc32_of(text));
  EXPECT_EQ(combine_crc32(crc32_of("1234"), crc32_of("56789"), 5), crc32_of("123456789"));
}

}  // namespace
}  // namespace canvasback
