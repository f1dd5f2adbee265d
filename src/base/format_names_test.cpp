#include "base/format_names.hpp"

#include <gtest/gtest.h>

namespace canvasback {
namespace {

std::string_view negotiated(std::string_view accept) {
  const OutputFormat* format = negotiate_format(accept);
  return format == nullptr ? "none" : format->name;
}

TEST(Format, FormatsAreFoundByName) {
  EXPECT_EQ(find_output_format("arrow")->media_type, "application/vnd.apache.arrow.stream");
  EXPECT_EQ(find_output_format("csv")->extension, "csv");
  EXPECT_EQ(find_output_format("CSV"), nullptr);
  EXPECT_EQ(find_output_format(""), nullptr);
}

TEST(Format, NothingAskedForIsJson) {
  EXPECT_EQ(negotiated(""), "json");
  EXPECT_EQ(negotiated("  "), "json");
  EXPECT_EQ(negotiated("*/*"), "json");
}

TEST(Format, MediaTypesChoose) {
  EXPECT_EQ(negotiated("text/csv"), "csv");
  EXPECT_EQ(negotiated("Text/CSV ; header=present"), "csv");
  EXPECT_EQ(negotiated("application/vnd.apache.arrow.stream"), "arrow");
  EXPECT_EQ(negotiated("application/*"), "json");
  EXPECT_EQ(negotiated("text/*"), "csv");
  EXPECT_EQ(negotiated("text/html"), "none");
}

TEST(Format, ThePreferredOneWins) {
  EXPECT_EQ(negotiated("application/json;q=0.5, text/csv;q=0.9"), "csv");
  EXPECT_EQ(negotiated("text/csv, application/json"), "csv");
  EXPECT_EQ(negotiated("text/html,application/xhtml+xml,*/*;q=0.8"), "json");
  EXPECT_EQ(negotiated("text/csv;q=0, */*;q=0.1"), "json");
  EXPECT_EQ(negotiated("text/csv;q=0"), "none");
}

}  // namespace
}  // namespace canvasback
