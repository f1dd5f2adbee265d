#include "task/frame.hpp"

#include <gtest/gtest.h>

#include "base/limits.hpp"

namespace canvasback {
namespace {

TEST(Frame, AHeaderComesBack) {
  const auto header = encode_header(FrameKind::Data, 0x04030201);
  EXPECT_EQ(std::string_view(header.data(), header.size()), std::string_view("\x01\x02\x03\x04\x12\0\0\0", 8));
  EXPECT_FALSE(decode_header({header.data(), header.size()})) << "longer than a frame may be";
  const auto largest = encode_header(FrameKind::Task, limits::kFrameBytesMax);
  const auto decoded = decode_header({largest.data(), largest.size()});
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->kind, FrameKind::Task);
  EXPECT_EQ(decoded->payload_bytes, limits::kFrameBytesMax);
}

TEST(Frame, UnknownKindsAndPaddingAreRefused) {
  for (int kind = 0; kind < 256; ++kind) {
    const std::string bytes{0, 0, 0, 0, static_cast<char>(kind), 0, 0, 0};
    EXPECT_EQ(decode_header(bytes).has_value(), (kind >= 1 && kind <= 8) || (kind >= 16 && kind <= 26)) << kind;
  }
  for (std::size_t at : {5U, 6U, 7U}) {
    std::string bytes{0, 0, 0, 0, 1, 0, 0, 0};
    bytes[at] = 1;
    EXPECT_FALSE(decode_header(bytes));
  }
}

TEST(Frame, AFrameIsItsHeaderAndPayload) {
  const std::string frame = make_frame(FrameKind::Done, "{}");
  ASSERT_EQ(frame.size(), kFrameHeaderBytes + 2);
  EXPECT_EQ(decode_header(std::string_view(frame).substr(0, 8))->payload_bytes, 2U);
  EXPECT_TRUE(frame.ends_with("{}"));
}

TEST(Frame, AnErrorComesBackWhole) {
  const Error error{ErrorCode::TooManyRequests, "wait \"a bit\"", "detail", 12, 5};
  const Error back = error_from_json(*Json::parse(to_json(error).dump()));
  EXPECT_EQ(back.code, error.code);
  EXPECT_EQ(back.message, error.message);
  EXPECT_EQ(back.detail, error.detail);
  EXPECT_EQ(back.position, 12);
  EXPECT_EQ(back.retry_after_seconds, 5);
}

TEST(Frame, AnErrorOfAnUnknownCodeIsStillAnError) {
  const Error back = error_from_json(*Json::parse(R"({"code":"Novel","message":"m"})"));
  EXPECT_EQ(back.code, ErrorCode::DataProcessing);
  EXPECT_EQ(back.message, "m");
  EXPECT_EQ(back.position, std::nullopt);
  EXPECT_EQ(error_from_json(Json()).code, ErrorCode::DataProcessing);
}

}  // namespace
}  // namespace canvasback
