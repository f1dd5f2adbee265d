// What is searched for in a collection, as a task's `work`; where a search that ran out of time goes on; and how well a
// record matches.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/json.hpp"

namespace canvasback {

// Where nothing was looked at yet. Files are searched from the newest to the oldest, the row groups of each from the
// last to the first; files are named, so that the cursor means the same after others were written.
struct SearchCursor {
  std::string file;   // its name without a folder; empty: from the start
  int row_group = 0;  // the next one
};

// Opaque text for clients. Errors: InvalidData.
std::string encode_search_cursor(const SearchCursor& cursor);
Result<SearchCursor> decode_search_cursor(std::string_view text);

struct Search {
  std::string text;                // composed (base/unicode.hpp) and folded, as a whole
  std::vector<std::string> words;  // of it; at most limits::kSearchWordsMax; a record must have all of them
  std::int64_t limit = 100;
  std::int64_t budget_ms = 0;
  SearchCursor cursor;
};

// Errors: InvalidData where there is no word, or too many.
Result<Search> search_for(std::string_view text);

Json to_json(const Search& search);
Result<Search> search_from_json(const Json& json);

// Letters without their case, by byte lengths that do not change: ASCII, Latin, Greek and Cyrillic.
void fold_case(char* text, std::size_t bytes);

// How well a record that has all the words matches, from its folded texts: best where one is the whole text, or begins
// with it, or has it; then by words that stand alone before those that are parts of others; then by shorter texts.
int search_score(const Search& search, const std::vector<std::string_view>& values);

}  // namespace canvasback
