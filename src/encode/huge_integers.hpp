// HUGEINT columns travel as decimal(38, 0), which holds all but the last of their 39-digit values. Text formats print
// those too; Arrow and Parquet would carry a value that their own readers call invalid, so it is an error there.
#pragma once

#include "base/error.hpp"
#include "stream/batch_stream.hpp"

namespace canvasback {

// Errors: InvalidData that names the column and says how to cast it.
Status check_huge_integers(const arrow::RecordBatch& batch);

}  // namespace canvasback
