// The dataset of a statement that says beforehand which records can matter (query/narrowing.hpp): fewer files, and of
// these, where a key is looked up, only the rows that may have it.
#pragma once

#include "base/cancel.hpp"
#include "query/narrowing.hpp"
#include "storage/dataset.hpp"

namespace canvasback {

// Errors: InvalidData for damaged files.
Result<Dataset> narrowed(const Dataset& dataset, const Narrowing& narrowing, int threads, const CancelToken& cancel);

}  // namespace canvasback
