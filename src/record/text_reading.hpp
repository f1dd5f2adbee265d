// How text files (CSV and JSON) are read: what the owner of a dataset told of them (TextSettings), and what reading
// every value of them found (TextReading). Made by the first pass over the files (source/delimited, source/records),
// kept in the dataset, and all that the second pass needs to convert any part of any file. Plain values with a JSON
// form.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/json.hpp"
#include "record/kinds.hpp"

namespace canvasback {

// What was told; everything else is found. Only `types` and `all_text` mean something for JSON.
struct TextSettings {
  std::optional<std::string> delimiter;  // one byte
  std::optional<std::string> quote;      // one byte; empty: there are no quotes
  std::optional<std::string> escape;     // one byte; the quote itself: it is doubled
  std::optional<std::string> comment;    // lines that begin with it are left out; untold, none are
  std::optional<bool> header;
  std::optional<std::string> encoding;                    // utf-8, utf-16le, utf-16be, windows-1252
  std::optional<std::string> decimal;                     // "." or ","
  std::optional<std::string> date_format;                 // strptime's %Y %m %d %H %M %S; other dates stay text
  std::vector<std::string> null_values;                   // texts that mean NULL, beside the unquoted empty cell
  std::map<std::string, std::string, std::less<>> types;  // column → SQL type
  bool all_text = false;                                  // every column is VARCHAR

  bool operator==(const TextSettings&) const = default;
};

// How the bytes of one CSV file become cells.
struct TextDialect {
  std::string encoding = "utf-8";
  char delimiter = ',';  // '\0': none, a row is one cell
  char quote = '"';      // '\0': none
  char escape = '"';     // of a quote within quotes: the quote itself (doubled), or another byte before it
  char comment = '\0';   // '\0': none
  bool header = true;
  bool blank_rows = false;  // a blank line is a row (of NULL): in files of one column; elsewhere it is none
  bool operator==(const TextDialect&) const = default;
};

// Where reading can begin. A part has at most kTextPartRows rows, fewer where they are long (limits::kTextPartBytes).
struct TextPart {
  std::uint64_t begin = 0;      // in the file's content
  std::int64_t first_row = 0;   // from 0
  std::int64_t first_line = 1;  // from 1, as an editor counts: for messages
  bool operator==(const TextPart&) const = default;
};

// How the records of a JSON file stand in it.
enum class JsonLayout {
  Lines,   // one a line
  Array,   // [ …, … ]
  Values,  // one behind the other
};

// One file as the first pass found it. Places in it are bytes of its content (decompressed, but not decoded).
struct TextFileReading {
  TextDialect dialect;             // CSV
  std::vector<std::string> names;  // CSV: of its cells, in order; made up (column0, …) where nothing names them
  std::int64_t rows = 0;
  std::int64_t short_rows = 0;            // CSV: with fewer cells than `names`: NULL in the others
  std::int64_t long_rows = 0;             // CSV: with more cells than the header has
  std::uint64_t end = 0;                  // behind the last row
  std::vector<TextPart> parts;            // one ends where the next begins, the last at `end`
  bool compressed = false;                // gzip or zstd around it: a part costs reading all before it
  JsonLayout layout = JsonLayout::Lines;  // JSON
  std::string edges;                      // a hash of its first and last bytes: a file that only grew has them still

  std::int64_t rows_of_part(std::size_t part) const {
    return (part + 1 < parts.size() ? parts[part + 1].first_row : rows) - parts[part].first_row;
  }
};

inline constexpr std::int64_t kTextPartRows = 16'384;

struct TextColumn {
  std::string name;
  std::string type;    // SQL
  std::string reason;  // why not a narrower one, in words for the owner: `line 501003 has "00501"`; or empty
};

// A dataset of such files.
struct TextReading {
  TextSettings settings;
  std::vector<TextFileReading> files;  // as Dataset::files
  std::vector<TextColumn> columns;
  Kinds kinds;                        // JSON: what was seen of all records
  std::vector<TextColumn> hive = {};  // of folders named key=value, behind the others
};

std::string_view name_of(JsonLayout layout);  // lines, array, values

Json to_json(const TextDialect& dialect);
Json to_json(const TextSettings& settings);
// Errors: InvalidData that names the setting, for an unknown one, too.
Result<TextSettings> text_settings_from_json(const Json& json);
Json to_json(const TextReading& reading);
Result<TextReading> text_reading_from_json(const Json& json);

// Of `delimiter=%3B&header=false&null_values=NA&null_values=-&types=id:VARCHAR`, as a command line has them behind a
// path. Errors: InvalidData that names the setting.
Result<TextSettings> text_settings_from_query(std::string_view query);

}  // namespace canvasback
