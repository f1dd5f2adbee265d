#include "source/delimited/dialects.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <tuple>
#include <utility>

#include "base/text.hpp"
#include "source/delimited/time_text.hpp"

namespace canvasback::delimited {
namespace {

constexpr std::array<char, 4> kUsual = {',', ';', '\t', '|'};
constexpr std::array<char, 4> kRare = {'^', '~', ':', ' '};

std::unexpected<Error> wrong_setting(std::string_view what) {
  return fail(ErrorCode::InvalidData, fmt::format("The setting {}.", what));
}

Status check_byte(std::string_view name, const std::optional<std::string>& told, bool may_be_empty) {
  if (!told || (may_be_empty && told->empty())) return {};
  const bool usable = told->size() == 1 && static_cast<unsigned char>((*told)[0]) < 0x80 && (*told)[0] != '\n' &&
                      (*told)[0] != '\r' && (*told)[0] != '\0';
  if (usable) return {};
  return wrong_setting(fmt::format("{} is one character of ASCII", name));
}

Status check(const TextSettings& settings) {
  CANVASBACK_TRY(check_byte("delimiter", settings.delimiter, false));
  CANVASBACK_TRY(check_byte("quote", settings.quote, true));
  CANVASBACK_TRY(check_byte("escape", settings.escape, true));
  CANVASBACK_TRY(check_byte("comment", settings.comment, true));
  if (settings.decimal && *settings.decimal != "." && *settings.decimal != ",") {
    return wrong_setting("decimal is \".\" or \",\"");
  }
  if (settings.date_format && !is_date_format(*settings.date_format)) {
    return wrong_setting("date_format has %Y (or %y), %m and %d, perhaps %H, %M and %S, each once");
  }
  return {};
}

// Behind a first line `sep=;` (or `"sep=;"`), as Excel reads and writes it.
std::size_t separator_line(std::string_view text, char& separator) {
  std::string_view line = text.substr(0, text.find_first_of("\r\n"));
  const std::size_t size = line.size();
  if (line.size() == 7 && line.front() == '"' && line.back() == '"') line = line.substr(1, 5);
  if (line.size() != 5 || lower(line.substr(0, 4)) != "sep=") return 0;
  separator = line[4];
  if (size == text.size()) return size;
  return text.substr(size).starts_with("\r\n") ? size + 2 : size + 1;
}

TextDialect base_dialect(const FileHead& head, const TextSettings& settings) {
  TextDialect out;
  out.encoding = std::string(name_of(head.encoding.encoding));
  if (settings.quote) out.quote = settings.quote->empty() ? '\0' : (*settings.quote)[0];
  out.escape = settings.escape && !settings.escape->empty() ? (*settings.escape)[0] : out.quote;
  if (settings.comment && !settings.comment->empty()) out.comment = (*settings.comment)[0];
  return out;
}

std::vector<Candidate> with_delimiters(const FileHead& head, const TextSettings& settings, TextDialect dialect) {
  if (settings.delimiter || head.separator != '\0') {
    dialect.delimiter = settings.delimiter ? (*settings.delimiter)[0] : head.separator;
    return {{dialect, Evidence::Told}};
  }
  std::vector<Candidate> out;
  const auto add = [&](char delimiter, Evidence evidence) {
    if (delimiter == dialect.quote || delimiter == dialect.comment) return;
    dialect.delimiter = delimiter;
    const FirstRow row = first_row_of(head, dialect);
    if (row.state == FirstRow::State::Anomaly || row.cells.size() > 1) out.push_back({dialect, evidence});
  };
  for (const char delimiter : kUsual) add(delimiter, Evidence::Usual);
  for (const char delimiter : kRare) add(delimiter, Evidence::Rare);
  dialect.delimiter = '\0';
  out.push_back({dialect, Evidence::None});
  return out;
}

}  // namespace

Result<FileHead> read_head(ContentReader& reader, std::size_t bytes, const TextSettings& settings) {
  CANVASBACK_ASSIGN(const std::string_view content, reader.head(bytes));
  return head_of(content, content.size() < bytes, settings);
}

Result<FileHead> head_of(std::string_view content, bool whole, const TextSettings& settings) {
  CANVASBACK_TRY(check(settings));
  FileHead out;
  out.whole = whole;
  CANVASBACK_ASSIGN(out.encoding, find_encoding(content, settings.encoding));
  out.place = out.encoding.mark_bytes;
  const std::string_view marked = content.substr(out.encoding.mark_bytes);
  // Invalid text is found, with its line, where all of the file is read.
  decode(out.encoding.encoding, marked.substr(0, whole_characters(out.encoding.encoding, marked)), out.text);
  const std::size_t skipped = separator_line(out.text, out.separator);
  out.place += encoded_bytes(out.encoding.encoding, std::string_view(out.text).substr(0, skipped));
  out.lines = skipped > 0 ? 1 : 0;
  out.text.erase(0, skipped);
  return out;
}

FirstRow first_row_of(const FileHead& head, const TextDialect& dialect) {
  const auto behind = head.whole ? RowParser::Behind::EndOfContent : RowParser::Behind::Unknown;
  RowParser parser(dialect, head.text, behind);
  FirstRow out;
  switch (parser.next()) {
    case RowParser::Outcome::End:
      out.state = head.whole ? FirstRow::State::Missing : FirstRow::State::Incomplete;
      return out;
    case RowParser::Outcome::Incomplete: out.state = FirstRow::State::Incomplete; break;
    case RowParser::Outcome::Anomaly: out.state = FirstRow::State::Anomaly; break;
    case RowParser::Outcome::Row: out.state = FirstRow::State::Found; break;
  }
  out.anomaly = parser.anomaly();
  out.anomaly_line = head.lines + parser.anomaly_line();
  std::string scratch;
  for (const Cell& cell : parser.cells()) {
    out.cells.push_back({std::string(plain_text(cell, dialect, scratch)), cell.quoted});
  }
  const auto place = [&](std::size_t at) {
    return head.place + encoded_bytes(head.encoding.encoding, std::string_view(head.text).substr(0, at));
  };
  out.begin = place(parser.row_begin());
  out.end = place(parser.position());
  out.line = head.lines + parser.row_line();
  out.lines = head.lines + parser.lines();
  return out;
}

std::vector<std::vector<Candidate>> candidates_of(const FileHead& head, const TextSettings& settings) {
  const TextDialect dialect = base_dialect(head, settings);
  std::vector<std::vector<Candidate>> out = {with_delimiters(head, settings, dialect)};
  if (settings.quote || settings.escape) return out;
  TextDialect escaped = dialect;
  escaped.escape = '\\';
  out.push_back(with_delimiters(head, settings, escaped));
  // Tab-separated values have no quotes by their registration (text/tab-separated-values).
  TextDialect unquoted = dialect;
  unquoted.quote = '\0';
  unquoted.escape = '\0';
  std::vector<Candidate> tabs = with_delimiters(head, settings, unquoted);
  std::erase_if(tabs, [](const Candidate& one) { return one.dialect.delimiter != '\t'; });
  if (!tabs.empty()) out.push_back(std::move(tabs));
  return out;
}

char delimiter_of_head(const FileHead& head) {
  if (head.separator != '\0') return head.separator;
  using Key = std::tuple<double, std::size_t, int>;  // the share of rows as wide as the first, its cells, rank_of
  std::optional<std::pair<Key, char>> best;
  for (const char delimiter : kUsual) {
    TextDialect dialect;
    dialect.delimiter = delimiter;
    const auto behind = head.whole ? RowParser::Behind::EndOfContent : RowParser::Behind::Unknown;
    RowParser parser(dialect, head.text, behind);
    if (parser.next() != RowParser::Outcome::Row || parser.cells().size() < 2) continue;
    const std::size_t width = parser.cells().size();
    double rows = 1;
    double even = 1;
    for (; parser.next() == RowParser::Outcome::Row; ++rows) even += parser.cells().size() == width ? 1 : 0;
    const Key key(even / rows, width, rank_of(delimiter));
    if (!best || key > best->first) best = {key, delimiter};
  }
  return best ? best->second : ',';
}

int rank_of(char delimiter) {
  constexpr std::string_view kRising = " :~^,;|\t";
  const std::size_t at = kRising.find(delimiter);
  return at == std::string_view::npos ? -1 : static_cast<int>(at);
}

}  // namespace canvasback::delimited
