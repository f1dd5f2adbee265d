// Streamed files: a run of a dataset's files (sql/file_forms.hpp) as one stream for the engine to read in their place:
// their columns, then the values of their partition as text, then each row's place.
#pragma once

#include <memory>

#include "base/cancel.hpp"
#include "base/error.hpp"
#include "sql/file_forms.hpp"
#include "storage/dataset.hpp"
#include "stream/batch_stream.hpp"

namespace canvasback {

// Errors: InvalidData that names the file.
Result<std::unique_ptr<BatchStream>> open_streamed_run(const Dataset& dataset, const FileRun& run, CancelToken cancel);

}  // namespace canvasback
