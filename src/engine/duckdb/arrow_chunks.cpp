#include "engine/duckdb/arrow_chunks.hpp"

#include <arrow/c/bridge.h>
#include <arrow/record_batch.h>

namespace canvasback::duck {

Result<ConvertedSchema> convert_schema(duckdb_connection connection, const SchemaPtr& schema) {
  ArrowSchema exported{};
  if (auto status = arrow::ExportSchema(*schema, &exported); !status.ok()) {
    return fail(ErrorCode::DataProcessing, "The Arrow schema cannot be exported.", status.ToString());
  }
  ConvertedSchema converted;
  ErrorData error(duckdb_schema_from_arrow(connection, &exported, converted.out()));
  if (exported.release != nullptr) exported.release(&exported);
  if (error && duckdb_error_data_has_error(error.get())) {
    return fail(ErrorCode::InvalidData, duckdb_error_data_message(error.get()));
  }
  return converted;
}

Result<Chunk> convert_batch(duckdb_connection connection, const arrow::RecordBatch& batch,
                            duckdb_arrow_converted_schema schema) {
  ArrowArray exported{};
  if (auto status = arrow::ExportRecordBatch(batch, &exported); !status.ok()) {
    return fail(ErrorCode::DataProcessing, "An Arrow batch cannot be exported.", status.ToString());
  }
  Chunk chunk;
  ErrorData error(duckdb_data_chunk_from_arrow(connection, &exported, schema, chunk.out()));
  if (error && duckdb_error_data_has_error(error.get())) {
    return fail(ErrorCode::InvalidData, duckdb_error_data_message(error.get()));
  }
  return chunk;
}

Result<std::vector<LogicalType>> engine_types(duckdb_connection connection, const SchemaPtr& schema) {
  CANVASBACK_ASSIGN(ConvertedSchema converted, convert_schema(connection, schema));
  auto empty = arrow::RecordBatch::MakeEmpty(schema);
  if (!empty.ok()) return fail(ErrorCode::InvalidData, empty.status().ToString());
  CANVASBACK_ASSIGN(Chunk chunk, convert_batch(connection, **empty, converted.get()));
  std::vector<LogicalType> types;
  for (int i = 0; i < schema->num_fields(); ++i) {
    types.emplace_back(duckdb_vector_get_column_type(duckdb_data_chunk_get_vector(chunk.get(), static_cast<idx_t>(i))));
  }
  return types;
}

}  // namespace canvasback::duck
