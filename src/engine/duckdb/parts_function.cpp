#include "engine/duckdb/parts_function.hpp"

#include <arrow/record_batch.h>
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <new>
#include <vector>

#include "engine/duckdb/arrow_chunks.hpp"
#include "engine/duckdb/handles.hpp"

namespace canvasback::duck {
namespace {

struct Extra {
  PartRegistry* registry;
  duckdb_connection connection;
};

struct BindData {
  PartSourcePtr source;
};

// What a column of the engine's chunk is made of.
enum class Origin { Source, FileIndex, FileRow };

// They are the first: where rows are only counted the engine asks for the first column.
constexpr idx_t kPlaceColumns = 2;

struct Column {
  Origin origin = Origin::Source;
  idx_t among = 0;  // of Source: the place among the columns that are read
};

// Of one scan, for all of its threads.
struct ScanData {
  PartSourcePtr source;
  std::vector<int> wanted;  // columns of the source
  std::vector<Column> columns;
  std::atomic<std::size_t> next = 0;
};

// Of one thread.
struct ThreadData {
  std::unique_ptr<PartSource::Reader> reader;
  ConvertedSchema converted;
  BatchPtr batch;
  std::size_t part = 0;
  std::int64_t offset = 0;
};

template <class T>
void destroy(void* data) {
  delete static_cast<T*>(data);
}

// No exception may pass through the engine's C interface.
template <class Work>
Status guarded(Work work) {
  try {
    return work();
  } catch (const std::bad_alloc&) {
    return fail(ErrorCode::MemoryLimit, "There is no memory to read the files.");
  } catch (const std::exception& error) {
    return fail(ErrorCode::DataProcessing, "The files could not be read.", error.what());
  }
}

Status bind(duckdb_bind_info info) {
  const auto& extra = *static_cast<Extra*>(duckdb_bind_get_extra_info(info));
  Value parameter(duckdb_bind_get_parameter(info, 0));
  std::string name;
  if (!duckdb_is_null_value(parameter.get())) {
    char* text = duckdb_get_varchar(parameter.get());
    name = text;
    duckdb_free(text);
  }
  auto data = std::make_unique<BindData>();
  data->source = extra.registry->find(name);
  if (!data->source) return fail(ErrorCode::DataProcessing, "There are no such parts.");
  LogicalType index(duckdb_create_logical_type(DUCKDB_TYPE_UBIGINT));
  LogicalType row(duckdb_create_logical_type(DUCKDB_TYPE_BIGINT));
  duckdb_bind_add_result_column(info, "p0", index.get());
  duckdb_bind_add_result_column(info, "p1", row.get());
  CANVASBACK_ASSIGN(const std::vector<LogicalType> types, engine_types(extra.connection, data->source->schema()));
  for (std::size_t i = 0; i < types.size(); ++i) {
    duckdb_bind_add_result_column(info, fmt::format("c{}", i).c_str(), types[i].get());
  }
  std::int64_t rows = 0;
  for (const PartSource::Part& part : data->source->parts()) rows += part.rows;
  duckdb_bind_set_cardinality(info, static_cast<idx_t>(rows), true);
  duckdb_bind_set_bind_data(info, data.release(), destroy<BindData>);
  return {};
}

Status init(duckdb_init_info info) {
  const auto& bound = *static_cast<BindData*>(duckdb_init_get_bind_data(info));
  auto data = std::make_unique<ScanData>();
  data->source = bound.source;
  for (idx_t i = 0; i < duckdb_init_get_column_count(info); ++i) {
    const idx_t index = duckdb_init_get_column_index(info, i);
    Column column{index == 0 ? Origin::FileIndex : Origin::FileRow, 0};
    if (index >= kPlaceColumns + static_cast<idx_t>(bound.source->schema()->num_fields())) {
      return fail(ErrorCode::DataProcessing, "The engine asks for a column that parts do not have.");
    }
    if (index >= kPlaceColumns) {
      column = {Origin::Source, data->wanted.size()};
      data->wanted.push_back(static_cast<int>(index - kPlaceColumns));
    }
    data->columns.push_back(column);
  }
  const std::size_t parts = bound.source->parts().size();
  duckdb_init_set_max_threads(info, bound.source->is_sequential() ? 1 : std::max<idx_t>(parts, 1));
  duckdb_init_set_init_data(info, data.release(), destroy<ScanData>);
  return {};
}

Status init_thread(duckdb_init_info info) {
  const auto& extra = *static_cast<Extra*>(duckdb_init_get_extra_info(info));
  const auto& bound = *static_cast<BindData*>(duckdb_init_get_bind_data(info));
  std::vector<int> wanted;
  arrow::FieldVector fields;
  for (idx_t i = 0; i < duckdb_init_get_column_count(info); ++i) {
    const idx_t index = duckdb_init_get_column_index(info, i);
    if (index < kPlaceColumns) continue;
    wanted.push_back(static_cast<int>(index - kPlaceColumns));
    fields.push_back(bound.source->schema()->field(wanted.back()));
  }
  auto data = std::make_unique<ThreadData>();
  CANVASBACK_ASSIGN(data->reader, bound.source->open(wanted, CancelToken()));
  CANVASBACK_ASSIGN(data->converted, convert_schema(extra.connection, arrow::schema(std::move(fields))));
  duckdb_init_set_init_data(info, data.release(), destroy<ThreadData>);
  return {};
}

// The next part that has rows; false at the end.
Result<bool> take_part(ScanData& scan, ThreadData& thread) {
  const auto& parts = scan.source->parts();
  while (true) {
    thread.part = scan.next.fetch_add(1);
    if (thread.part >= parts.size()) return false;
    if (parts[thread.part].rows == 0) continue;
    CANVASBACK_ASSIGN(thread.batch, thread.reader->read(thread.part));
    thread.offset = 0;
    return true;
  }
}

Status scan(duckdb_function_info info, duckdb_data_chunk output) {
  const auto& extra = *static_cast<Extra*>(duckdb_function_get_extra_info(info));
  auto& data = *static_cast<ScanData*>(duckdb_function_get_init_data(info));
  auto& thread = *static_cast<ThreadData*>(duckdb_function_get_local_init_data(info));
  if (!thread.batch || thread.offset >= thread.batch->num_rows()) {
    CANVASBACK_ASSIGN(const bool more, take_part(data, thread));
    if (!more) {
      duckdb_data_chunk_set_size(output, 0);
      return {};
    }
  }
  const std::int64_t rows = std::min(kVectorRows, thread.batch->num_rows() - thread.offset);
  Chunk chunk;
  if (!data.wanted.empty()) {
    const auto slice = thread.batch->Slice(thread.offset, rows);
    CANVASBACK_ASSIGN(chunk, convert_batch(extra.connection, *slice, thread.converted.get()));
  }
  const PartSource::Part& part = data.source->parts()[thread.part];
  for (std::size_t i = 0; i < data.columns.size(); ++i) {
    duckdb_vector vector = duckdb_data_chunk_get_vector(output, i);
    switch (data.columns[i].origin) {
      case Origin::Source:
        // The output shares the chunk's buffers, which keep the Arrow array alive.
        duckdb_vector_reference_vector(vector, duckdb_data_chunk_get_vector(chunk.get(), data.columns[i].among));
        break;
      case Origin::FileIndex:
        std::fill_n(static_cast<std::uint64_t*>(duckdb_vector_get_data(vector)), rows,
                    static_cast<std::uint64_t>(part.file));
        break;
      case Origin::FileRow: {
        auto* to = static_cast<std::int64_t*>(duckdb_vector_get_data(vector));
        for (std::int64_t row = 0; row < rows; ++row) to[row] = part.first_row + thread.offset + row;
        break;
      }
    }
  }
  thread.offset += rows;
  duckdb_data_chunk_set_size(output, static_cast<idx_t>(rows));
  return {};
}

void on_bind(duckdb_bind_info info) {
  const Status status = guarded([&] { return bind(info); });
  if (!status) duckdb_bind_set_error(info, status.error().message.c_str());
}

void on_init(duckdb_init_info info) {
  const Status status = guarded([&] { return init(info); });
  if (!status) duckdb_init_set_error(info, status.error().message.c_str());
}

void on_init_thread(duckdb_init_info info) {
  const Status status = guarded([&] { return init_thread(info); });
  if (!status) duckdb_init_set_error(info, status.error().message.c_str());
}

void on_scan(duckdb_function_info info, duckdb_data_chunk output) {
  const Status status = guarded([&] { return scan(info, output); });
  if (!status) duckdb_function_set_error(info, status.error().message.c_str());
}

}  // namespace

void PartRegistry::set(std::string_view name, PartSourcePtr source) {
  std::scoped_lock lock(mutex_);
  sources_.insert_or_assign(std::string(name), std::move(source));
}

PartSourcePtr PartRegistry::find(std::string_view name) const {
  std::scoped_lock lock(mutex_);
  const auto found = sources_.find(name);
  return found == sources_.end() ? nullptr : found->second;
}

Status register_parts_function(duckdb_connection connection, PartRegistry& registry) {
  TableFunction function(duckdb_create_table_function());
  duckdb_table_function_set_name(function.get(), "part_rows");
  LogicalType text(duckdb_create_logical_type(DUCKDB_TYPE_VARCHAR));
  duckdb_table_function_add_parameter(function.get(), text.get());
  duckdb_table_function_set_extra_info(function.get(), new Extra{&registry, connection}, destroy<Extra>);
  duckdb_table_function_set_bind(function.get(), on_bind);
  duckdb_table_function_set_init(function.get(), on_init);
  duckdb_table_function_set_local_init(function.get(), on_init_thread);
  duckdb_table_function_set_function(function.get(), on_scan);
  duckdb_table_function_supports_projection_pushdown(function.get(), true);
  if (duckdb_register_table_function(connection, function.get()) != DuckDBSuccess) {
    return fail(ErrorCode::Database, "The function part_rows could not be registered.");
  }
  return {};
}

}  // namespace canvasback::duck
