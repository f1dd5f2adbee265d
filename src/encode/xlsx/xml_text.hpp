// Text of cells as XML: what must be escaped for XML (& < >), what XML cannot hold and Excel writes as _xHHHH_ (control
// characters, U+FFFE, U+FFFF, halves of surrogate pairs, CR, which a parser would turn into LF), and a literal _xHHHH_
// (its first character becomes _x005F_). Invalid bytes become U+FFFD. Thread-safe.
#pragma once

#include <cstddef>
#include <string_view>

#include "base/format.hpp"

namespace canvasback::xlsx {

// Whether any byte may need a look: markup, control characters, "_x", bytes from 0xEF on that start U+FFC0 to U+FFFF.
// Says nothing about whether bytes above 0x7F are valid UTF-8; `high` tells that there are some. At memory speed, for
// the texts of a whole column behind one another.
struct TextScan {
  bool special = false;
  bool high = false;
};
TextScan scan_text(std::string_view text);

// Valid UTF-8 without anything to escape. A text may also have to be cut: see write_text.
bool is_clean(std::string_view text);

struct TextOutcome {
  bool truncated = false;  // longer than kCellUnitsMax
  bool escaped = false;    // something became _xHHHH_
  bool replaced = false;   // something was no valid UTF-8
};
// Appends any text as the content of an XML element.
TextOutcome write_text(TextWriter& out, std::string_view text);
// For parts that no cell limits hold for (names, attributes): also quotes are escaped.
void write_attribute(TextWriter& out, std::string_view text);

// A text that begins or ends with white space keeps it only with xml:space="preserve".
inline bool needs_preserve(std::string_view text) {
  const auto is_space = [](char c) { return c == ' ' || c == '\t' || c == '\n'; };
  return !text.empty() && (is_space(text.front()) || is_space(text.back()));
}

}  // namespace canvasback::xlsx
