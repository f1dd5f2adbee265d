#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <tuple>
#include <utility>

#include "base/json.hpp"
#include "base/limits.hpp"
#include "source/delimited/column_types.hpp"
#include "source/delimited/delimited_file.hpp"
#include "source/delimited/dialects.hpp"
#include "source/delimited/file_scan.hpp"
#include "source/delimited/header_rule.hpp"

namespace canvasback {
namespace {

using namespace delimited;

constexpr std::size_t kFirstRowBytesMax = 64 * limits::kMiB;

// A whole file read in one dialect.
struct Attempt {
  Candidate candidate;
  FirstRow first;
  HeaderFound header;
  FileScan scan;

  std::int64_t uneven() const { return scan.tally.narrow + scan.tally.wide; }
  bool even() const { return uneven() == 0; }
  double even_share() const {
    return scan.tally.rows == 0 ? 1 : 1 - static_cast<double>(uneven()) / static_cast<double>(scan.tally.rows);
  }
};

class DialectSearch {
 public:
  DialectSearch(const std::string& path, const TextSettings& settings, const ScanWork& work)
      : path_(path), settings_(settings), work_(work) {}

  // Nothing for a file without a row.
  Result<std::optional<Attempt>> run() {
    CANVASBACK_TRY(read_begin());
    if (first_row_of(head_, head_groups_.front().back().dialect).state == FirstRow::State::Missing) {
      return std::optional<Attempt>();
    }
    for (const std::vector<Candidate>& group : head_groups_) {
      CANVASBACK_ASSIGN(std::optional<Attempt> best, best_of(group));
      if (best) return best;
    }
    return fail(ErrorCode::InvalidData,
                fmt::format("The file {} cannot be read: line {}: {}. If quotes mean nothing in it, say so (quote=); "
                            "if another character is the delimiter, the quote or its escape, name it.",
                            path_, anomaly_line_, anomaly_));
  }

  const FileHead& head() const { return head_; }
  bool compressed() const { return compressed_; }

 private:
  // Reads as much of the begin as the first row needs in any dialect.
  Status read_begin() {
    CANVASBACK_ASSIGN(ContentReader reader, ContentReader::open(path_));
    compressed_ = reader.compressed();
    for (std::size_t bytes = limits::kTextBlockBytes;; bytes *= 2) {
      CANVASBACK_ASSIGN(head_, read_head(reader, bytes, settings_));
      if (head_.whole || bytes >= kFirstRowBytesMax) break;
      // The row without a delimiter ends no later than others, but where quotes hold line ends.
      head_groups_ = candidates_of(head_, settings_);
      const bool enough = std::ranges::all_of(head_groups_, [&](const std::vector<Candidate>& group) {
        return std::ranges::all_of(group, [&](const Candidate& one) {
          return first_row_of(head_, one.dialect).state != FirstRow::State::Incomplete;
        });
      });
      if (enough) return {};
    }
    head_groups_ = candidates_of(head_, settings_);
    return {};
  }

  Result<std::optional<Attempt>> best_of(const std::vector<Candidate>& group) {
    std::optional<Attempt> best;
    bool anomaly = false;
    const auto attempts_of = [&](Evidence evidence) -> Status {
      std::vector<std::pair<bool, Candidate>> tried;  // with whether it is even at the begin
      for (const Candidate& candidate : group) {
        if (candidate.evidence != evidence) continue;
        CANVASBACK_ASSIGN(const bool even, even_at_begin(candidate));
        tried.emplace_back(even, candidate);
      }
      std::ranges::stable_partition(tried, [](const auto& one) { return one.first; });
      for (const auto& [even, candidate] : tried) {
        // What has uneven rows at its begin is no better than what has none in all of the file.
        if (best && best->even() && !even) continue;
        CANVASBACK_ASSIGN(std::optional<Attempt> one, attempt(candidate));
        if (!one) {
          anomaly = true;
        } else if (accepted(*one) && (!best || better(*one, *best))) {
          best = std::move(one);
        }
      }
      return {};
    };
    for (const Evidence evidence : {Evidence::Told, Evidence::Usual, Evidence::Rare, Evidence::None}) {
      // Another way to write quotes comes first: with a usual delimiter the file did not work out because of them.
      if (evidence == Evidence::Rare && anomaly) return best;
      CANVASBACK_TRY(attempts_of(evidence));
      if (best) return best;
    }
    return best;
  }

  Result<bool> even_at_begin(const Candidate& candidate) const {
    const FirstRow first = first_row_of(head_, candidate.dialect);
    CANVASBACK_ASSIGN(const CellLook look, look_of(candidate.dialect, first));
    const TalliedRows rows = tally_rows(look, head_.text, RowParser::Behind::Unknown);
    return rows.end != RowsEnd::Anomaly && rows.tally.narrow == 0 && rows.tally.wide == 0;
  }

  // Nothing where it meets an anomaly.
  Result<std::optional<Attempt>> attempt(const Candidate& candidate) {
    Attempt out{candidate, first_row_of(head_, candidate.dialect), {}, {}};
    if (out.first.state == FirstRow::State::Incomplete) {
      note_anomaly("the first row is longer than 64 MiB", out.first.line + 1);
      return std::optional<Attempt>();
    }
    if (out.first.state != FirstRow::State::Found) {
      note_anomaly(out.first.anomaly, out.first.anomaly_line + 1);
      return std::optional<Attempt>();
    }
    if (out.first.cells.size() > limits::kTextColumnsMax) {
      note_anomaly(fmt::format("a row has more than {} cells", limits::kTextColumnsMax), out.first.line + 1);
      return std::optional<Attempt>();
    }
    TextDialect& dialect = out.candidate.dialect;
    dialect.blank_rows = out.first.cells.size() == 1;
    CANVASBACK_ASSIGN(const CellLook look, look_of(dialect, out.first));
    const ScanStart start{out.first.end, out.first.lines};
    CANVASBACK_ASSIGN(out.scan, scan_file(path_, head_.encoding.encoding, look, start, work_));
    if (!out.scan.anomaly.empty()) {
      note_anomaly(out.scan.anomaly, out.scan.anomaly_line);
      return std::optional<Attempt>();
    }
    out.header = find_header(out.first.cells, out.scan.tally.columns, settings_);
    return out;
  }

  Result<CellLook> look_of(const TextDialect& dialect, const FirstRow& first) const {
    CellLook out;
    out.dialect = dialect;
    out.width = first.cells.size();
    out.null_values = settings_.null_values;
    out.rules.decimal = settings_.decimal == "," ? ',' : '.';
    out.rules.date_format = settings_.date_format.value_or("");
    // The names are not sure before all was read; a type told for one that is not there says so in decide_columns.
    const bool header =
        std::ranges::any_of(first.cells, [&](const FirstCell& cell) { return settings_.types.contains(cell.text); });
    const bool named = settings_.header.value_or(header);
    std::size_t columns = first.cells.size();
    if (!named) columns = std::max<std::size_t>(columns, settings_.types.empty() ? 0 : limits::kTextColumnsMax);
    const std::vector<std::string> names = column_names(first.cells, named, columns);
    for (std::size_t i = 0; i < names.size(); ++i) {
      const auto told = settings_.types.find(names[i]);
      if (told == settings_.types.end()) continue;
      out.told.resize(i + 1);
      CANVASBACK_ASSIGN(out.told[i], value_type_from(told->second));
    }
    return out;
  }

  void note_anomaly(const std::string& what, std::int64_t line) {
    if (!anomaly_.empty()) return;
    anomaly_ = what;
    anomaly_line_ = line;
  }

  static bool accepted(const Attempt& one) {
    const RowTally& tally = one.scan.tally;
    switch (one.candidate.evidence) {
      case Evidence::Told:
      case Evidence::None: return true;
      // A delimiter that most rows do not have is a character of the first row's text.
      case Evidence::Usual: return 2 * tally.single <= tally.rows;
      case Evidence::Rare: {
        const char delimiter = one.candidate.dialect.delimiter;
        const bool of_texts = delimiter == ':' || delimiter == ' ';
        return one.even() && tally.rows > 1 && (!of_texts || one.header.certain);
      }
    }
    return false;
  }

  static bool better(const Attempt& one, const Attempt& other) {
    const auto key = [](const Attempt& attempt) {
      return std::tuple(attempt.even_share(), attempt.first.cells.size(), rank_of(attempt.candidate.dialect.delimiter));
    };
    return key(one) > key(other);
  }

  const std::string& path_;
  const TextSettings& settings_;
  const ScanWork& work_;
  FileHead head_;
  std::vector<std::vector<Candidate>> head_groups_;
  bool compressed_ = false;
  std::string anomaly_;
  std::int64_t anomaly_line_ = 0;
};

// Nothing can be asked for by a name with a NUL: to the engine it ends there.
Status check_names(const std::vector<std::string>& names, const std::string& path, std::int64_t line) {
  for (const std::string& name : names) {
    if (name.find('\0') == std::string::npos) continue;
    return fail(ErrorCode::InvalidData,
                fmt::format("The file {} cannot be read: line {}: the name {} of a column has the character NUL.", path,
                            line, Json(name.substr(0, 64)).dump()));
  }
  return {};
}

// Puts the first row, which is no header, before the kinds of the others.
void add_first_row(std::vector<CellKinds>& cells, const Attempt& attempt, const TextSettings& settings) {
  CellLook look;
  look.dialect = attempt.candidate.dialect;
  look.null_values = settings.null_values;
  look.rules.decimal = settings.decimal == "," ? ',' : '.';
  look.rules.date_format = settings.date_format.value_or("");
  std::string scratch;
  const std::vector<FirstCell>& first = attempt.first.cells;
  const std::vector<std::string> names = column_names(first, false, first.size());
  for (std::size_t i = 0; i < first.size(); ++i) {
    look.told.clear();
    if (const auto told = settings.types.find(names[i]); told != settings.types.end()) {
      look.told.resize(i + 1);
      look.told[i] = value_type_from(told->second).value();  // it was one when the other rows were read
    }
    CellKinds kinds;
    look_at(kinds, i, Cell{first[i].text, first[i].quoted, false}, attempt.first.line + 1, look, scratch);
    kinds.append(std::move(cells[i]), 0);
    cells[i] = std::move(kinds);
  }
}

}  // namespace

Result<DelimitedScan> scan_delimited(const std::string& path, const TextSettings& settings, const ScanWork& work) {
  DialectSearch search(path, settings, work);
  CANVASBACK_ASSIGN(std::optional<Attempt> found, search.run());
  DelimitedScan out;
  out.path = path;
  out.reading.compressed = search.compressed();
  out.reading.dialect.encoding = std::string(name_of(search.head().encoding.encoding));
  if (!found) return out;

  Attempt& attempt = *found;
  const RowTally& tally = attempt.scan.tally;
  TextFileReading& reading = out.reading;
  reading.dialect = attempt.candidate.dialect;
  reading.dialect.header = attempt.header.header;
  reading.rows = tally.rows;
  reading.short_rows = tally.narrow;
  reading.long_rows = tally.wide;
  reading.end = attempt.scan.end;
  reading.parts = std::move(attempt.scan.parts);

  out.cells = std::move(attempt.scan.tally.columns);
  const std::size_t width = attempt.first.cells.size();
  // Further columns, of long rows, where they hold anything.
  while (out.cells.size() > width && !out.cells.back().any) out.cells.pop_back();
  out.cells.resize(std::max(out.cells.size(), width));
  reading.names = column_names(attempt.first.cells, attempt.header.header, out.cells.size());
  if (attempt.header.header) {
    CANVASBACK_TRY(check_names(reading.names, path, attempt.first.line + 1));
    return out;
  }

  add_first_row(out.cells, attempt, settings);
  ++reading.rows;
  if (reading.parts.empty()) reading.parts.emplace_back();
  for (TextPart& part : reading.parts) ++part.first_row;
  reading.parts.front() = {attempt.first.begin, 0, attempt.first.line + 1};
  return out;
}

}  // namespace canvasback
