// Which columns to write with a dictionary. Building one means hashing every value, which costs more than everything
// else a Parquet writer does, and pays only where values repeat often: the compression behind it finds the others. So
// the first rows are looked at.
#pragma once

#include <arrow/record_batch.h>

#include <vector>

namespace canvasback {

// At most so many rows are looked at: a megabyte of hashes.
inline constexpr std::int64_t kDictionarySampleRows = 65'536;

// One entry per column: false where the first kDictionarySampleRows values say that more than a fifth of those of a row
// group of `group_rows` will differ. Nested types and fewer than 1,024 values that are not null get a dictionary.
std::vector<bool> choose_dictionaries(const arrow::RecordBatch& rows, std::int64_t group_rows);

}  // namespace canvasback
