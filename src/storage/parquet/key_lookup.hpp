// KeyLookup: which rows of a Parquet file may hold a value, without the engine: of each row group's Bloom filter the
// one block of 32 bytes that tells is read, and only where it does not rule the value out is the column decoded. So a
// value among 100,000,000 rows costs a few reads of a page each. For files of collections, where ids and keys have
// filters.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/cancel.hpp"
#include "storage/dataset.hpp"

namespace canvasback {

inline constexpr std::int64_t kLookupRowsMax = 10'000;  // of one file, that are told

// A key of the record and its value as text. It stands in the column of the key's name, or in one of its siblings
// (NAME__string).
struct KeyValue {
  std::string key;
  std::string value;
};

// Rows of the file (counted from 0, in order) that may have all of the values: no row that has them is missing.
// nullopt: only reading would tell (values of other types than text and integers; more than kLookupRowsMax rows).
// Errors: InvalidData for unreadable or damaged files.
Result<std::optional<std::vector<std::int64_t>>> rows_that_may_have(const DataFile& file,
                                                                    const std::vector<KeyValue>& values,
                                                                    const CancelToken& cancel);

}  // namespace canvasback
