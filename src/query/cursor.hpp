// Cursor: where a page ended, opaque to the client (base64url of JSON). For rows in file order it is the next row's
// offset; for filtered rows the last row's place (file, row in file); for sorted rows the last row's sort values and
// its place, which makes every order total and the next page a keyset condition instead of an OFFSET.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "query/selection.hpp"

namespace canvasback {

struct Cursor {
  std::string version;                             // of the dataset: pages of another version are refused
  std::string signature;                           // of sort, filter and sample: pages of another selection are refused
  std::optional<std::int64_t> offset;              // file order
  std::vector<std::optional<std::string>> values;  // one per sort key, as text that casts back exactly; null: NULL
  std::int64_t file_index = -1;                    // place, where the files have one
  std::int64_t file_row = -1;
  std::int64_t seen = 0;  // rows before the next page, for `total_rows` estimates
};

// What a cursor is bound to besides the files: a short digest of sort, filter and sample.
std::string signature_of(const Selection& selection);

std::string encode_cursor(const Cursor& cursor);
// Errors: InvalidData.
Result<Cursor> decode_cursor(std::string_view text);

}  // namespace canvasback
