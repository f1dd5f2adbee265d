#include "engine/duckdb/arrow_function.hpp"

#include <arrow/record_batch.h>

#include <memory>

#include "engine/duckdb/arrow_chunks.hpp"
#include "engine/duckdb/handles.hpp"

namespace canvasback::duck {
namespace {

// What the planner takes a stream for. It takes one of unknown size for a single row, would build a join's table from
// it, and the rows would come in the table's order.
constexpr idx_t kRowsGuess = 10'000'000;

struct Extra {
  StreamRegistry* registry;
  duckdb_connection connection;
};

struct BindData {
  StreamFactory factory;
  SchemaPtr schema;
};

struct InitData {
  std::unique_ptr<BatchStream> stream;
  ConvertedSchema converted;
  BatchPtr batch;
  std::int64_t offset = 0;
};

template <class T>
void destroy(void* data) {
  delete static_cast<T*>(data);
}

void bind(duckdb_bind_info info) {
  const auto& extra = *static_cast<Extra*>(duckdb_bind_get_extra_info(info));
  Value parameter(duckdb_bind_get_parameter(info, 0));
  if (duckdb_is_null_value(parameter.get())) return duckdb_bind_set_error(info, "no such Arrow dataset");
  char* name = duckdb_get_varchar(parameter.get());
  auto data = std::make_unique<BindData>();
  data->factory = extra.registry->find(name);
  duckdb_free(name);
  if (!data->factory) return duckdb_bind_set_error(info, "no such Arrow dataset");
  auto stream = data->factory();
  if (!stream) return duckdb_bind_set_error(info, stream.error().message.c_str());
  data->schema = (*stream)->schema();
  auto types = engine_types(extra.connection, data->schema);
  if (!types) return duckdb_bind_set_error(info, types.error().message.c_str());
  for (std::size_t i = 0; i < types->size(); ++i) {
    const std::string& column = data->schema->field(static_cast<int>(i))->name();
    duckdb_bind_add_result_column(info, column.c_str(), (*types)[i].get());
  }
  duckdb_bind_set_cardinality(info, kRowsGuess, false);
  duckdb_bind_set_bind_data(info, data.release(), destroy<BindData>);
}

void init(duckdb_init_info info) {
  const auto& extra = *static_cast<Extra*>(duckdb_init_get_extra_info(info));
  const auto& bound = *static_cast<BindData*>(duckdb_init_get_bind_data(info));
  auto data = std::make_unique<InitData>();
  auto stream = bound.factory();
  if (!stream) return duckdb_init_set_error(info, stream.error().message.c_str());
  auto converted = convert_schema(extra.connection, bound.schema);
  if (!converted) return duckdb_init_set_error(info, converted.error().message.c_str());
  data->stream = std::move(*stream);
  data->converted = std::move(*converted);
  duckdb_init_set_max_threads(info, 1);
  duckdb_init_set_init_data(info, data.release(), destroy<InitData>);
}

void scan(duckdb_function_info info, duckdb_data_chunk output) {
  const auto& extra = *static_cast<Extra*>(duckdb_function_get_extra_info(info));
  auto& data = *static_cast<InitData*>(duckdb_function_get_init_data(info));
  if (!data.batch || data.offset >= data.batch->num_rows()) {
    auto next = data.stream->next();
    if (!next) return duckdb_function_set_error(info, next.error().message.c_str());
    data.batch = std::move(*next);
    data.offset = 0;
    if (!data.batch) return duckdb_data_chunk_set_size(output, 0);
  }
  const std::int64_t rows = std::min(kVectorRows, data.batch->num_rows() - data.offset);
  auto slice = data.batch->Slice(data.offset, rows);
  data.offset += rows;
  auto chunk = convert_batch(extra.connection, *slice, data.converted.get());
  if (!chunk) return duckdb_function_set_error(info, chunk.error().message.c_str());
  for (idx_t i = 0; i < duckdb_data_chunk_get_column_count(output); ++i) {
    // The output shares the chunk's buffers, which keep the Arrow array alive.
    duckdb_vector_reference_vector(duckdb_data_chunk_get_vector(output, i),
                                   duckdb_data_chunk_get_vector(chunk->get(), i));
  }
  duckdb_data_chunk_set_size(output, static_cast<idx_t>(rows));
}

}  // namespace

void StreamRegistry::set(std::string_view name, StreamFactory factory) {
  std::scoped_lock lock(mutex_);
  factories_.insert_or_assign(std::string(name), std::move(factory));
}

StreamFactory StreamRegistry::find(std::string_view name) const {
  std::scoped_lock lock(mutex_);
  auto found = factories_.find(name);
  return found == factories_.end() ? StreamFactory() : found->second;
}

Status register_arrow_function(duckdb_connection connection, StreamRegistry& registry) {
  TableFunction function(duckdb_create_table_function());
  duckdb_table_function_set_name(function.get(), "arrow_files");
  LogicalType text(duckdb_create_logical_type(DUCKDB_TYPE_VARCHAR));
  duckdb_table_function_add_parameter(function.get(), text.get());
  duckdb_table_function_set_extra_info(function.get(), new Extra{&registry, connection}, destroy<Extra>);
  duckdb_table_function_set_bind(function.get(), bind);
  duckdb_table_function_set_init(function.get(), init);
  duckdb_table_function_set_function(function.get(), scan);
  if (duckdb_register_table_function(connection, function.get()) != DuckDBSuccess) {
    return fail(ErrorCode::Database, "The function arrow_files could not be registered.");
  }
  return {};
}

}  // namespace canvasback::duck
