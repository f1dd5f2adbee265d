#include "source/delimited/row_parser.hpp"

#include <fmt/format.h>

#include <cstring>

namespace canvasback::delimited {

std::string_view plain_text(const Cell& cell, const TextDialect& dialect, std::string& scratch) {
  if (!cell.escaped) return cell.text;
  scratch.clear();
  for (std::size_t at = 0; at < cell.text.size(); ++at) {
    const char c = cell.text[at];
    const bool more = at + 1 < cell.text.size();
    // A doubled quote, or an escape before a quote or another escape; before anything else it is text.
    if (more && c == dialect.quote && cell.text[at + 1] == dialect.quote) ++at;
    if (more && c == dialect.escape && c != dialect.quote &&
        (cell.text[at + 1] == dialect.quote || cell.text[at + 1] == dialect.escape)) {
      ++at;
    }
    scratch += cell.text[at];
  }
  return scratch;
}

std::int64_t count_line_ends(std::string_view text) {
  std::int64_t count = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '\n' || (text[at] == '\r' && (at + 1 == text.size() || text[at + 1] != '\n'))) ++count;
  }
  return count;
}

RowParser::RowParser(const TextDialect& dialect, std::string_view text, Behind behind)
    : dialect_(dialect), text_(text), behind_(behind), stops_(text, dialect.delimiter) {}

RowParser::Outcome RowParser::next() {
  while (skip_line_without_row()) {
  }
  if (position_ == text_.size()) return Outcome::End;
  return row();
}

// Whether there was such a line, all of it.
bool RowParser::skip_line_without_row() {
  if (position_ == text_.size()) return false;
  const char first = text_[position_];
  std::size_t stop = position_;
  if (dialect_.comment != '\0' && first == dialect_.comment) {
    while (stop < text_.size() && text_[stop] != '\n' && text_[stop] != '\r') stop = stops_.next(stop + 1);
  } else if (dialect_.blank_rows || (first != '\n' && first != '\r')) {
    return false;
  }
  at_ = stop;
  if (stop == text_.size()) {
    if (behind_ != Behind::EndOfContent) return false;
  } else if (end_of_cell(stop) != Step::RowEnd) {
    return false;
  } else {
    ++lines_;
  }
  position_ = at_;
  return true;
}

RowParser::Outcome RowParser::row() {
  cells_.clear();
  row_begin_ = position_;
  row_line_ = lines_;
  lines_in_row_ = 0;
  at_ = position_;
  if (dialect_.comment != '\0' && text_[at_] == dialect_.comment) return Outcome::Incomplete;
  while (true) {
    const bool quoted = dialect_.quote != '\0' && at_ < text_.size() && text_[at_] == dialect_.quote;
    switch (quoted ? quoted_cell(at_) : plain_cell(at_)) {
      case Step::Delimiter: continue;
      case Step::RowEnd:
        position_ = at_;
        lines_ += lines_in_row_ + 1;
        return Outcome::Row;
      case Step::Incomplete: return Outcome::Incomplete;
      case Step::Anomaly: return Outcome::Anomaly;
    }
  }
}

RowParser::Step RowParser::plain_cell(std::size_t begin) {
  const std::size_t stop = stops_.next(begin);
  cells_.push_back(Cell{text_.substr(begin, stop - begin), false, false});
  return end_of_cell(stop);
}

// `stop`: of a byte that ends a cell, or the end of the text. Moves at_ behind it.
RowParser::Step RowParser::end_of_cell(std::size_t stop) {
  if (stop == text_.size()) {
    at_ = stop;
    return behind_ == Behind::EndOfContent ? Step::RowEnd : Step::Incomplete;
  }
  at_ = stop + 1;
  const char c = text_[stop];
  if (c == '\n') return Step::RowEnd;
  if (c != '\r') return Step::Delimiter;
  if (at_ < text_.size()) {
    if (text_[at_] == '\n') ++at_;
    return Step::RowEnd;
  }
  return behind_ == Behind::Unknown ? Step::Incomplete : Step::RowEnd;
}

// The place of the quote that closes the cell, or the end of the text.
std::size_t RowParser::closing_quote(std::size_t from, bool& escaped) const {
  const bool doubled_only = dialect_.escape == dialect_.quote;
  while (from < text_.size()) {
    if (doubled_only) {
      const void* found = std::memchr(text_.data() + from, dialect_.quote, text_.size() - from);
      if (found == nullptr) return text_.size();
      from = static_cast<std::size_t>(static_cast<const char*>(found) - text_.data());
    } else {
      while (from < text_.size() && text_[from] != dialect_.quote && text_[from] != dialect_.escape) ++from;
      if (from == text_.size()) return from;
      if (text_[from] == dialect_.escape) {
        escaped = true;
        from += 2;
        continue;
      }
    }
    if (from + 1 == text_.size() || text_[from + 1] != dialect_.quote) return from;
    escaped = true;
    from += 2;
  }
  return text_.size();
}

RowParser::Step RowParser::quoted_cell(std::size_t begin) {
  Cell cell{{}, true, false};
  const std::size_t close = closing_quote(begin + 1, cell.escaped);
  if (close == text_.size()) {
    if (behind_ != Behind::EndOfContent) return Step::Incomplete;
    anomaly_line_ = row_line_ + lines_in_row_;
    anomaly_ = "a quote that opens a cell is never closed";
    return Step::Anomaly;
  }
  cell.text = text_.substr(begin + 1, close - begin - 1);
  const std::int64_t line = row_line_ + lines_in_row_;
  if (cell.text.find('\n') != std::string_view::npos || cell.text.find('\r') != std::string_view::npos) {
    lines_in_row_ += count_line_ends(cell.text);
  }
  const std::size_t stop = close + 1;
  if (stop == text_.size()) {
    at_ = stop;
    if (behind_ != Behind::EndOfContent) return Step::Incomplete;  // the quote may be the first of two
    cells_.push_back(cell);
    return Step::RowEnd;
  }
  const char c = text_[stop];
  if (c != '\n' && c != '\r' && (c != dialect_.delimiter || c == '\0')) {
    anomaly_line_ = line;
    anomaly_ = "something follows the quote that closes a cell";
    return Step::Anomaly;
  }
  cells_.push_back(cell);
  return end_of_cell(stop);
}

}  // namespace canvasback::delimited
