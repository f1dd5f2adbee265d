// A 64-bit hash of each row's values, by which a row of a source is compared with its copy without reading the copy. A
// function of the values and of the columns' order alone: it is stored, so it must stay what it is. Not against those
// who choose values for it: what differs by a chance of 2^-64 is found when the row changes again.
#pragma once

#include <arrow/record_batch.h>

#include <cstdint>
#include <vector>

#include "base/error.hpp"

namespace canvasback {

// By row. Errors: DataProcessing for a column of a type that no source gives (nested, dictionaries).
Result<std::vector<std::uint64_t>> row_hashes(const arrow::RecordBatch& batch);

}  // namespace canvasback
