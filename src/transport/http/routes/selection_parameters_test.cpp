#include "transport/http/routes/selection_parameters.hpp"

#include <gtest/gtest.h>

namespace canvasback::http {
namespace {

Result<RowsRequest> rows(const std::string& query, const std::string& accept = "") {
  Request request;
  request.target = "/x?" + query;
  if (!accept.empty()) request.headers["accept"] = accept;
  CANVASBACK_TRY(split_target(request));
  return rows_request_from(request, "d");
}

TEST(SelectionParameters, NothingGivenIsEverythingAsJson) {
  const auto request = rows("");
  ASSERT_TRUE(request);
  EXPECT_EQ(request->dataset, "d");
  EXPECT_EQ(request->output.format, "json");
  EXPECT_EQ(request->selection.limit, std::nullopt);
  EXPECT_TRUE(request->selection.in_file_order());
  EXPECT_TRUE(request->output.numbers_exact);
}

TEST(SelectionParameters, AllOfThemAreRead) {
  const auto request = rows(
      "offset=5&limit=10&columns=a,b%20c&filter=%7B%22a%22:1%7D&sort=-a,b&sample=10%25&seed=7&format=csv&numbers=plain"
      "&compression=zstd&timeout_ms=500");
  ASSERT_TRUE(request) << request.error().message;
  const Selection& selection = request->selection;
  EXPECT_EQ(selection.offset, 5);
  EXPECT_EQ(selection.limit, 10);
  EXPECT_EQ(selection.columns, (std::vector<std::string>{"a", "b c"}));
  EXPECT_EQ(selection.filter.dump(), R"({"a":1})");
  EXPECT_EQ(selection.sort.size(), 2U);
  EXPECT_EQ(selection.sample->share, 0.1);
  EXPECT_EQ(selection.sample->seed, 7);
  EXPECT_EQ(request->output.format, "csv");
  EXPECT_FALSE(request->output.numbers_exact);
  EXPECT_EQ(request->output.compression, "zstd");
  EXPECT_EQ(request->context.timeout_ms, 500);
}

TEST(SelectionParameters, WrongValuesAreRefusedByName) {
  for (const auto& [query, name] :
       std::vector<std::pair<const char*, const char*>>{{"limit=-1", "limit"},
                                                        {"limit=1.5", "limit"},
                                                        {"limit=", "limit"},
                                                        {"limit=99999999999999999999", "limit"},
                                                        {"offset=x", "offset"},
                                                        {"timeout_ms=0", "timeout_ms"},
                                                        {"seed=-1", "seed"},
                                                        {"sample=many", "sample"},
                                                        {"filter={", "filter"},
                                                        {"sort=,", "sort"},
                                                        {"numbers=some", "numbers"},
                                                        {"format=xml", "format"},
                                                        {"offset=1&after=abc", "after"}}) {
    const auto request = rows(query);
    ASSERT_FALSE(request) << query;
    EXPECT_EQ(request.error().code, ErrorCode::InvalidData);
    EXPECT_NE(request.error().message.find(name), std::string::npos) << request.error().message;
  }
}

TEST(SelectionParameters, AFilterTooDeepIsRefusedEarly) {
  std::string filter;
  for (int i = 0; i < 100'000; ++i) filter += "[";
  EXPECT_FALSE(rows("filter=" + filter));
}

TEST(SelectionParameters, TheFormatParameterWinsOverAccept) {
  EXPECT_EQ(rows("format=arrow", "text/csv")->output.format, "arrow");
  EXPECT_EQ(rows("", "text/csv")->output.format, "csv");
  EXPECT_EQ(rows("", "text/html").error().code, ErrorCode::NotAcceptable);
}

std::string encoding(const char* accept, const char* format) {
  Request request;
  request.headers["accept-encoding"] = accept;
  return content_encoding_of(request, format);
}

TEST(SelectionParameters, EncodingsAreWhatTheClientTakes) {
  EXPECT_EQ(encoding("gzip", "csv"), "gzip");
  EXPECT_EQ(encoding("gzip, zstd", "csv"), "zstd");
  EXPECT_EQ(encoding("gzip;q=1.0, zstd;q=0.5", "csv"), "gzip");
  EXPECT_EQ(encoding("gzip;q=0", "csv"), "");
  EXPECT_EQ(encoding("br", "csv"), "");
  EXPECT_EQ(encoding("", "csv"), "");
  EXPECT_EQ(encoding("gzip", "parquet"), "") << "compressed already";
}

Request with_body(const char* type, const char* body) {
  Request request;
  request.headers["content-type"] = type;
  request.body = body;
  return request;
}

TEST(SelectionParameters, BodiesAreJsonObjectsOfKnownMembers) {
  EXPECT_TRUE(json_body(with_body("application/json; charset=utf-8", R"({"sql":"x"})"), {"sql"}));
  EXPECT_TRUE(json_body(with_body("", R"({"sql":"x"})"), {"sql"}));
  EXPECT_EQ(json_body(with_body("text/xml", "{}"), {}).error().code, ErrorCode::UnsupportedMediaType);
  for (const char* body : {"", "[]", "1", "{", R"({"sq":"x"})", R"({"sql":1,"sql":2})"}) {
    EXPECT_EQ(json_body(with_body("application/json", body), {"sql"}).error().code, ErrorCode::InvalidData) << body;
  }
}

TEST(SelectionParameters, FileNamesCannotLeaveTheirHeader) {
  EXPECT_EQ(content_disposition("", "orders", "csv"), "attachment; filename=\"orders.csv\"");
  EXPECT_EQ(content_disposition("report.csv", "orders", "csv"), "attachment; filename=\"report.csv\"");
  EXPECT_EQ(content_disposition("a\r\nX: \"/\\", "", "json"), "attachment; filename=\"a__X: ___.json\"");
  EXPECT_EQ(content_disposition(std::string(300, 'a'), "", "csv"),
            "attachment; filename=\"" + std::string(251, 'a') + ".csv\"");
  EXPECT_EQ(content_disposition(std::string(300, 'a') + ".csv", "", "csv"),
            "attachment; filename=\"" + std::string(251, 'a') + ".csv\"");
  std::string wide;
  for (int i = 0; i < 150; ++i) wide += "é";
  EXPECT_EQ(download_name(wide, "", "csv").size(), 254U) << "no half character";
  EXPECT_EQ(content_disposition("é", "", "csv"), "attachment; filename=\"__.csv\"; filename*=UTF-8''%C3%A9.csv");
}

}  // namespace
}  // namespace canvasback::http
