// Arrow batches as the engine's chunks, without a copy of values of fixed width: what the table functions of
// arrow_files and part_rows share. A converted schema belongs to one thread.
#pragma once

#include <duckdb.h>

#include <vector>

#include "base/error.hpp"
#include "engine/duckdb/handles.hpp"
#include "stream/batch_stream.hpp"

namespace canvasback::duck {

inline constexpr std::int64_t kVectorRows = 2048;  // of a chunk, at most

Result<ConvertedSchema> convert_schema(duckdb_connection connection, const SchemaPtr& schema);
// The chunk keeps the batch alive. Precondition: at most kVectorRows.
Result<Chunk> convert_batch(duckdb_connection connection, const arrow::RecordBatch& batch,
                            duckdb_arrow_converted_schema schema);
// The engine's types of the columns: those of an empty batch, converted.
Result<std::vector<LogicalType>> engine_types(duckdb_connection connection, const SchemaPtr& schema);

}  // namespace canvasback::duck
