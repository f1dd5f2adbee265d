#include "base/compress.hpp"

#include <gtest/gtest.h>
#include <zlib.h>
#include <zstd.h>

#include <random>

namespace canvasback {
namespace {

// Decodes with the reference libraries. `complete` says whether the stream ended as it should.
std::string gunzip(const std::string& bytes, bool& complete) {
  z_stream stream{};
  EXPECT_EQ(inflateInit2(&stream, 15 + 16), Z_OK);
  std::string input = bytes;
  stream.next_in = reinterpret_cast<Bytef*>(input.data());
  stream.avail_in = static_cast<uInt>(input.size());
  std::string out;
  int code = Z_OK;
  while (code == Z_OK) {
    char buffer[4096];
    stream.next_out = reinterpret_cast<Bytef*>(buffer);
    stream.avail_out = sizeof buffer;
    code = inflate(&stream, Z_NO_FLUSH);
    out.append(buffer, sizeof buffer - stream.avail_out);
  }
  complete = code == Z_STREAM_END && stream.avail_in == 0;
  inflateEnd(&stream);
  return out;
}

std::string unzstd(const std::string& bytes, bool& complete) {
  ZSTD_DCtx* context = ZSTD_createDCtx();
  ZSTD_inBuffer input{bytes.data(), bytes.size(), 0};
  std::string out;
  std::size_t left = 1;
  while (true) {
    char buffer[4096];
    ZSTD_outBuffer output{buffer, sizeof buffer, 0};
    left = ZSTD_decompressStream(context, &output, &input);
    EXPECT_FALSE(ZSTD_isError(left));
    out.append(buffer, output.pos);
    if (left == 0 || ZSTD_isError(left) || (input.pos == input.size && output.pos < output.size)) break;
  }
  complete = left == 0 && input.pos == input.size;
  ZSTD_freeDCtx(context);
  return out;
}

std::string sample() {
  std::mt19937_64 random(1);
  std::string text;
  for (int i = 0; i < 100'000; ++i) text += std::to_string(random() % 10'000) + ",";
  return text;
}

class Compress : public testing::TestWithParam<std::string> {
 protected:
  std::string decode(const std::string& bytes, bool& complete) const {
    return GetParam() == "gzip" ? gunzip(bytes, complete) : unzstd(bytes, complete);
  }
};
INSTANTIATE_TEST_SUITE_P(Encodings, Compress, testing::Values("gzip", "zstd"));

TEST_P(Compress, RoundTripInPieces) {
  auto compressor = make_compressor(GetParam());
  ASSERT_TRUE(compressor);
  const std::string text = sample();
  std::string out;
  for (std::size_t at = 0; at < text.size(); at += 77'777) {
    ASSERT_TRUE((*compressor)->add(std::string_view(text).substr(at, 77'777), out));
  }
  ASSERT_TRUE((*compressor)->end(out));
  bool complete = false;
  EXPECT_TRUE(decode(out, complete) == text);
  EXPECT_TRUE(complete);
  EXPECT_LT(out.size(), text.size() * 2 / 3);
}

TEST_P(Compress, FlushedBytesCanBeReadAndTheStreamIsStillOpen) {
  auto compressor = make_compressor(GetParam());
  std::string out;
  ASSERT_TRUE((*compressor)->add("the first rows", out));
  ASSERT_TRUE((*compressor)->flush(out));
  bool complete = true;
  EXPECT_EQ(decode(out, complete), "the first rows");
  EXPECT_FALSE(complete);
}

TEST_P(Compress, NothingIsAValidStream) {
  auto compressor = make_compressor(GetParam());
  std::string out;
  ASSERT_TRUE((*compressor)->end(out));
  bool complete = false;
  EXPECT_EQ(decode(out, complete), "");
  EXPECT_TRUE(complete);
}

TEST(CompressNames, UnknownEncodingIsRefused) { EXPECT_EQ(make_compressor("br").error().code, ErrorCode::InvalidData); }

// What servers send as Content-Encoding: deflate: zlib's format, as it is defined, and bare deflate.
TEST(Decompress, DeflateWithAndWithoutItsHeader) {
  const std::string text = "0123456789 and so on, and so on, and so on";
  for (const int window_bits : {15, -15}) {
    z_stream stream{};
    ASSERT_EQ(deflateInit2(&stream, 6, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY), Z_OK);
    std::string packed(200, '\0');
    std::string input = text;
    stream.next_in = reinterpret_cast<Bytef*>(input.data());
    stream.avail_in = static_cast<uInt>(input.size());
    stream.next_out = reinterpret_cast<Bytef*>(packed.data());
    stream.avail_out = static_cast<uInt>(packed.size());
    ASSERT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
    packed.resize(stream.total_out);
    deflateEnd(&stream);
    for (const std::size_t step : {std::size_t{1}, packed.size()}) {
      auto decompressor = make_decompressor("deflate", 200);
      ASSERT_TRUE(decompressor);
      std::string out;
      const auto take = [&](std::string_view bytes) -> Status {
        out += bytes;
        return {};
      };
      for (std::size_t at = 0; at < packed.size(); at += step) {
        EXPECT_FALSE((*decompressor)->end()) << at;
        ASSERT_TRUE((*decompressor)->add(std::string_view(packed).substr(at, step), take));
      }
      EXPECT_EQ(out, text);
      EXPECT_TRUE((*decompressor)->end());
    }
  }
}

}  // namespace
}  // namespace canvasback
