// RecordSearch: the records of a collection's files that match some words best, among those there was time for. Text
// columns only, without the engine: a row group's texts are folded and gone over a column at a time, and only rows that
// have all the words are looked at alone. Several threads, each a row group of its own.
#pragma once

#include <cstdint>
#include <vector>

#include "base/cancel.hpp"
#include "query/search.hpp"
#include "storage/dataset.hpp"

namespace canvasback {

struct SearchHit {
  int score = 0;
  std::int64_t order = 0;  // of two with one score the newer, which is the lower, comes first
  std::size_t file = 0;    // of the dataset
  std::int64_t row = 0;    // in it
};

struct SearchOutcome {
  std::vector<SearchHit> hits;  // best first; at most Search::limit
  std::int64_t rows_searched = 0;
  bool complete = true;
  SearchCursor next;  // where not complete
};

// At least one row group is searched, however small the budget. Errors: InvalidData for damaged files.
Result<SearchOutcome> search_records(const Dataset& dataset, const Search& search, int threads,
                                     const CancelToken& cancel);

}  // namespace canvasback
