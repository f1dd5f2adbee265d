#include "encode/xlsx/xlsx_encoder.hpp"
#include "encode/xlsx/workbook_parts.hpp"

#include <arrow/builder.h>
#include <gtest/gtest.h>

#include <random>

#include "encode/xlsx/limits.hpp"
#include "encode/xlsx/test_support.hpp"

namespace canvasback::xlsx {
namespace {

constexpr const char* kSheet = "xl/worksheets/sheet1.xml";

std::string text_cell(const std::string& text) { return "<c t=\"inlineStr\"><is><t>" + text + "</t></is></c>"; }

// The cells of one column's rows, all texts in their cells or by number.
std::string cells_of(const TestColumn& column) { return rows_of(workbook_of({batch_of({column})}).at(kSheet)); }

std::string rows(const std::vector<std::string>& cells) {
  std::string out;
  for (const std::string& cell : cells) out += std::string(kRowOpen) + cell + "</row>";
  return out;
}
std::string number(const std::string& text, int style = 0) {
  return (style == 0 ? "<c><v>" : "<c s=\"" + std::to_string(style) + "\"><v>") + text + "</v></c>";
}

TEST(XlsxEncoder, CellsOfNumbers) {
  EXPECT_EQ(cells_of({"a", arrow::int64(), "[0, -7, null, 99999999999]"}),
            rows({number("0"), number("-7"), "<c/>", number("99999999999")}));
  EXPECT_EQ(cells_of({"a", arrow::int64(), "[999999999999999, 1000000000000000, -9223372036854775808]"}),
            rows({number("999999999999999", 2), text_cell("1000000000000000"), text_cell("-9223372036854775808")}));
  EXPECT_EQ(cells_of({"a", arrow::uint64(), "[18446744073709551615, 5]"}),
            rows({text_cell("18446744073709551615"), number("5", 2)}));
  EXPECT_EQ(cells_of({"a", arrow::int8(), "[-128, 127]"}), rows({number("-128"), number("127")}));
  EXPECT_EQ(
      cells_of({"a", arrow::float64(), "[1.0, 0.1, 1e16, 2.5e-7, -0.0, 123456789.123]"}),
      rows({number("1"), number("0.1"), number("1E+16"), number("2.5E-07"), number("-0"), number("123456789.123")}));
  EXPECT_EQ(cells_of({"a", arrow::float64(), "[NaN, Inf, -Inf, 5e-324]"}),
            rows({text_cell("NaN"), text_cell("Infinity"), text_cell("-Infinity"), text_cell("5e-324")}));
  EXPECT_EQ(cells_of({"a", arrow::float32(), "[0.1]"}), rows({number("0.1")}));
  EXPECT_EQ(cells_of({"a", arrow::boolean(), "[true, false, null]"}),
            rows({"<c t=\"b\"><v>1</v></c>", "<c t=\"b\"><v>0</v></c>", "<c/>"}));
  EXPECT_EQ(cells_of({"a", arrow::null(), "[null]"}), rows({"<c/>"}));
}

TEST(XlsxEncoder, CellsOfDecimals) {
  EXPECT_EQ(cells_of({"a", arrow::decimal128(12, 2), R"(["12.00", "-0.05", "9999999999.99", null])"}),
            rows({number("12", 2), number("-0.05", 2), number("9999999999.99", 2), "<c/>"}));
  // Fifteen digits that count, wherever the point is.
  EXPECT_EQ(cells_of({"a", arrow::decimal128(38, 10), R"(["1234567890123.4500000000", "1234567890123.4567000000"])"}),
            rows({number("1234567890123.45", 2), text_cell("1234567890123.4567000000")}));
  EXPECT_EQ(cells_of({"a", arrow::decimal128(38, 0), R"(["123000000000000000000000", "99999999999999999999"])"}),
            rows({text_cell("123000000000000000000000"), text_cell("99999999999999999999")}));
  EXPECT_EQ(cells_of({"a", arrow::decimal256(76, 3), R"(["1.500", "-123456789012345678901234567890.125"])"}),
            rows({number("1.5", 2), text_cell("-123456789012345678901234567890.125")}));
  EXPECT_EQ(cells_of({"a", arrow::decimal64(10, 1), R"(["1.5"])"}), rows({number("1.5", 2)}));
}

TEST(XlsxEncoder, CellsOfTimes) {
  EXPECT_EQ(cells_of({"a", arrow::date32(), "[0, -25508, -25509, null, 2932896, 2932897]"}),
            rows({number("25569", 2), number("61", 2), text_cell("1900-02-28"), "<c/>", number("2958465", 2),
                  text_cell("+10000-01-01")}));
  EXPECT_EQ(cells_of({"a", arrow::date64(), "[86400000, -1]"}), rows({number("25570", 2), number("25568", 2)}));
  EXPECT_EQ(cells_of({"a", arrow::timestamp(arrow::TimeUnit::SECOND), "[43200, -99999999999]"}),
            rows({number("25569.5", 2), text_cell("-1199-02-15T14:13:21")}));
  EXPECT_EQ(cells_of({"a", arrow::time32(arrow::TimeUnit::SECOND), "[21600, 86400]"}),
            rows({number("0.25", 2), text_cell("24:00:00")}));
  EXPECT_EQ(cells_of({"a", arrow::duration(arrow::TimeUnit::SECOND), "[90]"}), rows({text_cell("PT1M30S")}));
  const auto parts = workbook_of(
      {batch_of({{"at", arrow::timestamp(arrow::TimeUnit::MILLI, "UTC"), "[1500]"}, {"day", arrow::date32(), "[1]"}})});
  EXPECT_NE(parts.at(kSheet).find("<t>at (UTC)</t>"), std::string::npos);
  EXPECT_NE(parts.at("xl/styles.xml").find("formatCode=\"yyyy\\-mm\\-dd\\ hh:mm:ss.000\""), std::string::npos);
  EXPECT_NE(parts.at("xl/styles.xml").find("formatCode=\"yyyy\\-mm\\-dd\""), std::string::npos);
}

TEST(XlsxEncoder, CellsOfTextAreSharedOrStandAlone) {
  const auto parts = workbook_of({batch_of({{"a", arrow::utf8(), R"(["x", "=1+1", "x", null, "", " y ", "\u0001"])"},
                                            {"b", arrow::large_utf8(), R"(["x", "<", "", "é", "e", "f", "g"])"}})});
  const auto shared = [](int index) { return "<c t=\"s\"><v>" + std::to_string(index) + "</v></c>"; };
  EXPECT_EQ(rows_of(parts.at(kSheet)),
            rows({shared(0) + shared(0), shared(1) + shared(4), shared(0) + shared(2), "<c/>" + shared(5),
                  shared(2) + shared(6), shared(3) + shared(7), text_cell("_x0001_") + shared(8)}));
  EXPECT_NE(parts.at("xl/sharedStrings.xml")
                .find("count=\"12\" uniqueCount=\"9\"><si><t>x</t></si><si><t>=1+1</t></si><si><t></t></si>"
                      "<si><t xml:space=\"preserve\"> y </t></si><si><t>&lt;</t></si>"),
            std::string::npos);
}

TEST(XlsxEncoder, OtherTypesAreText) {
  EXPECT_EQ(cells_of({"a", arrow::list(arrow::int32()), "[[1, null], [], null]"}),
            rows({text_cell("[1,null]"), text_cell("[]"), "<c/>"}));
  EXPECT_EQ(cells_of({"a", arrow::list(arrow::utf8()), R"([["a\"<", ""]])"}), rows({text_cell(R"(["a\"&lt;",""])")}));
  EXPECT_EQ(cells_of({"a", arrow::binary(), R"(["abc", ""])"}), rows({text_cell("YWJj"), text_cell("")}));
}

TEST(XlsxEncoder, WhatCannotBeKeptIsOnTheNotes) {
  const std::string longer(32'768, 'x');
  const auto parts = workbook_of({batch_of({{"id", arrow::int64(), "[1000000000000000, 1, 1000000000000001]"},
                                            {"text", arrow::utf8(), "[\"" + longer + "\", \"ok\", \"\\u0007\"]"},
                                            {"at", arrow::timestamp(arrow::TimeUnit::NANO), "[0, 1, 1000]"},
                                            {"fine", arrow::float64(), "[1.5, null, 2]"}})});
  const std::string& notes = parts.at("xl/worksheets/sheet2.xml");
  const auto line = [&](const std::string& column, int cells, const std::string& first) {
    return notes.find(std::string(kRowOpen) + text_cell(column) + number(std::to_string(cells)) + text_cell(first)) !=
           std::string::npos;
  };
  EXPECT_TRUE(line("id", 2, "Data!A2")) << notes;
  EXPECT_TRUE(line("text", 1, "Data!B2")) << notes;
  EXPECT_TRUE(line("text", 1, "Data!B4")) << notes;
  EXPECT_TRUE(line("at", 1, "Data!C3")) << notes;
  EXPECT_EQ(notes.find(">fine<"), std::string::npos);
  EXPECT_NE(parts.at("xl/workbook.xml").find("<sheet name=\"Notes\" sheetId=\"2\""), std::string::npos);
  EXPECT_FALSE(workbook_of({batch_of({{"a", arrow::int8(), "[1]"}})}).contains("xl/worksheets/sheet2.xml"));
}

TEST(XlsxEncoder, NoRowsAndNoColumnsAreWorkbooksToo) {
  const auto parts = workbook_of({batch_of({{"a", arrow::int8(), "[]"}, {"b & c", arrow::utf8(), "[]"}})});
  EXPECT_NE(parts.at(kSheet).find("<t>a</t></is></c><c s=\"1\" t=\"inlineStr\"><is><t>b &amp; c</t></is></c></row>"
                                  "</sheetData><autoFilter ref=\"A1:B1\"/>"),
            std::string::npos);
  EXPECT_FALSE(parts.contains("xl/sharedStrings.xml"));
  const auto empty = arrow::RecordBatch::Make(arrow::schema(arrow::FieldVector()), 3, arrow::ArrayVector());
  EXPECT_EQ(rows_of(workbook_of({empty}).at(kSheet)), rows({"", "", ""}));
}

TEST(XlsxEncoder, PropertiesSayWhatWasAskedFor) {
  EncodeOptions options;
  options.document.title = "a[b]";
  options.document.created_us = 1'767'268'800'000'000;
  options.document.properties = {{"Filter", "{\"a\": \"<1>\"}"}, {"Sort", "-a"}};
  const auto parts = workbook_of({batch_of({{"a", arrow::int8(), "[1]"}})}, options);
  EXPECT_NE(parts.at("xl/workbook.xml").find("<sheet name=\"a_b_\""), std::string::npos);
  EXPECT_NE(parts.at("docProps/core.xml").find("<dc:title>a[b]</dc:title>"), std::string::npos);
  EXPECT_NE(parts.at("docProps/core.xml").find(">2026-01-01T12:00:00Z<"), std::string::npos);
  EXPECT_NE(parts.at("docProps/custom.xml")
                .find("name=\"Filter\"><vt:lpwstr>{&quot;a&quot;: &quot;&lt;1&gt;&quot;}</vt:lpwstr>"),
            std::string::npos);
}

TEST(XlsxEncoder, MoreColumnsThanASheetHasAreRefused) {
  const auto schema_of = [](int columns) {
    arrow::FieldVector fields(static_cast<std::size_t>(columns), arrow::field("a", arrow::int8()));
    return arrow::schema(fields);
  };
  StringSink sink;
  auto encoder = make_encoder("xlsx", sink, {});
  const auto status = (*encoder)->begin(schema_of(16'385));
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::InvalidData);
  EXPECT_NE(status.error().message.find("16,384"), std::string::npos);
  EXPECT_EQ(sink.bytes(), "");
  (*encoder)->abandon();
  auto widest = make_encoder("xlsx", sink, {});
  EXPECT_TRUE((*widest)->begin(schema_of(16'384)));
  EXPECT_TRUE((*widest)->finish());
  EXPECT_NE(unzip(sink.bytes()).at(kSheet).find("ref=\"A1:XFD1\""), std::string::npos);
}

// Rows of several types, some of which have notes; different from row to row.
BatchPtr mixed_rows(std::int64_t count) {
  std::mt19937_64 random(9);
  std::string ids = "[";
  std::string names = "[";
  std::string codes = "[";
  for (std::int64_t i = 0; i < count; ++i) {
    const char* comma = i == 0 ? "" : ",";
    ids += comma +
           (random() % 9 == 0 ? "null" : std::to_string(static_cast<std::int64_t>(random() >> (random() % 40 + 8))));
    names += comma + ("\"name " + std::to_string(random() % 300) + "\"");
    codes += comma + (random() % 50 == 0 ? "\"\\u0003\"" : "\"" + std::to_string(random()) + "\"");
  }
  return batch_of(
      {{"id", arrow::int64(), ids + "]"}, {"name", arrow::utf8(), names + "]"}, {"code", arrow::utf8(), codes + "]"}});
}

// The bytes depend on the rows alone: not on threads, nor on how the rows come.
TEST(XlsxEncoder, ThreadsAndBatchesChangeNothing) {
  const BatchPtr all = mixed_rows(60'000);
  EncodeOptions options;
  options.document.created_us = 1;
  const std::string wanted = encode_all("xlsx", {all}, options);
  std::mt19937 random(11);
  for (const int threads : {1, 2, 3, 8}) {
    options.threads = threads;
    std::vector<BatchPtr> batches;
    for (std::int64_t at = 0; at < all->num_rows();) {
      const auto count = std::min<std::int64_t>(1 + random() % 9'000, all->num_rows() - at);
      batches.push_back(all->Slice(at, count));
      at += count;
    }
    EXPECT_EQ(encode_all("xlsx", batches, options), wanted) << threads;
  }
  options.compression = "best";
  const std::string best = encode_all("xlsx", {all}, options);
  EXPECT_LT(best.size(), wanted.size());
  EXPECT_EQ(unzip(best), unzip(wanted));
}

BatchPtr numbered_rows(std::int64_t first, std::int64_t count) {
  arrow::Int32Builder builder;
  for (std::int64_t i = 0; i < count; ++i) EXPECT_TRUE(builder.Append(static_cast<std::int32_t>(first + i)).ok());
  return arrow::RecordBatch::Make(arrow::schema({arrow::field("n", arrow::int32())}), count, {*builder.Finish()});
}

// The numbers in a sheet's data rows: their count, and whether they go up by one from `first`.
std::int64_t check_numbers(const std::string& sheet, std::int64_t first) {
  const std::string data = rows_of(sheet);
  constexpr std::string_view kOpen = "<row ><c><v>";
  std::int64_t count = 0;
  for (std::size_t at = 0; at < data.size(); ++count) {
    const std::string wanted = std::string(kOpen) + std::to_string(first + count) + "</v></c></row>";
    if (data.compare(at, wanted.size(), wanted) != 0) {
      ADD_FAILURE() << "row " << count << ": " << data.substr(at, 60);
      return count;
    }
    at += wanted.size();
  }
  return count;
}

TEST(XlsxEncoder, RowsBeyondASheetGoOnInTheNext) {
  constexpr std::int64_t kSheetRows = kSheetRowsMax - 1;
  for (const std::int64_t count : {kSheetRows, kSheetRows + 1, 2 * kSheetRows + 500}) {
    std::vector<BatchPtr> batches;
    for (std::int64_t at = 0; at < count; at += 100'000) {
      batches.push_back(numbered_rows(at, std::min<std::int64_t>(100'000, count - at)));
    }
    EncodeOptions options;
    options.threads = 2;
    options.document.title = "numbers";
    const auto parts = workbook_of(batches, options);
    std::int64_t seen = 0;
    for (int sheet = 1; seen < count; ++sheet) {
      const std::string& xml = parts.at("xl/worksheets/sheet" + std::to_string(sheet) + ".xml");
      const std::int64_t rows_here = check_numbers(xml, seen);
      EXPECT_EQ(rows_here, std::min(kSheetRows, count - seen));
      EXPECT_NE(xml.find("<t>n</t>"), std::string::npos) << "each sheet has the header";
      EXPECT_NE(xml.find("<autoFilter ref=\"A1:A" + std::to_string(rows_here + 1) + "\"/>"), std::string::npos);
      seen += rows_here;
      if (rows_here == 0) break;
    }
    EXPECT_EQ(seen, count);
    const bool further = parts.at("xl/workbook.xml").find("name=\"numbers (2)\"") != std::string::npos;
    EXPECT_EQ(further, count > kSheetRows);
  }
}

TEST(XlsxEncoder, ABrokenSinkOrACancelLeavesNoWorkbook) {
  const BatchPtr all = mixed_rows(40'000);
  for (const std::size_t bytes_max : {0, 100, 300, 5'000, 100'000, 400'000}) {
    for (const int threads : {1, 3}) {
      BreakingSink sink(bytes_max);
      EncodeOptions options;
      options.threads = threads;
      auto encoder = make_encoder("xlsx", sink, options);
      Status status = (*encoder)->begin(all->schema());
      for (int i = 0; status && i < 20; ++i) status = (*encoder)->write(all);
      status = (*encoder)->finish();
      ASSERT_FALSE(status);
      EXPECT_EQ(status.error().code, ErrorCode::Cancelled);
      EXPECT_TRUE(sink.abandoned);
      EXPECT_FALSE(sink.finished);
    }
  }
  StringSink sink;
  EncodeOptions options;
  options.threads = 2;
  auto encoder = make_encoder("xlsx", sink, options);
  ASSERT_TRUE((*encoder)->begin(all->schema()));
  EXPECT_GT(sink.bytes().size(), 0u) << "the first byte comes before the first row";
  for (int i = 0; i < 5; ++i) ASSERT_TRUE((*encoder)->write(all));
  EXPECT_GT((*encoder)->rows_done(), 0);
  (*encoder)->abandon();
  EXPECT_TRUE(sink.abandoned());
  EXPECT_TRUE(zip_directory(sink.bytes()).empty());
}

TEST(XlsxEncoder, RowsDoneReachesAllRows) {
  const BatchPtr all = mixed_rows(30'000);
  StringSink sink;
  EncodeOptions options;
  options.threads = 2;
  auto encoder = make_encoder("xlsx", sink, options);
  ASSERT_TRUE((*encoder)->begin(all->schema()));
  ASSERT_TRUE((*encoder)->write(all));
  EXPECT_LE((*encoder)->rows_done(), all->num_rows());
  ASSERT_TRUE((*encoder)->finish());
  EXPECT_EQ((*encoder)->rows_done(), all->num_rows());
}

}  // namespace
}  // namespace canvasback::xlsx
