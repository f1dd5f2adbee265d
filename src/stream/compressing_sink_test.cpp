#include "stream/compressing_sink.hpp"

#include <gtest/gtest.h>

#include "base/compress.hpp"

namespace canvasback {
namespace {

// base/compress_test.cpp checks the bytes against zlib and zstd; here only who gets what, and when.
class Sinks : public testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(Encodings, Sinks, testing::Values("gzip", "zstd"));

std::string compressed(const std::string& encoding, std::string_view text, bool ended) {
  auto compressor = make_compressor(encoding);
  std::string out;
  EXPECT_TRUE((*compressor)->add(text, out));
  if (ended) {
    EXPECT_TRUE((*compressor)->end(out));
  }
  return out;
}

TEST_P(Sinks, FinishEndsTheStreamAndTheNextSink) {
  StringSink next;
  auto sink = make_compressing_sink(GetParam(), next);
  ASSERT_TRUE(sink);
  ASSERT_TRUE((*sink)->write("rows and rows and rows"));
  ASSERT_TRUE((*sink)->finish());
  EXPECT_TRUE(next.finished());
  EXPECT_FALSE(next.abandoned());
  EXPECT_EQ(next.bytes(), compressed(GetParam(), "rows and rows and rows", true));
}

TEST_P(Sinks, AbandonLeavesTheStreamOpen) {
  StringSink next;
  auto sink = make_compressing_sink(GetParam(), next);
  ASSERT_TRUE((*sink)->write("rows and rows and rows"));
  (*sink)->abandon();
  EXPECT_TRUE(next.abandoned());
  EXPECT_FALSE(next.finished());
  EXPECT_EQ(next.bytes(), compressed(GetParam(), "rows and rows and rows", false));
}

class FailingSink final : public ByteSink {
 public:
  Status write(std::string_view) override { return fail(ErrorCode::Cancelled, "the reader is gone"); }
  Status finish() override {
    ADD_FAILURE() << "finished after an error";
    return {};
  }
  void abandon() override { abandoned = true; }
  bool abandoned = false;
};

TEST_P(Sinks, ErrorsOfTheNextSinkPassThrough) {
  FailingSink next;
  auto sink = make_compressing_sink(GetParam(), next);
  ASSERT_TRUE(sink);
  const auto status = (*sink)->finish();
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().message, "the reader is gone");
  EXPECT_TRUE(next.abandoned);
}

TEST(SinkNames, UnknownEncodingIsRefused) {
  StringSink next;
  EXPECT_EQ(make_compressing_sink("br", next).error().code, ErrorCode::InvalidData);
}

}  // namespace
}  // namespace canvasback
