// Delimited files as their readers meet them: what each kind of file becomes, in types and in values.
#include "source/delimited/delimited_file.hpp"

#include <arrow/array.h>
#include <arrow/scalar.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "base/compress.hpp"
#include "base/limits.hpp"
#include "base/test_support.hpp"

namespace canvasback {
namespace {

// A table as text: a line "name TYPE, …", then a line a row; NULL is ·, text stands in quotes.
struct Table {
  std::string columns;
  std::vector<std::string> rows;
};

std::string cell_text(const arrow::Array& array, std::int64_t row) {
  if (array.IsNull(row)) return "·";
  const std::string text = array.GetScalar(row).ValueOrDie()->ToString();
  return array.type_id() == arrow::Type::STRING ? "'" + text + "'" : text;
}

class DelimitedFile : public ::testing::Test {
 protected:
  std::string write(std::string_view bytes, std::string_view name = "x.csv") { return folder_.write(name, bytes); }

  Result<TextReading> look(const std::vector<std::string>& paths, const TextSettings& settings = {}) {
    std::vector<DelimitedScan> scans;
    TextReading out;
    out.settings = settings;
    for (const std::string& path : paths) {
      ScanWork work;
      work.threads = 2;
      CANVASBACK_ASSIGN(DelimitedScan scan, scan_delimited(path, settings, work));
      out.files.push_back(scan.reading);
      scans.push_back(std::move(scan));
    }
    CANVASBACK_ASSIGN(out.columns, decide_columns(scans, settings));
    return out;
  }

  Result<Table> table(const std::vector<std::string>& paths, const TextReading& reading) {
    Table out;
    for (const TextColumn& column : reading.columns) {
      out.columns += (out.columns.empty() ? "" : ", ") + column.name + " " + column.type;
    }
    CANVASBACK_ASSIGN(const auto source, open_delimited(paths, reading));
    std::vector<int> columns;
    for (int i = 0; i < source->schema()->num_fields(); ++i) columns.push_back(i);
    CANVASBACK_ASSIGN(const auto reader, source->open(columns, CancelToken()));
    for (std::size_t part = 0; part < source->parts().size(); ++part) {
      CANVASBACK_ASSIGN(const BatchPtr batch, reader->read(part));
      EXPECT_EQ(batch->num_rows(), source->parts()[part].rows);
      for (std::int64_t row = 0; row < batch->num_rows(); ++row) {
        std::string line;
        for (const auto& column : batch->columns()) {
          line += (line.empty() ? "" : " ") + cell_text(*column, row);
        }
        out.rows.push_back(std::move(line));
      }
    }
    return out;
  }

  Result<Table> read(std::string_view bytes, const TextSettings& settings = {}) {
    const std::string path = write(bytes);
    CANVASBACK_ASSIGN(const TextReading reading, look({path}, settings));
    return table({path}, reading);
  }

  void expect(std::string_view bytes, std::string_view columns, const std::vector<std::string>& rows,
              const TextSettings& settings = {}) {
    const Result<Table> got = read(bytes, settings);
    ASSERT_TRUE(got) << bytes.substr(0, 100) << ": " << got.error().message;
    EXPECT_EQ(got->columns, columns) << bytes.substr(0, 100);
    EXPECT_EQ(got->rows, rows) << bytes.substr(0, 100);
  }

  std::string error_of(std::string_view bytes, const TextSettings& settings = {}) {
    const Result<Table> got = read(bytes, settings);
    return got ? "none" : got.error().message;
  }

  std::string type_of(std::string_view cells) {
    const Result<TextReading> reading = look({write("v\n" + std::string(cells))});
    return reading ? reading->columns.at(0).type : reading.error().message;
  }

  TemporaryFolder folder_;
};

std::string late(std::string_view header, int rows, auto row, std::string_view last) {
  std::string out(header);
  for (int i = 0; i < rows; ++i) out += row(i);
  out += last;
  return out;
}

TEST_F(DelimitedFile, DelimitersByAllRows) {
  expect("id,name\n1,a\n2,b\n", "id BIGINT, name VARCHAR", {"1 'a'", "2 'b'"});
  expect("c0\nv0\na;b\n", "c0 VARCHAR", {"'v0'", "'a;b'"});
  expect("name\nSmith, John\nDoe, Jane\n", "name VARCHAR", {"'Smith, John'", "'Doe, Jane'"});
  expect("name;note\nann;hello, world\nbob;a, b, c\n", "name VARCHAR, note VARCHAR",
         {"'ann' 'hello, world'", "'bob' 'a, b, c'"});
  expect("a;b,c;d\n1;2,5;3\n", "a BIGINT, b,c VARCHAR, d BIGINT", {"1 '2,5' 3"});
  expect("a\tb\n1\tx,y\n", "a BIGINT, b VARCHAR", {"1 'x,y'"});
  expect("a|b\n1|2\n", "a BIGINT, b BIGINT", {"1 2"});
  expect("a^b\n1^2\n3^4\n", "a BIGINT, b BIGINT", {"1 2", "3 4"});
  expect("a b\n1 2\n3 4\n", "a BIGINT, b BIGINT", {"1 2", "3 4"});
  expect("Title, of one\nx\ny\nz\n", "Title, of one VARCHAR", {"'x'", "'y'", "'z'"});
  // Times and names of people are no tables of colons and spaces.
  expect("12:30:00\n12:31:00\n12:32:00\n", "column0 TIME", {"12:30:00.000000", "12:31:00.000000", "12:32:00.000000"});
  expect("John Smith\nJane Doe\nJim Roe\n", "John Smith VARCHAR", {"'Jane Doe'", "'Jim Roe'"});
  TextSettings told;
  told.delimiter = ";";
  expect("a,b;c\n1,2;3\n", "a,b VARCHAR, c BIGINT", {"'1,2' 3"}, told);
  expect("sep=;\na;b\n1;2\n", "a BIGINT, b BIGINT", {"1 2"});
  expect("\"sep=;\"\r\na;b\r\n1;2\r\n", "a BIGINT, b BIGINT", {"1 2"});
  expect("Country;Location;Count;Date\nChina;\"35.86166;104.19397\";97100,7;04/07/20\n",
         "Country VARCHAR, Location VARCHAR, Count VARCHAR, Date VARCHAR",
         {"'China' '35.86166;104.19397' '97100,7' '04/07/20'"});
}

TEST_F(DelimitedFile, RaggedRows) {
  expect("a,b,c\n1,2\n3,4\n", "a BIGINT, b BIGINT, c VARCHAR", {"1 2 ·", "3 4 ·"});
  std::string narrow = "a,b,c\n";
  std::vector<std::string> rows;
  for (int i = 0; i < 50; ++i) {
    narrow += fmt::format("{},x{},y\n", i, i);
    rows.push_back(fmt::format("{} 'x{}' 'y'", i, i));
  }
  narrow += "50,z\n";
  rows.push_back("50 'z' ·");
  expect(narrow, "a BIGINT, b VARCHAR, c VARCHAR", rows);
  expect("a,b\n1,2,\n3,4,\n", "a BIGINT, b BIGINT", {"1 2", "3 4"});
  expect("a,b\n1,2,3\n4,5\n", "a BIGINT, b BIGINT, column2 BIGINT", {"1 2 3", "4 5 ·"});
  const std::string path = write("a,b\n1,2,3\n4\n5,6\n7\n");
  const Result<TextReading> reading = look({path});
  ASSERT_TRUE(reading) << reading.error().message;
  EXPECT_EQ(reading->files[0].rows, 4);
  EXPECT_EQ(reading->files[0].short_rows, 2);
  EXPECT_EQ(reading->files[0].long_rows, 1);
}

TEST_F(DelimitedFile, Headers) {
  expect("1,2\n3,4\n", "column0 BIGINT, column1 BIGINT", {"1 2", "3 4"});
  expect("Paris,1\nRome,2\n", "column0 VARCHAR, column1 BIGINT", {"'Paris' 1", "'Rome' 2"});
  expect(",a\n0,x\n", "column0 BIGINT, a VARCHAR", {"0 'x'"});
  expect("id,name\n", "id VARCHAR, name VARCHAR", {});
  expect("a,a,column1,\n1,2,3,4\n", "a BIGINT, a_1 BIGINT, column1 BIGINT, column3 BIGINT", {"1 2 3 4"});
  expect("a,A\n1,2\n", "a BIGINT, A BIGINT", {"1 2"});
  expect("country,2019,2020\nFR,x,1\n", "column0 VARCHAR, column1 VARCHAR, column2 BIGINT",
         {"'country' '2019' 2020", "'FR' 'x' 1"});
  TextSettings told;
  told.header = true;
  expect("country,2019,2020\nFR,1,2\n", "country VARCHAR, 2019 BIGINT, 2020 BIGINT", {"'FR' 1 2"}, told);
  told.header = false;
  expect("a,b\nc,d\n", "column0 VARCHAR, column1 VARCHAR", {"'a' 'b'", "'c' 'd'"}, told);
}

TEST_F(DelimitedFile, EmptyFiles) {
  expect("", "", {});
  expect("\n\r\n\n", "", {});
  const std::string first = write("id,n\n1,2\n", "a.csv");
  const std::string second = write("", "b.csv");
  const Result<TextReading> reading = look({first, second});
  ASSERT_TRUE(reading) << reading.error().message;
  const Result<Table> got = table({first, second}, *reading);
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(got->columns, "id BIGINT, n BIGINT");
  EXPECT_EQ(got->rows, std::vector<std::string>{"1 2"});
}

TEST_F(DelimitedFile, LinesAndQuotes) {
  expect("a,b\r\n1,\"x\r\ny\"\n2,\"\"\"q\"\"\"\r3,z", "a BIGINT, b VARCHAR", {"1 'x\r\ny'", "2 '\"q\"'", "3 'z'"});
  expect("a,b\n\n1,2\n\r\n3,4\n\n", "a BIGINT, b BIGINT", {"1 2", "3 4"});
  expect("a\n1\n\n3\n", "a BIGINT", {"1", "·", "3"});
  expect("id,v\n1,\"\"\n2,\n3,\"x\"\n", "id BIGINT, v VARCHAR", {"1 ''", "2 ·", "3 'x'"});
  expect("a,b\n1,5\" pipe\n2,x\"y\n", "a BIGINT, b VARCHAR", {"1 '5\" pipe'", "2 'x\"y'"});
  expect("a,b\n1,\"say \\\"hi\\\", ok\"\n2,\"C:\\\\x\\n\"\n", "a BIGINT, b VARCHAR",
         {"1 'say \"hi\", ok'", "2 'C:\\x\\n'"});
  expect("a,b\n1,\"C:\\\"\n2,y\n", "a BIGINT, b VARCHAR", {"1 'C:\\'", "2 'y'"});
  expect("a\tb\n1\t\"abc\n2\tdef\n", "a BIGINT, b VARCHAR", {"1 '\"abc'", "2 'def'"});
  TextSettings told;
  told.quote = "'";
  expect("a,b\n1,'x,y'\n2,'it''s'\n", "a BIGINT, b VARCHAR", {"1 'x,y'", "2 'it's'"}, told);
  told.quote = "";
  expect("a,b\n1,\"x\n", "a BIGINT, b VARCHAR", {"1 '\"x'"}, told);
  std::string hash = "id,name\n0,n0\n#51,special\n52,z\n";
  expect(hash, "id VARCHAR, name VARCHAR", {"'0' 'n0'", "'#51' 'special'", "'52' 'z'"});
  TextSettings comment;
  comment.comment = "#";
  expect("# by us, of \"this\nid,name\n0,n0\n#51,\"special\n52,z\n#", "id BIGINT, name VARCHAR", {"0 'n0'", "52 'z'"},
         comment);
}

TEST_F(DelimitedFile, RefusedQuotes) {
  EXPECT_EQ(error_of("id,name\n1,\"abc\n2,def\n").find("line 2: a quote that opens a cell is never closed"),
            folder_.path().size() + std::string("The file /x.csv cannot be read: ").size());
  EXPECT_NE(error_of("id,name\n1,a\n2,\"b\nc\"d\n").find("line 3: something follows the quote that closes a cell"),
            std::string::npos);
}

TEST_F(DelimitedFile, Encodings) {
  expect("\xEF\xBB\xBFid,n\n1,é\n", "id BIGINT, n VARCHAR", {"1 'é'"});
  const auto utf16 = [](std::u16string_view text, bool little, bool mark) {
    std::string out;
    for (const char16_t unit : (mark ? u"\uFEFF" : u"") + std::u16string(text)) {
      const char low = static_cast<char>(unit & 0xFF);
      const char high = static_cast<char>(unit >> 8);
      out += little ? low : high;
      out += little ? high : low;
    }
    return out;
  };
  for (const bool little : {true, false}) {
    for (const bool mark : {true, false}) {
      expect(utf16(u"id,name\n1,é\U0001F600\n", little, mark), "id BIGINT, name VARCHAR", {"1 'é😀'"});
    }
  }
  EXPECT_NE(error_of("id,name\n1,Z\xFCrich\n").find("line 2 has the byte 0xFC where UTF-8 has none"),
            std::string::npos);
  TextSettings told;
  told.encoding = "windows-1252";
  expect("id,name\n1,Z\xFCrich\n2,\x80 5\n", "id BIGINT, name VARCHAR", {"1 'Zürich'", "2 '€ 5'"}, told);
  told.encoding = "latin-9";
  EXPECT_NE(error_of("a\n", told).find("There is no encoding"), std::string::npos);
  EXPECT_NE(error_of(utf16(u"id,name\n1,x\n", true, true) + std::string("\x00\xDC", 2)).find("is no utf-16le text"),
            std::string::npos);
}

TEST_F(DelimitedFile, Utf32IsRefused) {
  const auto utf32 = [](std::u32string_view text, bool little) {
    std::string out;
    for (const char32_t point : text) {
      for (int byte = 0; byte < 4; ++byte) {
        out += static_cast<char>(point >> 8 * (little ? byte : 3 - byte) & 0xFF);
      }
    }
    return out;
  };
  for (const bool little : {true, false}) {
    for (const std::u32string_view text : {U"id,name\n1,é\n", U"\uFEFFid,name\n1,é\U0001F600\n", U"\uFEFF"}) {
      EXPECT_NE(error_of(utf32(text, little)).find("UTF-32"), std::string::npos);
    }
  }
}

TEST_F(DelimitedFile, NamesWithTheCharacterNulAreRefused) {
  EXPECT_NE(error_of(std::string("a\0b,c\nx,2\n", 10)).find(R"(line 1: the name "a\u0000b" of a column)"),
            std::string::npos);
}

TEST_F(DelimitedFile, CompressedContent) {
  std::string text = "id,v\n";
  std::vector<std::string> rows;
  for (int i = 0; i < 40'000; ++i) {
    text += fmt::format("{},v{}\n", i, i % 100);
    rows.push_back(fmt::format("{} 'v{}'", i, i % 100));
  }
  for (const char* encoding : {"gzip", "zstd"}) {
    const auto compressor = make_compressor(encoding).value();
    std::string bytes;
    ASSERT_TRUE(compressor->add(text, bytes));
    ASSERT_TRUE(compressor->end(bytes));
    expect(bytes, "id BIGINT, v VARCHAR", rows);
    EXPECT_NE(error_of(bytes.substr(0, bytes.size() / 2)).find("is damaged or truncated"), std::string::npos);
    // Parts in another order.
    const std::string path = write(bytes);
    const TextReading reading = look({path}).value();
    ASSERT_EQ(reading.files[0].parts.size(), 3);
    const auto source = open_delimited({path}, reading).value();
    EXPECT_TRUE(source->is_sequential());
    const auto reader = source->open({0}, CancelToken()).value();
    for (const std::size_t part : {2, 0, 1}) {
      const BatchPtr batch = reader->read(part).value();
      EXPECT_EQ(cell_text(*batch->column(0), 0), fmt::format("{}", part * kTextPartRows - (part > 0 ? 1 : 0)));
    }
  }
}

TEST_F(DelimitedFile, NumbersOfOneKind) {
  EXPECT_EQ(type_of("1\n-2\n0\n"), "BIGINT");
  EXPECT_EQ(type_of("9223372036854775807\n-9223372036854775808\n"), "BIGINT");
  EXPECT_EQ(type_of("9223372036854775808\n"), "DECIMAL(38,0)");
  EXPECT_EQ(type_of(std::string(39, '9') + "\n"), "VARCHAR");
  EXPECT_EQ(type_of("241.30\n100.00\n"), "DECIMAL(18,2)");
  EXPECT_EQ(type_of("0.29\n90071992547409.93\n100.00\n"), "DECIMAL(18,2)");
  EXPECT_EQ(type_of("123456789012345678901.50\n1.00\n"), "DECIMAL(38,2)");
  EXPECT_EQ(type_of("0.1\n1e-05\n1.5e+16\n"), "DOUBLE");
  EXPECT_EQ(type_of("1.5\n0.25\n3\n"), "DOUBLE");
  EXPECT_EQ(type_of("1.0E10\n1.5E-7\n2.5\n"), "DOUBLE");
  EXPECT_EQ(type_of("1.5\nNaN\n-inf\n0.25\n"), "DOUBLE");
  EXPECT_EQ(type_of("1.5\n-0.0\n"), "DOUBLE");
  EXPECT_EQ(type_of("0.1\n0.30000000000000004\n"), "DOUBLE");
  EXPECT_EQ(type_of("0.1\n1e+308\n-1e-320\n"), "DOUBLE");
}

TEST_F(DelimitedFile, NumbersThatOnlyTextGivesBack) {
  for (const char* cells : {"1.10\n1.9\n",
                            "007\n1\n",
                            "+1\n2\n",
                            "0x1A\n1\n",
                            "1E5\n2E10\n7E2\n",
                            "1e5\n12e4\n",
                            "1e400\n0.1\n",
                            "-0\n1\n",
                            "9007199254740993\n1.5\n",
                            "0.1\n0.30000000000000001\n",
                            "1,234\n2\n",
                            ".5\n1\n",
                            "5.\n1\n",
                            "1_000\n1\n",
                            " 1\n2\n",
                            "1\n\"\"\n",
                            "Nan\nInf\nInfinity\n",
                            "NaN\nnan\n",
                            "true\n1\n",
                            "1\n2024-01-01\n",
                            "15E-1\n1\n",
                            "１\n2\n",
                            "1e+9999\n1\n",
                            "--1\n2\n",
                            "-\n1\n",
                            "1e\n1\n",
                            "1.00E-05\n2\n",
                            "12.11.10\n10.9.8\n"}) {
    EXPECT_EQ(type_of(cells), "VARCHAR") << cells;
  }
}

TEST_F(DelimitedFile, OtherTypes) {
  EXPECT_EQ(type_of("true\nfalse\n"), "BOOLEAN");
  EXPECT_EQ(type_of("True\nFalse\n"), "BOOLEAN");
  for (const char* cells : {"yes\nno\n", "T\nF\n", "true\nTrue\n", "t\nf\n"}) EXPECT_EQ(type_of(cells), "VARCHAR");
  EXPECT_EQ(type_of("2024-02-29\n0001-01-01\n"), "DATE");
  for (const char* cells :
       {"2023-02-29\n", "04/07/20\n", "2024-1-1\n", "2024-01-01\n2024-01-01T00:00:00\n", "23:59:60\n", "24:00:00\n",
        "12:30\n", "12:30:00.1234567\n", "2024-01-01 10:00\n", "2024-01-01T10:00:00Z\n2024-01-01T10:00:00\n",
        "2024-01-01T10:00:00.123456789Z\n", "2024-01-01 10:00:00.123456789\n1600-01-01 00:00:00\n"}) {
    EXPECT_EQ(type_of(cells), "VARCHAR") << cells;
  }
  EXPECT_EQ(type_of("12:30:00.5\n00:00:00\n"), "TIME");
  EXPECT_EQ(type_of("2024-01-01 10:00:00\n2024-01-01T10:00:00.123456\n"), "TIMESTAMP");
  EXPECT_EQ(type_of("2024-01-01T10:00:00Z\n2024-01-01 10:00:00.5+02\n2024-01-01 10:00:00-0330\n"),
            "TIMESTAMP WITH TIME ZONE");
  expect("id,t\n1,2024-01-01 10:00:00.123456789\n2,1969-12-31T23:59:59.999999999\n", "id BIGINT, t TIMESTAMP_NS",
         {"1 2024-01-01 10:00:00.123456789", "2 1969-12-31 23:59:59.999999999"});
  expect("t,d\n2024-01-01T00:30:00+02:00,1969-12-31\n1960-01-01T00:00:00.25Z,0001-01-01\n",
         "t TIMESTAMP WITH TIME ZONE, d DATE",
         {"2023-12-31 22:30:00.000000Z 1969-12-31", "1960-01-01 00:00:00.250000Z 0001-01-01"});
  expect("a,b,c,d\n-1.50,true,1.5,12345678901234567890\n0.25,false,-2e-05,-1\n",
         "a DECIMAL(18,2), b BOOLEAN, c DOUBLE, d DECIMAL(38,0)",
         {"-1.50 true 1.5 12345678901234567890", "0.25 false -0.00002 -1"});
}

TEST_F(DelimitedFile, LateSurprises) {
  const auto pair = [](int i) { return fmt::format("{},{}\n", i, i); };
  const auto last_type = [&](std::string_view cell, auto row) {
    const Result<TextReading> reading = look({write(late("id,v\n", 30'000, row, fmt::format("30000,{}\n", cell)))});
    return reading ? reading->columns[1].type + " " + reading->columns[1].reason : reading.error().message;
  };
  EXPECT_EQ(last_type("1.5", pair), "DOUBLE line 30002 has \"1.5\"");
  EXPECT_EQ(last_type("15E-1", pair), "VARCHAR line 30002 has \"15E-1\"");
  EXPECT_EQ(last_type("abc", pair), "VARCHAR line 30002 has \"abc\"");
  EXPECT_EQ(last_type("123456789012345678901234", pair), "DECIMAL(38,0) line 30002 has \"123456789012345678901234\"");
  EXPECT_EQ(last_type("00501", pair), "VARCHAR line 30002 has \"00501\"");
  EXPECT_EQ(last_type("1", [](int i) { return fmt::format("{},{}\n", i, i % 2 == 0); }),
            "VARCHAR line 2 has \"true\", line 30002 has \"1\"");
  const std::string quoted = late(
      "a,b\n", 30'000, [](int i) { return fmt::format("x,{}\n", i); }, "\"x,y\",1\n\"p\nq\",2\n");
  const Result<Table> got = read(quoted);
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(got->rows[30'000], "'x,y' 1");
  EXPECT_EQ(got->rows[30'001], "'p\nq' 2");
  // A delimiter that the begin of the file only seems to have.
  const std::string one = late(
      "x,y\n1,2\n", 200'000, [](int) { return std::string("text\n"); }, "");
  const Result<TextReading> reading = look({write(one)});
  ASSERT_TRUE(reading) << reading.error().message;
  EXPECT_EQ(reading->columns.size(), 1);
}

TEST_F(DelimitedFile, LongFieldsAndBinaryRubbish) {
  const std::string x(5'000'000, 'x');
  expect("id,v\n1," + x + "\n2,y\n", "id BIGINT, v VARCHAR", {"1 '" + x + "'", "2 'y'"});
  expect("id,v\n1,\"" + x + "\n,\"\n2,y\n", "id BIGINT, v VARCHAR", {"1 '" + x + "\n,'", "2 'y'"});
  expect(std::string("a,b\n1,x\0y\n", 10), "a BIGINT, b VARCHAR", {std::string("1 'x\0y'", 7)});
  std::string rubbish;
  std::uint32_t state = 7;
  for (int i = 0; i < 3'000'000; ++i) rubbish += static_cast<char>((state = state * 1664525 + 1013904223) >> 24);
  EXPECT_NE(error_of(rubbish).find("cannot be read"), std::string::npos);
  EXPECT_NE(error_of(std::string(100'000, ',')).find("more than 16384 cells"), std::string::npos);
}

TEST_F(DelimitedFile, ToldTypesAndTexts) {
  TextSettings told;
  told.types = {{"a", "INTEGER"}, {"b", "decimal(10, 2)"}, {"c", "BOOLEAN"}, {"d", "varchar"}, {"e", "DOUBLE"}};
  expect("a,b,c,d,e\n007,1.5,yes,1,1E5\n+8,-3,F,2,.5\n", "a INTEGER, b DECIMAL(10,2), c BOOLEAN, d VARCHAR, e DOUBLE",
         {"7 1.50 true '1' 100000", "8 -3.00 false '2' 0.5"}, told);
  EXPECT_NE(error_of("a,b,c,d,e\n1,1,1,1,1\n2147483648,1,1,1,1\n", told)
                .find("Column \"a\" was told to be INTEGER: line 3 of x.csv has \"2147483648\", which is none."),
            std::string::npos);
  EXPECT_NE(error_of("a,b,c,d,e\n1,1.555,1,1,1\n", told).find("line 2 of x.csv has \"1.555\""), std::string::npos);
  EXPECT_NE(error_of("a,b,c,d\n1,1,1,1\n", told).find("A type is set for \"e\", but there is no such column"),
            std::string::npos);
  EXPECT_NE(error_of("a,b,c,d,e\n1,1,1,1,9007199254740993\n", told).find("has \"9007199254740993\", which is none"),
            std::string::npos);
  told.types = {{"f", "FLOAT"}};
  expect("f\n16777216\n0.1\n-inf\n", "f FLOAT", {"16777216", "0.1", "-inf"}, told);
  for (const char* other : {"16777217", "1e40", "-16777217.0"}) {
    EXPECT_NE(error_of(std::string("f\n") + other + "\n", told).find("which is none"), std::string::npos) << other;
  }
  told = {};
  told.types = {{"column1", "TINYINT"}};
  expect("1,2\n3,4\n", "column0 BIGINT, column1 TINYINT", {"1 2", "3 4"}, told);
  EXPECT_NE(error_of("1,200\n3,4\n", told).find("line 1 of x.csv has \"200\""), std::string::npos);
  told = {};
  told.decimal = ",";
  expect("a;b\n1,5;2,25\n3,5;1,50\n", "a DECIMAL(18,1), b DECIMAL(18,2)", {"1.5 2.25", "3.5 1.50"}, told);
  told = {};
  told.date_format = "%d/%m/%y";
  expect("d,e\n04/07/20,2024-01-01\n31/12/99,2024-01-02\n", "d DATE, e DATE",
         {"2020-07-04 2024-01-01", "1999-12-31 2024-01-02"}, told);
  told = {};
  told.null_values = {"NA", ""};
  expect("a,b\n1,NA\n,\"\"\n", "a BIGINT, b VARCHAR", {"1 ·", "· ·"}, told);
  told = {};
  told.all_text = true;
  expect("a,b\n1,true\n", "a VARCHAR, b VARCHAR", {"'1' 'true'"}, told);
}

TEST_F(DelimitedFile, SeveralFilesByName) {
  const std::vector<std::string> paths = {write("a,b\n1,x\n", "1.csv"), write("b;a;c\ny;1.5;true\n", "2.csv"),
                                          write("a\n00501\n", "3.csv")};
  const Result<TextReading> reading = look(paths);
  ASSERT_TRUE(reading) << reading.error().message;
  EXPECT_EQ(reading->columns[0].reason, "line 2 of 3.csv has \"00501\"");
  const Result<Table> got = table(paths, *reading);
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(got->columns, "a VARCHAR, b VARCHAR, c BOOLEAN");
  EXPECT_EQ(got->rows, (std::vector<std::string>{"'1' 'x' ·", "'1.5' 'y' true", "'00501' · ·"}));
}

TEST_F(DelimitedFile, ColumnsInAnyOrderAndNone) {
  const std::string path = write("a,b,c\n1,x,true\n2,y,false\n");
  const auto source = open_delimited({path}, look({path}).value()).value();
  const auto reader = source->open({2, 0}, CancelToken()).value();
  const BatchPtr batch = reader->read(0).value();
  EXPECT_EQ(batch->schema()->field_names(), (std::vector<std::string>{"c", "a"}));
  EXPECT_EQ(cell_text(*batch->column(0), 1) + cell_text(*batch->column(1), 1), "false2");
  const BatchPtr none = source->open({}, CancelToken()).value()->read(0).value();
  EXPECT_EQ(none->num_rows(), 2);
  EXPECT_EQ(none->num_columns(), 0);
}

TEST_F(DelimitedFile, AChangedFileIsAnError) {
  const std::string path = write("a,b\n11,1.50\n22,2.50\n");
  const TextReading reading = look({path}).value();
  const auto error_after = [&](std::string_view bytes) {
    write(bytes);
    const auto got = table({path}, reading);
    return got ? std::string("none") : got.error().message.substr(got.error().message.find("x.csv"));
  };
  EXPECT_EQ(error_after("a,b\n11,1.50\n22,2.50\n"), "none");
  EXPECT_EQ(error_after("a,b\n11,1.50\n02,2.50\n"),
            "x.csv has changed since it was looked at: line 3 has \"02\" in column \"a\", which was BIGINT.");
  EXPECT_EQ(error_after("a,b\n11,1.50\n22,2.500"),
            "x.csv has changed since it was looked at: line 3 has \"2.500\" in column \"b\", which was DECIMAL(18,2).");
  EXPECT_EQ(error_after("a,b\n11,1.50\n2\n,2.50\n"),
            "x.csv has changed since it was looked at: it has other rows now.");
  EXPECT_EQ(error_after("a,b\n11,1.50\n"), "x.csv has changed: it is shorter now.");
  EXPECT_EQ(error_after("a,b\n11,1.50\n22,\xFF.50\n"),
            "x.csv has changed since it was looked at: its text is in another encoding.");
}

TEST_F(DelimitedFile, CancelledScans) {
  const std::string path = write("a,b\n1,2\n");
  ScanWork work;
  work.cancel.cancel(CancelReason::Client);
  const auto scan = scan_delimited(path, {}, work);
  ASSERT_FALSE(scan);
  EXPECT_EQ(scan.error().code, ErrorCode::Cancelled);
}

}  // namespace
}  // namespace canvasback
