// Owners of DuckDB's C handles: each is released by its own destroy function.
#pragma once

#include <duckdb.h>

#include <utility>

namespace canvasback::duck {

template <class T, auto Destroy>
class Handle {
 public:
  Handle() = default;
  explicit Handle(T raw) : raw_(raw) {}
  Handle(Handle&& other) noexcept : raw_(std::exchange(other.raw_, T{})) {}
  Handle& operator=(Handle&& other) noexcept {
    if (this != &other) {
      reset();
      raw_ = std::exchange(other.raw_, T{});
    }
    return *this;
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  ~Handle() { reset(); }

  T get() const { return raw_; }
  T* out() { return &raw_; }
  explicit operator bool() const { return raw_ != T{}; }
  void reset() {
    if (raw_ != T{}) Destroy(&raw_);
    raw_ = T{};
  }

 private:
  T raw_{};
};

using Database = Handle<duckdb_database, duckdb_close>;
using Connection = Handle<duckdb_connection, duckdb_disconnect>;
using Config = Handle<duckdb_config, duckdb_destroy_config>;
using Prepared = Handle<duckdb_prepared_statement, duckdb_destroy_prepare>;
using Pending = Handle<duckdb_pending_result, duckdb_destroy_pending>;
using Chunk = Handle<duckdb_data_chunk, duckdb_destroy_data_chunk>;
using LogicalType = Handle<duckdb_logical_type, duckdb_destroy_logical_type>;
using ErrorData = Handle<duckdb_error_data, duckdb_destroy_error_data>;
using ArrowOptions = Handle<duckdb_arrow_options, duckdb_destroy_arrow_options>;
using ConvertedSchema = Handle<duckdb_arrow_converted_schema, duckdb_destroy_arrow_converted_schema>;
using TableFunction = Handle<duckdb_table_function, duckdb_destroy_table_function>;
using AggregateFunction = Handle<duckdb_aggregate_function, duckdb_destroy_aggregate_function>;
using Value = Handle<duckdb_value, duckdb_destroy_value>;

// duckdb_result is a struct, not a pointer.
class QueryResult {
 public:
  QueryResult() = default;
  QueryResult(const QueryResult&) = delete;
  QueryResult& operator=(const QueryResult&) = delete;
  ~QueryResult() { duckdb_destroy_result(&raw_); }
  duckdb_result* get() { return &raw_; }

 private:
  duckdb_result raw_{};
};

}  // namespace canvasback::duck
