// Engine: SQL + limits → BatchStream. One engine instance lives in one worker process; only the task loop calls it,
// except interrupt() and progress(), which any thread may call. Two kinds of SQL meet here: what the server made
// (trusted text, bound values) and what a user wrote, which must pass admit() first.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/cancel.hpp"
#include "base/error.hpp"
#include "base/json.hpp"
#include "stream/batch_stream.hpp"
#include "stream/part_source.hpp"

namespace canvasback {

struct EngineOptions {
  int threads = 1;
  std::uint64_t memory_bytes = 0;  // of the engine's own buffers
  std::string temp_folder;         // spill; the only place it writes
  std::uint64_t temp_bytes_max = 0;
  std::vector<std::string> readable_paths;  // files and folders; everything else is refused by the engine too
};

struct SqlRequest {
  std::string sql;
  std::vector<std::string> text_parameters;  // server-made SQL: positional, bound as VARCHAR
  Json parameters;                           // user's SQL: array (positional) or object (named), or null
  std::optional<std::int64_t> row_limit;     // the stream ends after so many rows
  int convert_threads = 1;                   // threads that turn engine rows into Arrow batches
};

// A statement that only asks for columns and a range of one table's rows, as in the table.
struct PlainSelect {
  std::string table;
  std::vector<std::string> columns;  // as spelled in the statement; empty: all
  std::int64_t offset = 0;
  std::optional<std::int64_t> limit;
};

// What admit() learns of a user's statement.
struct Admitted {
  std::vector<std::string> tables;   // the datasets it reads
  std::optional<PlainSelect> plain;  // where it is one
};

// Reads some relation from outside the engine, afresh at each call.
using StreamFactory = std::function<Result<std::unique_ptr<BatchStream>>()>;

// Shared: statements read from it while the next one may define another of its name.
using PartSourcePtr = std::shared_ptr<const PartSource>;

class Engine {
 public:
  virtual ~Engine() = default;

  // Judges a user's statement. Errors: QueryInvalid with position, QueryForbidden.
  virtual Result<Admitted> admit(std::string_view sql, const std::function<bool(std::string_view)>& visible) = 0;
  // Makes `name` a view over a table expression (sql/sql_builder.hpp: relation_sql); the same version again is free.
  virtual Status define_view(std::string_view name, std::string_view version, std::string_view relation) = 0;
  // What `arrow_files('name')` reads.
  virtual void define_stream(std::string_view name, StreamFactory factory) = 0;
  // What `part_rows('name')` reads (engine/duckdb/parts_function.hpp).
  virtual void define_parts(std::string_view name, PartSourcePtr source) = 0;
  // How many threads the statements that follow run on, at most EngineOptions::threads; all of them, until told.
  virtual void use_threads(int threads) = 0;
  // A statement that gives the same rows as this admitted one with less work; empty where none is known.
  virtual std::string cheaper_statement(const std::string& sql) = 0;
  // Starts a statement. Errors that binding finds come at once, later ones from the stream.
  virtual Result<std::unique_ptr<BatchStream>> execute(const SqlRequest& request, CancelToken cancel) = 0;

  // Asks the running statement to stop; lost when none runs yet, so the caller repeats it until the task ends.
  virtual void interrupt() = 0;
  // Share done, 0 to 1, or -1 where the engine cannot tell.
  virtual double progress() = 0;
};

}  // namespace canvasback
