// Records that come typed, shredded: the batches of Parquet and Arrow files. Integers, floats, booleans, text, binary,
// dates, timestamps (any unit and zone, kept as UTC microseconds), lists and structs keep their types; decimals with a
// scale and what a microsecond cannot tell become text, exactly; everything else is refused by the column's name.
#pragma once

#include <arrow/record_batch.h>

#include "source/records/shredded.hpp"

namespace canvasback {

// The whole batch as a block of records. Errors: InvalidData that names the column.
Result<Shredded> shred_batch(const arrow::RecordBatch& batch, const TextPlaces& texts);

}  // namespace canvasback
