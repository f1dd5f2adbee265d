// The rows of a window as the one batch that is sent: put together, only the columns that are wanted, long values cut,
// and as many rows as a frame may hold.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "stream/batch_stream.hpp"

namespace canvasback {

// Of an Arrow call on a window: DataProcessing.
std::unexpected<Error> window_failed(const arrow::Status& status);

// All batches as one; of none, an empty one of that schema.
Result<BatchPtr> joined(const SchemaPtr& schema, std::vector<BatchPtr> batches);

// These columns, all where none is named, and the virtual ones at the end. Errors: InvalidData for a name that is none.
Result<BatchPtr> selected(const BatchPtr& batch, const std::vector<std::string>& columns, int virtual_columns);

// Texts and bytes cut behind so many bytes, never inside a character; where a column was cut, another one behind it has
// the whole sizes. Sets `cut` where any was.
Result<BatchPtr> with_cut_cells(const BatchPtr& batch, std::int64_t bytes_max, bool& cut);

// As many of the rows as a frame may hold, at least one; sets `more` where these are not all. Errors: PayloadTooLarge.
Result<BatchPtr> fitted(BatchPtr batch, bool& more);

}  // namespace canvasback
