#include "server/command_marketplace.hpp"

#include <fmt/format.h>

#include <array>
#include <cstdio>
#include <filesystem>

#include "base/clock.hpp"
#include "base/text.hpp"
#include "server/command_support.hpp"
#include "service/collection/ingest_request.hpp"
#include "service/query/generate_service.hpp"

namespace canvasback {
namespace fs = std::filesystem;
namespace {

// In the order in which a row comes after those that it refers to.
constexpr std::array kTables{"sellers", "offers", "customers", "orders"};

// Asks a worker for what `work` says and appends it to the output.
class Generation {
 public:
  static Result<Generation> start(const CommandOptions& options) {
    CANVASBACK_ASSIGN(std::unique_ptr<Runtime> runtime, one_shot_runtime(options, {}));
    GenerateWork work;
    CANVASBACK_ASSIGN(work.orders, parse_integer(options.orders, "--orders", 0, kGeneratedOrdersMax));
    if (!options.seed.empty()) {
      CANVASBACK_ASSIGN(work.seed, parse_integer(options.seed, "--seed", 0, INT64_MAX));
    }
    if (!options.changes.empty()) {
      CANVASBACK_ASSIGN(work.changes, parse_integer(options.changes, "--changes", 0, kGeneratedOrdersMax));
    }
    return Generation(std::move(runtime), std::move(work));
  }

  Status append(const char* dataset, const char* format, Output& output) {
    auto asked = [&]() -> asio::awaitable<Status> {
      GenerateWork work = work_;
      work.dataset = dataset;
      auto answer = co_await GenerateService(runtime_->queries()).generate(std::move(work), format);
      if (!answer) co_return std::unexpected(answer.error());
      auto rows = co_await write_answer(std::move(*answer), output, fmt::format("generating {}", dataset));
      if (!rows) co_return std::unexpected(rows.error());
      rows_ = *rows;
      co_return Status();
    };
    return runtime_->run(asked());
  }

  // A file of its own in the folder.
  Status write_file(const std::string& folder, const std::string& name, const char* dataset, const char* format) {
    CANVASBACK_ASSIGN(Output output, Output::open((fs::path(folder) / name).string()));
    Stopwatch watch;
    CANVASBACK_TRY(append(dataset, format, output));
    CANVASBACK_TRY(output.finish());
    say_written(output, watch.elapsed_ms() / 1000);
    return {};
  }

  void say_written(Output& output, double seconds) const {
    if (!output.is_file()) return;
    const std::string rows = rows_ > 0 ? fmt::format(" {} rows,", with_thousands(rows_)) : "";
    std::fprintf(stderr, "%s:%s %s bytes in %.2f s\n", output.path().c_str(), rows.c_str(),
                 with_thousands(static_cast<std::int64_t>(output.bytes())).c_str(), seconds);
  }

 private:
  Generation(std::unique_ptr<Runtime> runtime, GenerateWork work)
      : runtime_(std::move(runtime)), work_(std::move(work)) {}

  std::unique_ptr<Runtime> runtime_;
  GenerateWork work_;
  std::int64_t rows_ = 0;  // of the last table
};

Status make_folder(const std::string& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error || !fs::is_directory(path, error)) {
    return fail(ErrorCode::InvalidData, fmt::format("The folder {} could not be created.", path), error.message());
  }
  return {};
}

// One script: the tables with their rows, or changes of them.
Status write_script(const CommandOptions& options, Generation& generation) {
  CANVASBACK_ASSIGN(Output output, Output::open(options.out));
  Stopwatch watch;
  if (!options.changes.empty()) {
    CANVASBACK_TRY(generation.append("changes", "sql", output));
  } else {
    CANVASBACK_TRY(generation.append("schema", "sql", output));
    for (const char* table : kTables) CANVASBACK_TRY(generation.append(table, "sql", output));
  }
  CANVASBACK_TRY(output.finish());
  generation.say_written(output, watch.elapsed_ms() / 1000);
  return {};
}

Status check_marketplace(const CommandOptions& options) {
  if (options.orders.empty()) return fail(ErrorCode::InvalidData, "--type marketplace needs --orders N.");
  if (!options.count.empty()) return fail(ErrorCode::InvalidData, "--type marketplace takes --orders, not --count.");
  if (!options.server.empty() || options.collection != kDefaultCollection) {
    return fail(ErrorCode::InvalidData, "--type marketplace is written to files, not sent to a collection.");
  }
  const std::string& format = options.format;
  if (format == "ndjson")
    return fail(ErrorCode::InvalidData, "--type marketplace has the formats parquet, sql and tsv.");
  if (!options.changes.empty()) {
    if (!format.empty() && format != "sql") return fail(ErrorCode::InvalidData, "--changes are written as SQL.");
    if (options.orders == "0")
      return fail(ErrorCode::InvalidData, "--changes needs orders to change: --orders 1 or more.");
    return {};
  }
  if (format != "sql" && (options.out.empty() || options.out == "-")) {
    return fail(ErrorCode::InvalidData,
                fmt::format("--format {} needs --out DIR.", format.empty() ? "parquet" : format));
  }
  return {};
}

}  // namespace

Status check_generate(const CommandOptions& options) {
  if (options.type == "marketplace") return check_marketplace(options);
  if (!options.orders.empty() || !options.changes.empty()) {
    return fail(ErrorCode::InvalidData, "--orders and --changes are for --type marketplace.");
  }
  if (options.format == "sql" || options.format == "tsv") {
    return fail(ErrorCode::InvalidData, fmt::format("--format {} is for --type marketplace.", options.format));
  }
  return {};
}

Status generate_marketplace(const CommandOptions& options) {
  CANVASBACK_ASSIGN(Generation generation, Generation::start(options));
  if (options.format == "sql" || !options.changes.empty()) return write_script(options, generation);
  CANVASBACK_TRY(make_folder(options.out));
  const bool for_mysql = options.format == "tsv";
  for (const char* table : kTables) {
    const char* format = for_mysql ? "tsv" : "parquet";
    CANVASBACK_TRY(generation.write_file(options.out, fmt::format("{}.{}", table, format), table, format));
  }
  if (!for_mysql) return {};
  CANVASBACK_TRY(generation.write_file(options.out, "schema.sql", "schema", "sql"));
  return generation.write_file(options.out, "load.sql", "load", "sql");
}

}  // namespace canvasback
