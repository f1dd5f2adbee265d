// Uploads of CSV: in any of the usual dialects, in pieces of any size, each cell the value that gives it back.
#include "source/records/csv_reader.hpp"

#include <arrow/array.h>
#include <arrow/scalar.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace canvasback {
namespace {

// name=values; a number by its kind (i, d), a text in quotes.
std::string read(std::string_view bytes, std::size_t piece = 1'000'000, CsvColumns columns = {}) {
  std::string out;
  CsvRecordReader reader(
      [&](Shredded block) -> Status {
        for (const auto& [name, lanes] : block.members) {
          out += name + "=";
          const auto append = [&](const std::shared_ptr<arrow::Array>& lane, std::string_view kind) {
            for (std::int64_t row = 0; lane && row < lane->length(); ++row) {
              if (lane->IsNull(row)) continue;
              out += fmt::format("{}{}:{} ", row, kind, lane->GetScalar(row).ValueOrDie()->ToString());
            }
          };
          append(lanes.ints, "i");
          append(lanes.bigs, "b");
          append(lanes.doubles, "d");
          append(lanes.bools, "t");
          append(lanes.strings, "s");
        }
        return {};
      },
      std::move(columns));
  Status status;
  for (std::size_t at = 0; at < bytes.size() && status; at += piece) status = reader.add(bytes.substr(at, piece));
  if (status) status = reader.finish();
  return status ? out : status.error().message;
}

std::string utf16(std::string_view ascii) {
  std::string out = "\xFF\xFE";
  for (const char c : ascii) out += {c, '\0'};
  return out;
}

TEST(CsvReader, Dialects) {
  const std::string expected = "id=0i:1 1i:2 a=0s:x 1s:y ";
  for (const std::string& body :
       {std::string("id,a\n1,x\n2,y\n"), std::string("id;a\n1;x\n2;y\n"), std::string("id\ta\r\n1\tx\r\n2\ty"),
        std::string("id|a\r1|x\r2|y\r"), std::string("\xEF\xBB\xBFid;a\n1;x\n\n2;y\n"),
        std::string("sep=;\r\nid;a\r\n1;x\r\n2;y\r\n"), utf16("id,a\n1,x\n2,y\n"), utf16("id;a\r\n1;x\r\n2;y\r\n")}) {
    for (const std::size_t piece : {1, 2, 3, 7, 1000}) EXPECT_EQ(read(body, piece), expected) << body << " " << piece;
  }
  EXPECT_EQ(read("name;note\nann;hello, world\nbob;a, b, c\n"), "name=0s:ann 1s:bob note=0s:hello, world 1s:a, b, c ");
  EXPECT_EQ(read("a;b,c\n1,2\n3,4\n"), "a;b=0i:1 1i:3 c=0i:2 1i:4 ");
  EXPECT_EQ(read("name\nann\nbob, of x\n"), "Nothing was kept: line 3: There are 2 cells, the header has 1.");
}

TEST(CsvReader, NumbersThatGiveTheirTextBack) {
  EXPECT_EQ(read("v\n1.10\n1E5\n1.5\n007\n-0\n2e-07\n12345678901234567890\n+1\n1.0\n"),
            "v=6b:12345678901234567890 2d:1.5 5d:2e-7 8d:1 0s:1.10 1s:1E5 3s:007 4s:-0 7s:+1 ");
}

TEST(CsvReader, AmountsAreNumbersWhereAllHaveAsManyDecimals) {
  EXPECT_EQ(read("v\n241.30\n100.00\n\"\"\n"), "v=0s:241.30 1s:100.00 2s: ");
  EXPECT_EQ(read("n,v\n1,241.30\n2,\n3,100.00\n4,0.25\n"), "n=0i:1 1i:2 2i:3 3i:4 v=0d:241.3 2d:100 3d:0.25 ");
  EXPECT_EQ(read("v\n1.10\n1.90\n1.9\n2.20\n"), "v=2d:1.9 0s:1.10 1s:1.90 3s:2.20 ");
  EXPECT_EQ(read("v\n1.25\n1.10\n7\n"), "v=2i:7 0d:1.25 1s:1.10 ");
  EXPECT_EQ(read("v\n0.1234567890123450\n"), "v=0s:0.1234567890123450 ") << "a double has no more than 15 digits";
  EXPECT_EQ(read("v\n241.30\n1.5\n", 1000, {false}), "v=1d:1.5 0s:241.30 ") << "a schema says what they are";
}

TEST(CsvReader, CellsOfTextColumnsStayAsTheyAre) {
  EXPECT_EQ(read("v,n\n0.00001,1\n1.0E10,2\ntrue,3\n,4\n\"\",5\n", 1000, {false, {"v"}}),
            "v=0s:0.00001 1s:1.0E10 2s:true 4s: n=0i:1 1i:2 2i:3 3i:4 4i:5 ");
}

TEST(CsvReader, LinesOfErrors) {
  EXPECT_EQ(read("sep=;\nid;a\n1;2;3\n"), "Nothing was kept: line 3: There are 3 cells, the header has 2.");
  EXPECT_EQ(read("id,a\r1,2\r3\r"), "Nothing was kept: line 3: There are 1 cells, the header has 2.");
  EXPECT_EQ(read(utf16("id,a\n1,x\n") + "x"), "Nothing was kept: line 3: The text ends within a character.");
  EXPECT_EQ(read(utf16("id,a\n1,x\n") + std::string("\x00\xDC", 2)),
            "Nothing was kept: line 3: The text is not UTF-16.");
  EXPECT_EQ(read("id,a\n1,\xFF\n"), "Nothing was kept: line 2: The text is not UTF-8.");
}

}  // namespace
}  // namespace canvasback
