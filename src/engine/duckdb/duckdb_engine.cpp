#include "engine/duckdb/duckdb_engine.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <map>

#include "base/exact_number.hpp"
#include "base/limits.hpp"
#include "base/text.hpp"
#include "engine/duckdb/arrow_function.hpp"
#include "engine/duckdb/cheaper.hpp"
#include "engine/duckdb/errors.hpp"
#include "engine/duckdb/handles.hpp"
#include "engine/duckdb/number_aggregates.hpp"
#include "engine/duckdb/parts_function.hpp"
#include "engine/duckdb/portable_types.hpp"
#include "engine/duckdb/result_stream.hpp"
#include "engine/duckdb/statement_gate.hpp"
#include "engine/duckdb/task_threads.hpp"

namespace canvasback {
namespace {

using namespace duck;

constexpr std::size_t kTreeDepthMax = 512;  // of a statement's parse tree; a deeper one stays as it is

class DuckDbEngine final : public Engine {
 public:
  Status open(const EngineOptions& options) {
    Config config;
    if (duckdb_create_config(config.out()) != DuckDBSuccess) return fail(ErrorCode::Database, "No engine config.");
    const std::vector<std::pair<const char*, std::string>> settings{
        {"threads", fmt::format("{}", options.threads)},
        {"external_threads", fmt::format("{}", options.threads)},  // all of them ours: task_threads.hpp
        {"memory_limit", fmt::format("{}B", options.memory_bytes)},
        {"temp_directory", options.temp_folder},
        {"max_temp_directory_size", fmt::format("{}B", options.temp_bytes_max)},
        {"autoinstall_known_extensions", "false"},
        {"autoload_known_extensions", "false"},
        {"allow_community_extensions", "false"},
    };
    for (const auto& [name, value] : settings) {
      if (duckdb_set_config(config.get(), name, value.c_str()) != DuckDBSuccess) {
        return fail(ErrorCode::Database, fmt::format("The engine does not take the setting {}.", name));
      }
    }
    char* message = nullptr;
    if (duckdb_open_ext(nullptr, database_.out(), config.get(), &message) != DuckDBSuccess) {
      std::string text = message ? message : "unknown";
      duckdb_free(message);
      return fail(ErrorCode::Database, "The engine could not be opened.", text);
    }
    if (duckdb_connect(database_.get(), connection_.out()) != DuckDBSuccess ||
        duckdb_connect(database_.get(), gate_connection_.out()) != DuckDBSuccess) {
      return fail(ErrorCode::Database, "The engine refused a connection.");
    }
    task_threads_.use(database_.get(), options.threads);
    CANVASBACK_TRY(register_arrow_function(connection_.get(), streams_));
    CANVASBACK_TRY(register_parts_function(connection_.get(), parts_));
    CANVASBACK_TRY(register_number_aggregates(connection_.get()));
    return lock(options);
  }

  Result<Admitted> admit(std::string_view sql, const std::function<bool(std::string_view)>& visible) override {
    CANVASBACK_TRY(explain_refusal(sql));
    CANVASBACK_ASSIGN(std::string serialized, serialize(sql));
    CANVASBACK_ASSIGN(GateResult result, check_statement({serialized, visible}));
    return Admitted{std::move(result.tables), std::move(result.plain)};
  }

  Status define_view(std::string_view name, std::string_view version, std::string_view relation) override {
    auto [known, added] = views_.try_emplace(std::string(name));
    if (!added && known->second == version) return {};
    const Status status =
        run(fmt::format("CREATE OR REPLACE VIEW {} AS SELECT * FROM {}", sql_identifier(name), relation));
    if (!status) {
      views_.erase(known);
      return status;
    }
    known->second = version;
    return {};
  }

  std::string cheaper_statement(const std::string& sql) override {
    if (!may_be_cheaper(sql)) return {};
    // What is wrong with the statement is for its own execution to say.
    auto prepared = prepare(sql, CancelToken());
    if (!prepared) return {};
    std::vector<std::string> names;
    for (idx_t i = 0; i < duckdb_prepared_statement_column_count(prepared->get()); ++i) {
      names.push_back(column_name(prepared->get(), i));
    }
    auto text = one_text("SELECT json_serialize_sql($1::VARCHAR)::VARCHAR", sql);
    auto tree = text ? Json::parse(*text, kTreeDepthMax) : Result<Json>(std::unexpected(text.error()));
    const auto made = tree ? cheaper(*tree, names) : std::nullopt;
    if (!made) return {};
    return one_text("SELECT json_deserialize_sql($1::JSON)", made->dump()).value_or("");
  }

  void define_stream(std::string_view name, StreamFactory factory) override { streams_.set(name, std::move(factory)); }
  void define_parts(std::string_view name, PartSourcePtr source) override { parts_.set(name, std::move(source)); }

  Result<std::unique_ptr<BatchStream>> execute(const SqlRequest& request, CancelToken cancel) override {
    CANVASBACK_TRY(cancel.check());
    CANVASBACK_ASSIGN(Prepared prepared, prepare(request.sql, cancel));
    if (const auto casts = portable_casts(prepared.get())) {
      CANVASBACK_ASSIGN(prepared, prepare_portable(*casts, request.sql, cancel));
    }
    CANVASBACK_TRY(bind_all(prepared.get(), request));
    Pending pending;
    if (duckdb_pending_prepared_streaming(prepared.get(), pending.out()) != DuckDBSuccess) {
      return std::unexpected(translate_error(duckdb_pending_error(pending.get()), request.sql, cancel));
    }
    return make_result_stream(std::move(prepared), std::move(pending),
                              {request.sql, request.row_limit, request.convert_threads, connection_.get()}, cancel);
  }

  void use_threads(int threads) override { task_threads_.use(database_.get(), threads); }

  void interrupt() override { duckdb_interrupt(connection_.get()); }

  double progress() override {
    const double percentage = duckdb_query_progress(connection_.get()).percentage;
    return percentage < 0 ? -1 : percentage / 100;
  }

 private:
  Status run(const std::string& sql) {
    QueryResult result;
    if (duckdb_query(connection_.get(), sql.c_str(), result.get()) != DuckDBSuccess) {
      return std::unexpected(translate_error(duckdb_result_error(result.get()), sql, CancelToken()));
    }
    return {};
  }

  Result<std::string> text_of(duckdb_connection connection, const std::string& sql) {
    QueryResult result;
    if (duckdb_query(connection, sql.c_str(), result.get()) != DuckDBSuccess) {
      return std::unexpected(translate_error(duckdb_result_error(result.get()), sql, CancelToken()));
    }
    char* value = duckdb_value_varchar(result.get(), 0, 0);
    std::string text = value ? value : "";
    duckdb_free(value);
    return text;
  }

  // Session settings first, then the grants, then no external access, then the lock; the last two are read back.
  Status lock(const EngineOptions& options) {
    std::vector<std::string> files;
    std::vector<std::string> folders;
    std::error_code error;
    for (const std::string& path : options.readable_paths) {
      (std::filesystem::is_directory(path, error) ? folders : files).push_back(sql_literal(path));
    }
    if (!options.temp_folder.empty()) folders.push_back(sql_literal(options.temp_folder));
    for (const std::string& sql : std::initializer_list<std::string>{
             "SET TimeZone='UTC'", "SET enable_progress_bar=true", "SET enable_progress_bar_print=false",
             "SET streaming_buffer_size='1MB'", "SET parquet_metadata_cache=true",
             fmt::format("SET allowed_paths=[{}]", fmt::join(files, ", ")),
             fmt::format("SET allowed_directories=[{}]", fmt::join(folders, ", ")), "SET enable_external_access=false",
             "SET lock_configuration=true"}) {
      CANVASBACK_TRY(run(sql));
    }
    for (const auto& [setting, wanted] : std::initializer_list<std::pair<std::string, std::string>>{
             {"enable_external_access", "false"}, {"lock_configuration", "true"}}) {
      CANVASBACK_ASSIGN(std::string value,
                        text_of(connection_.get(), fmt::format("SELECT current_setting('{}')::VARCHAR", setting)));
      if (value != wanted) return fail(ErrorCode::Database, "The engine could not be locked.", setting);
    }
    return {};
  }

  // The parse tree of one SELECT as JSON. Runs on a connection of its own, with the text as a bound value.
  Result<std::string> serialize(std::string_view sql) {
    if (!serializer_) {
      if (duckdb_prepare(gate_connection_.get(),
                         "SELECT json_serialize_sql($1::VARCHAR, skip_null := true, skip_empty := true, "
                         "skip_default := true)::VARCHAR",
                         serializer_.out()) != DuckDBSuccess) {
        return fail(ErrorCode::Database, "The statement gate cannot parse.", duckdb_prepare_error(serializer_.get()));
      }
    }
    // Refused for text that is not UTF-8; what is bound then would be the statement before this one.
    if (duckdb_bind_varchar_length(serializer_.get(), 1, sql.data(), sql.size()) != DuckDBSuccess) {
      return fail(ErrorCode::QueryInvalid, "The statement is not valid UTF-8.");
    }
    QueryResult result;
    if (duckdb_execute_prepared(serializer_.get(), result.get()) != DuckDBSuccess) {
      return std::unexpected(translate_error(duckdb_result_error(result.get()), sql, CancelToken()));
    }
    char* value = duckdb_value_varchar(result.get(), 0, 0);
    std::string text = value ? value : "";
    duckdb_free(value);
    return text;
  }

  // What a statement of ours with one parameter gives.
  Result<std::string> one_text(const char* sql, std::string_view parameter) {
    Prepared prepared;
    QueryResult result;
    if (duckdb_prepare(gate_connection_.get(), sql, prepared.out()) != DuckDBSuccess ||
        duckdb_bind_varchar_length(prepared.get(), 1, parameter.data(), parameter.size()) != DuckDBSuccess ||
        duckdb_execute_prepared(prepared.get(), result.get()) != DuckDBSuccess) {
      return fail(ErrorCode::Database, "The engine did not read its own statement.");
    }
    char* value = duckdb_value_varchar(result.get(), 0, 0);
    std::string text = value ? value : "";
    duckdb_free(value);
    return text;
  }

  static std::string column_name(duckdb_prepared_statement prepared, idx_t column) {
    const char* raw = duckdb_prepared_statement_column_name(prepared, column);
    std::string name = raw ? raw : fmt::format("column{}", column);
    duckdb_free(const_cast<char*>(raw));
    return name;
  }

  Result<Prepared> prepare(const std::string& sql, const CancelToken& cancel) {
    Prepared prepared;
    if (duckdb_prepare(connection_.get(), sql.c_str(), prepared.out()) != DuckDBSuccess) {
      return std::unexpected(translate_error(duckdb_prepare_error(prepared.get()), sql, cancel));
    }
    return prepared;
  }

  struct Casts {
    std::vector<std::string> names;    // c0, c1, …
    std::vector<std::string> columns;  // CAST(c0 AS VARCHAR) AS "the column's own name"
  };

  // What to select around a statement so that every column has a type that travels; nullopt where all do.
  static std::optional<Casts> portable_casts(duckdb_prepared_statement prepared) {
    Casts casts;
    bool changed = false;
    const idx_t count = duckdb_prepared_statement_column_count(prepared);
    for (idx_t i = 0; i < count; ++i) {
      LogicalType type(duckdb_prepared_statement_column_logical_type(prepared, i));
      const std::string name = column_name(prepared, i);
      casts.names.push_back(fmt::format("c{}", i));
      auto cast = type ? portable_cast(type.get()) : std::nullopt;
      changed = changed || cast;
      casts.columns.push_back(cast ? fmt::format("CAST(c{} AS {}) AS {}", i, *cast, sql_identifier(name))
                                   : fmt::format("c{} AS {}", i, sql_identifier(name)));
    }
    return changed ? std::optional(std::move(casts)) : std::nullopt;
  }

  // Comments may stand behind the semicolon that ends a statement, and semicolons in them: cut at the last one, then at
  // the one before it, until the rest can stand in parentheses. What is cut is never more than the end.
  Result<Prepared> prepare_portable(const Casts& casts, std::string_view sql, const CancelToken& cancel) {
    constexpr int kTriesMax = 16;
    Result<Prepared> made;
    for (int i = 0; i < kTriesMax; ++i) {
      // The line end closes a trailing comment.
      made = prepare(fmt::format("SELECT {} FROM ({}\n) AS t({})", fmt::join(casts.columns, ", "), sql,
                                 fmt::join(casts.names, ", ")),
                     cancel);
      const std::size_t semicolon = sql.rfind(';');
      if (made || semicolon == std::string_view::npos || !made.error().message.starts_with("Parser Error")) break;
      sql = sql.substr(0, semicolon);
    }
    return made;
  }

  static Status bind_all(duckdb_prepared_statement prepared, const SqlRequest& request) {
    const idx_t wanted = duckdb_nparams(prepared);
    for (std::size_t i = 0; i < request.text_parameters.size(); ++i) {
      const std::string& text = request.text_parameters[i];
      if (duckdb_bind_varchar_length(prepared, i + 1, text.data(), text.size()) != DuckDBSuccess) {
        return fail(ErrorCode::QueryInvalid, "A value is not valid UTF-8.");
      }
    }
    if (!request.text_parameters.empty()) return {};
    const std::size_t given =
        request.parameters.is_object() ? request.parameters.as_object().size() : request.parameters.as_array().size();
    if (given != wanted) {
      return fail(ErrorCode::QueryInvalid,
                  fmt::format("The statement takes {} parameters, {} were given.", wanted, given));
    }
    for (std::size_t i = 0; i < request.parameters.as_array().size(); ++i) {
      CANVASBACK_TRY(bind_one(prepared, i + 1, request.parameters.as_array()[i]));
    }
    for (const auto& [name, value] : request.parameters.as_object()) {
      idx_t index = 0;
      if (duckdb_bind_parameter_index(prepared, &index, name.c_str()) != DuckDBSuccess) {
        return fail(ErrorCode::QueryInvalid, fmt::format("The statement has no parameter ${}.", name));
      }
      CANVASBACK_TRY(bind_one(prepared, index, value));
    }
    return {};
  }

  static Status bind_one(duckdb_prepared_statement prepared, idx_t index, const Json& value) {
    duckdb_state state = DuckDBError;
    if (value.is_null()) {
      state = duckdb_bind_null(prepared, index);
    } else if (value.is_bool()) {
      state = duckdb_bind_boolean(prepared, index, value.as_bool());
    } else if (value.is_string()) {
      const std::string_view text = value.as_string();
      state = duckdb_bind_varchar_length(prepared, index, text.data(), text.size());
    } else if (value.is_integer() && value.as_int(0) == value.as_int(1)) {
      state = duckdb_bind_int64(prepared, index, value.as_int());
    } else if (value.is_integer()) {
      state = duckdb_bind_uint64(prepared, index, value.as_uint());
    } else if (value.is_number()) {
      state = duckdb_bind_double(prepared, index, value.as_double());
    } else if (const Json* digits = value.find("number"); digits != nullptr && digits->is_string()) {
      return bind_number(prepared, index, std::string(digits->as_string()));
    } else {
      return fail(ErrorCode::QueryInvalid, "A parameter is null, a boolean, a number or a string.");
    }
    if (state != DuckDBSuccess)
      return fail(ErrorCode::QueryInvalid, fmt::format("Parameter {} cannot be bound.", index));
    return {};
  }

  // A number with more digits than a double gives back: as the decimal that it is, or as a double where one is wanted.
  static Status bind_number(duckdb_prepared_statement prepared, idx_t index, const std::string& text) {
    const duckdb_type wanted = duckdb_param_type(prepared, index);
    const auto number = parse_exact_number(text);
    constexpr std::size_t kDecimalDigits = 38;
    const bool fits = number && number->whole.size() + number->fraction.size() <= kDecimalDigits;
    if (wanted == DUCKDB_TYPE_DOUBLE || wanted == DUCKDB_TYPE_FLOAT) {
      if (duckdb_bind_double(prepared, index, std::strtod(text.c_str(), nullptr)) == DuckDBSuccess) return {};
    } else if (fits) {
      const duckdb_decimal decimal = decimal_of(*number);
      Value bound(duckdb_create_decimal(decimal));
      if (duckdb_bind_value(prepared, index, bound.get()) == DuckDBSuccess) return {};
    }
    return fail(ErrorCode::QueryInvalid,
                fmt::format("Parameter {} has more than 38 digits: pass it as a string and cast it.", index));
  }

  static duckdb_decimal decimal_of(const ExactNumber& number) {
    __extension__ typedef unsigned __int128 UInt128;
    UInt128 size = 0;
    for (char digit : number.whole + number.fraction) size = size * 10 + static_cast<unsigned>(digit - '0');
    if (number.negative) size = 0 - size;
    duckdb_decimal out{};
    out.width = 38;
    out.scale = static_cast<std::uint8_t>(number.fraction.size());
    out.value.lower = static_cast<std::uint64_t>(size);
    out.value.upper = static_cast<std::int64_t>(static_cast<std::uint64_t>(size >> 64));
    return out;
  }

  StreamRegistry streams_;  // outlive the connections that call into them
  PartRegistry parts_;
  Database database_;
  Connection connection_;
  Connection gate_connection_;
  TaskThreads task_threads_;  // ends before the database does
  Prepared serializer_;
  std::map<std::string, std::string, std::less<>> views_;  // name → version
};

}  // namespace

Result<std::unique_ptr<Engine>> open_duckdb(const EngineOptions& options) {
  auto engine = std::make_unique<DuckDbEngine>();
  CANVASBACK_TRY(engine->open(options));
  return engine;
}

}  // namespace canvasback
