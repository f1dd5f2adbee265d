// Which dialects a file could be in, from how it begins: what was told, Excel's "sep=" line, and the delimiters that
// stand in its first row. Which of them it is in, all of its rows decide (delimited_scan.cpp). Internal to
// source/delimited.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "record/text_reading.hpp"
#include "source/delimited/content_reader.hpp"
#include "source/delimited/row_parser.hpp"

namespace canvasback::delimited {

// The begin of a file's content as text.
struct FileHead {
  EncodingFound encoding;
  std::string text;         // UTF-8, behind the byte order mark and "sep="
  std::uint64_t place = 0;  // of `text` in the content
  std::int64_t lines = 0;   // line ends before `text`
  char separator = '\0';    // of "sep="
  bool whole = false;       // `text` is all there is
};

// Errors: InvalidData for settings that say nothing (an unknown encoding, a delimiter of two bytes); those of the disk.
Result<FileHead> read_head(ContentReader& reader, std::size_t bytes, const TextSettings& settings);
// The same of bytes that are there. whole: no others follow.
Result<FileHead> head_of(std::string_view content, bool whole, const TextSettings& settings);

struct FirstCell {
  std::string text;
  bool quoted = false;
};

// The first row in a dialect.
struct FirstRow {
  enum class State { Found, Missing, Incomplete, Anomaly };
  State state = State::Missing;
  std::vector<FirstCell> cells;
  std::uint64_t begin = 0;  // in the content
  std::uint64_t end = 0;
  std::int64_t line = 0;   // line ends before it
  std::int64_t lines = 0;  // and before what follows it
  std::string anomaly;
  std::int64_t anomaly_line = 0;  // line ends before it
};
FirstRow first_row_of(const FileHead& head, const TextDialect& dialect);

// How sure a delimiter is by itself.
enum class Evidence {
  Told,   // by the owner or "sep="
  Usual,  // , ; tab |
  Rare,   // ^ ~ : space: where every row has them alike
  None,   // no delimiter at all
};
struct Candidate {
  TextDialect dialect;
  Evidence evidence = Evidence::Usual;
};

// In the order in which they are to be tried; the delimiter of all but None stands in the first row (if not told). The
// dialects of a later group count only where all of the earlier one meet an anomaly.
std::vector<std::vector<Candidate>> candidates_of(const FileHead& head, const TextSettings& settings);

// For a reader that cannot go back: the delimiter by the rows that the head holds, the first of which is a header; ','
// where no other stands in that.
char delimiter_of_head(const FileHead& head);

// Of several that fit equally well the one with the higher rank: a byte that is rare in texts.
int rank_of(char delimiter);

}  // namespace canvasback::delimited
