#include "encode/registry.hpp"

#include <gtest/gtest.h>

namespace canvasback {
namespace {

TEST(Registry, UnknownFormatsAndCompressionsAreRefused) {
  StringSink sink;
  EXPECT_EQ(make_encoder("xml", sink, {}).error().code, ErrorCode::InvalidData);
  EXPECT_EQ(make_encoder("xml", sink, {}).error().message,
            "\"xml\" is not a format; use one of json, ndjson, csv, arrow, arrow_file, parquet, xlsx, sql, tsv.");
  EncodeOptions options;
  options.compression = "brotli";
  for (const char* format : {"json", "ndjson", "csv", "arrow", "arrow_file", "parquet", "xlsx", "sql", "tsv"}) {
    const auto encoder = make_encoder(format, sink, options);
    ASSERT_FALSE(encoder) << format;
    EXPECT_EQ(encoder.error().code, ErrorCode::InvalidData);
  }
}

}  // namespace
}  // namespace canvasback
