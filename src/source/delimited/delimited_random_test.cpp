// Random tables in random dialects and encodings, against a parser that is as simple as one can be: sizes that cross
// blocks and parts, surprises anywhere, cells that look like rows, one to four threads.
#include <arrow/array.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "base/limits.hpp"
#include "base/test_support.hpp"
#include "source/delimited/delimited_file.hpp"

namespace canvasback {
namespace {

using Row = std::vector<std::optional<std::string>>;
using Random = std::mt19937_64;

std::size_t below(Random& random, std::size_t count) { return random() % count; }

// RFC 4180, a byte at a time, all in memory; any line end; blank lines are no rows.
std::vector<Row> parse(std::string_view text, char delimiter, char quote) {
  std::vector<Row> rows;
  Row row;
  std::string cell;
  bool quoted = false;
  const auto end_cell = [&] {
    row.push_back(cell.empty() && !quoted ? std::nullopt : std::optional(cell));
    cell.clear();
    quoted = false;
  };
  for (std::size_t at = 0; at < text.size();) {
    if (row.empty() && cell.empty() && !quoted && (text[at] == '\n' || text[at] == '\r')) {
      ++at;
      continue;
    }
    if (text[at] == quote && cell.empty() && !quoted) {
      quoted = true;
      for (++at; text[at] != quote || (at + 1 < text.size() && text[at + 1] == quote); ++at) {
        if (text[at] == quote) ++at;
        cell += text[at];
      }
      ++at;
      if (at < text.size()) continue;
    } else if (text[at] == delimiter) {
      end_cell();
      if (++at < text.size()) continue;
    } else if (text[at] == '\n' || text[at] == '\r') {
      end_cell();
      rows.push_back(std::exchange(row, {}));
      at += text.substr(at).starts_with("\r\n") ? 2 : 1;
      continue;
    } else {
      cell += text[at++];
      if (at < text.size()) continue;
    }
    end_cell();
    rows.push_back(std::exchange(row, {}));
  }
  return rows;
}

struct Sample {
  std::string text;  // UTF-8
  char delimiter = ',';
  std::size_t columns = 2;
};

std::string random_cell(Random& random, const Sample& sample) {
  static const std::vector<std::string> kPieces = {
      "a", "Zürich",         "x y",  "1",   "-2.5", "€", "\"", "\"\"", "\n",        "\r\n", "\r", ",", ";", "\t",
      "|", "1,2,3\n4,5,6\n", "\"\n", ",\"", "#",    "'", "\\", "né",   "2024-01-01"};
  std::string out;
  const std::size_t count = below(random, 40) == 0 ? 400 : below(random, 5);
  for (std::size_t i = 0; i < count; ++i) out += kPieces[below(random, kPieces.size())];
  if (below(random, 50) == 0) out.assign(below(random, 20'000), 'L');
  const bool needs =
      out.find_first_of("\"\r\n") != std::string::npos || out.find(sample.delimiter) != std::string::npos;
  if (!needs && below(random, 4) != 0) return out;
  std::string quoted = "\"";
  for (const char c : out) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

// The first column counts, so that the header is certain; the others are anything.
Sample random_sample(Random& random, std::size_t bytes) {
  Sample out;
  out.delimiter = std::string_view(",;\t|")[below(random, 4)];
  out.columns = 2 + below(random, 5);
  const std::vector<std::string> line_ends = {"\n", "\r\n", "\r"};
  const std::size_t ends = below(random, 4);  // the fourth: mixed
  const auto end_line = [&] {
    const std::string end = line_ends[ends == 3 ? below(random, 3) : ends];
    // A lone \r before a row that begins with \n would be one line end: rows never do.
    out.text += end;
    if (below(random, 200) == 0 && ends < 2) out.text += end;
  };
  for (std::size_t i = 0; i < out.columns; ++i) {
    if (i > 0) out.text += out.delimiter;
    out.text += fmt::format("c{}", i);
  }
  end_line();
  for (int row = 0; out.text.size() < bytes; ++row) {
    out.text += std::to_string(row);
    for (std::size_t i = 1; i < out.columns; ++i) {
      if (below(random, 300) == 0) break;  // a short row
      out.text += out.delimiter;
      out.text += random_cell(random, out);
    }
    if (out.text.size() < bytes || below(random, 2) == 0) end_line();
  }
  return out;
}

// What windows-1252 and UTF-8 texts of the pieces above become.
std::string encode(const std::string& text, const std::string& encoding) {
  if (encoding == "utf-8") return text;
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const auto byte = static_cast<unsigned char>(text[at]);
    std::uint32_t point = byte;
    std::size_t length = 1;
    if (byte >= 0xE0) {
      point = 0x20AC;
      length = 3;
    } else if (byte >= 0xC0) {
      point = (byte & 0x1FU) << 6 | (static_cast<unsigned char>(text[at + 1]) & 0x3FU);
      length = 2;
    }
    at += length;
    if (encoding == "windows-1252") {
      out += point == 0x20AC ? '\x80' : static_cast<char>(point);
    } else {
      const char low = static_cast<char>(point & 0xFF);
      const char high = static_cast<char>(point >> 8);
      out += encoding == "utf-16le" ? low : high;
      out += encoding == "utf-16le" ? high : low;
    }
  }
  return out;
}

std::vector<Row> read_all(const std::string& path, const TextReading& reading, Random& random) {
  const auto source = open_delimited({path}, reading).value();
  std::vector<int> columns;
  for (int i = 0; i < source->schema()->num_fields(); ++i) columns.push_back(i);
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < source->parts().size(); ++i) order.push_back(i);
  std::ranges::shuffle(order, random);
  const auto reader = source->open(columns, CancelToken()).value();
  std::vector<Row> rows(static_cast<std::size_t>(reading.files[0].rows), Row(columns.size()));
  for (const std::size_t part : order) {
    const Result<BatchPtr> batch = reader->read(part);
    EXPECT_TRUE(batch) << batch.error().message;
    if (!batch) return {};
    for (int column = 0; column < (*batch)->num_columns(); ++column) {
      const auto& array = static_cast<const arrow::StringArray&>(*(*batch)->column(column));
      for (std::int64_t row = 0; row < array.length(); ++row) {
        if (array.IsNull(row)) continue;
        rows[static_cast<std::size_t>(source->parts()[part].first_row + row)][static_cast<std::size_t>(column)] =
            array.GetString(row);
      }
    }
  }
  return rows;
}

DelimitedScan scan(const std::string& path, const TextSettings& settings, int threads) {
  ScanWork work;
  work.threads = threads;
  Result<DelimitedScan> out = scan_delimited(path, settings, work);
  EXPECT_TRUE(out) << out.error().message;
  return out ? std::move(*out) : DelimitedScan();
}

void expect_same(const DelimitedScan& one, const DelimitedScan& other) {
  EXPECT_EQ(one.reading.dialect, other.reading.dialect);
  EXPECT_EQ(one.reading.names, other.reading.names);
  EXPECT_EQ(one.reading.rows, other.reading.rows);
  EXPECT_EQ(one.reading.short_rows, other.reading.short_rows);
  EXPECT_EQ(one.reading.end, other.reading.end);
  EXPECT_EQ(one.reading.parts, other.reading.parts);
  const auto columns = [](const DelimitedScan& of) { return decide_columns({of}, {}).value(); };
  for (std::size_t i = 0; i < columns(one).size(); ++i) {
    EXPECT_EQ(columns(one)[i].type, columns(other)[i].type);
    EXPECT_EQ(columns(one)[i].reason, columns(other)[i].reason);
  }
}

void check(Random& random, std::size_t bytes) {
  const Sample sample = random_sample(random, bytes);
  const std::string encoding =
      std::vector<std::string>{"utf-8", "utf-8", "utf-16le", "utf-16be", "windows-1252"}[below(random, 5)];
  TemporaryFolder folder;
  const std::string path = folder.write("x", encode(sample.text, encoding));
  TextSettings settings;
  settings.encoding = encoding;
  settings.all_text = true;
  DelimitedScan first = scan(path, settings, 1);
  for (const int threads : {2, 4}) expect_same(first, scan(path, settings, threads));
  ASSERT_EQ(first.reading.dialect.delimiter, sample.delimiter);

  std::vector<Row> expected = parse(sample.text, sample.delimiter, '"');
  expected.erase(expected.begin());
  for (Row& row : expected) row.resize(sample.columns);
  TextReading reading;
  reading.settings = settings;
  reading.columns = decide_columns({first}, settings).value();
  ASSERT_EQ(reading.columns.size(), sample.columns);
  reading.files.push_back(std::move(first.reading));
  const std::vector<Row> got = read_all(path, reading, random);
  ASSERT_EQ(got.size(), expected.size());
  for (std::size_t row = 0; row < got.size(); ++row) ASSERT_EQ(got[row], expected[row]) << "row " << row;
  for (const TextPart& part : reading.files[0].parts) EXPECT_LE(part.first_row, reading.files[0].rows);
}

TEST(DelimitedRandom, SmallFilesOfEveryDialect) {
  Random random(1);
  for (int i = 0; i < 150 && !::testing::Test::HasFailure(); ++i) check(random, 1 + below(random, 3000));
}

TEST(DelimitedRandom, FilesOfManyBlocks) {
  Random random(2);
  for (int i = 0; i < 8 && !::testing::Test::HasFailure(); ++i) {
    check(random, limits::kTextBlockBytes * (1 + below(random, 3)) + below(random, 100'000));
  }
}

// Each surprise once, at a random row of a file of several blocks and parts: the type and the reason are its.
TEST(DelimitedRandom, OneSurpriseAnywhere) {
  Random random(3);
  const std::vector<std::pair<std::string, std::string>> surprises = {
      {"abc", "VARCHAR"},  {"1.5", "DOUBLE"},      {"99999999999999999999", "DECIMAL(38,0)"},
      {"007", "VARCHAR"},  {"1E5", "VARCHAR"},     {"-0", "VARCHAR"},
      {"2e-07", "DOUBLE"}, {"\"x\ny\"", "VARCHAR"}};
  TemporaryFolder folder;
  for (const auto& [cell, type] : surprises) {
    const std::size_t rows = 150'000;
    const std::size_t at = below(random, rows);
    std::string text = "id,v\n";
    for (std::size_t i = 0; i < rows; ++i) text += fmt::format("{},{}\n", i, i == at ? cell : std::to_string(i * 7));
    const DelimitedScan found = scan(folder.write("x", text), {}, 1 + static_cast<int>(below(random, 4)));
    const TextColumn column = decide_columns({found}, {}).value().at(1);
    EXPECT_EQ(column.type, type) << cell;
    const std::string shown = cell.starts_with('"') ? cell.substr(1, cell.size() - 2) : cell;
    EXPECT_EQ(column.reason, fmt::format("line {} has \"{}\"", at + 2, shown));
    EXPECT_EQ(found.reading.rows, rows);
    ASSERT_EQ(found.reading.parts.size(), (rows + 1 + kTextPartRows - 1) / kTextPartRows);
    EXPECT_EQ(found.reading.parts[3].first_row, 3 * kTextPartRows - 1);
  }
}

// A cell that no block has room for, and blocks that begin within quotes full of what looks like rows.
TEST(DelimitedRandom, QuotedTextsThatLookLikeRows) {
  TemporaryFolder folder;
  std::string text = "id,v\n";
  const std::string lines = [] {
    std::string out;
    for (int i = 0; i < 3000; ++i) out += fmt::format("{},\"\"row\"\"\n", i);
    return out;
  }();
  std::string value = lines;
  for (std::size_t at = 0; (at = value.find("\"\"", at)) != std::string::npos; ++at) value.erase(at, 1);
  for (int i = 0; i < 120; ++i) text += fmt::format("{},\"{}\"\n", i, lines);
  const std::string path = folder.write("x", text);
  for (int threads = 1; threads <= 4; ++threads) {
    DelimitedScan found = scan(path, {}, threads);
    EXPECT_EQ(found.reading.rows, 120);
    Random random(4);
    TextReading reading;
    reading.columns = {{"id", "VARCHAR", {}}, {"v", "VARCHAR", {}}};
    reading.files.push_back(std::move(found.reading));
    const std::vector<Row> rows = read_all(path, reading, random);
    ASSERT_EQ(rows.size(), 120);
    EXPECT_EQ(rows[119], (Row{"119", value}));
  }
}

}  // namespace
}  // namespace canvasback
