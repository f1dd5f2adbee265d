// The commands that read data: query and export, over a private runtime or a running server.
#include <fmt/format.h>
#include <unistd.h>

#include <condition_variable>
#include <cstdio>
#include <filesystem>
#include <mutex>
#include <optional>
#include <thread>

#include "base/clock.hpp"
#include "base/exact_number.hpp"
#include "base/format_names.hpp"
#include "base/hash.hpp"
#include "base/limits.hpp"
#include "base/text.hpp"
#include "net/http_client.hpp"
#include "server/command_support.hpp"
#include "server/commands.hpp"
#include "server/terminal.hpp"

namespace canvasback {
namespace {

constexpr std::int64_t kTableRows = 200;  // shown on a terminal where no limit is given

// --format, else the format of the output's extension, else table on a terminal and csv in a pipe. A file whose
// extension is of no format is refused: csv in "x.foo" or "x.csv.gz" is not what was meant. A name without extension,
// such as a device's, is csv.
Result<std::string> output_format(const CommandOptions& options) {
  std::string format = options.format;
  const std::string extension = std::filesystem::path(options.out).extension().string();
  if (format.empty() && !extension.empty()) {
    for (const char* name : {"json", "ndjson", "csv", "arrow", "arrow_file", "parquet", "xlsx"}) {
      if (extension.substr(1) == find_output_format(name)->extension) format = name;
    }
    if (extension == ".jsonl") format = "ndjson";
    if (format.empty()) {
      return fail(ErrorCode::InvalidData,
                  fmt::format("The extension {} names no output format; choose one with --format.", extension));
    }
  }
  if (format.empty()) format = options.out.empty() && is_terminal(STDOUT_FILENO) ? "table" : "csv";
  const bool binary = format == "arrow" || format == "arrow_file" || format == "parquet" || format == "xlsx";
  if (binary && options.out.empty() && is_terminal(STDOUT_FILENO)) {
    return fail(ErrorCode::InvalidData, fmt::format("{} is a binary format: write it to a file with --out.", format));
  }
  return format;
}

Result<std::optional<std::int64_t>> limit_of(const CommandOptions& options, bool table) {
  if (options.limit.empty()) return table ? std::optional<std::int64_t>(kTableRows) : std::nullopt;
  CANVASBACK_ASSIGN(std::int64_t limit, parse_integer(options.limit, "--limit", 0, INT64_MAX / 2));
  return std::optional<std::int64_t>(limit);
}

// Takes what either side gives and prints or writes it; of a file it says on stderr what it has become.
struct Destination {
  bool table = false;
  Output output;
  std::string text;
  std::int64_t rows = 0;

  Status take(std::string_view bytes) {
    if (!table) return output.write(bytes);
    text += bytes;
    return {};
  }
  Status finish() {
    if (table) return print_table(text);
    CANVASBACK_TRY(output.finish());
    if (output.is_file()) {
      std::fprintf(stderr, "%s: %s rows, %s bytes, sha256 %s\n", output.path().c_str(), with_thousands(rows).c_str(),
                   with_thousands(static_cast<std::int64_t>(output.bytes())).c_str(), output.sha256().c_str());
    }
    return {};
  }
};

Status run_here(const CommandOptions& options, std::vector<DatasetSource> sources, Destination& destination,
                const std::function<asio::awaitable<Result<std::unique_ptr<Answer>>>(QueryService&)>& ask) {
  CANVASBACK_ASSIGN(std::unique_ptr<Runtime> runtime, one_shot_runtime(options, std::move(sources)));
  auto work = [&]() -> asio::awaitable<Status> {
    auto answer = co_await ask(runtime->queries());
    if (!answer) co_return std::unexpected(answer.error());
    if (!destination.table) {
      auto rows = co_await write_answer(std::move(*answer), destination.output, "writing");
      if (!rows) co_return std::unexpected(rows.error());
      destination.rows = *rows;
      co_return Status();
    }
    while (true) {
      TaskEvent event = co_await (*answer)->next();
      if (event.kind == TaskEvent::Kind::Failed) co_return std::unexpected(event.error);
      if (event.kind == TaskEvent::Kind::Done) co_return Status();
      if (event.kind == TaskEvent::Kind::Data) destination.text += event.bytes;
    }
  };
  CANVASBACK_TRY(runtime->run(work()));
  return destination.finish();
}

// Asks the server every limits::kProgressPeriod how far the job is, on a thread of its own, for as long as it lives.
class WatchedJob {
 public:
  WatchedJob(std::string server, std::string token) : server_(std::move(server)), token_(std::move(token)) {
    thread_ = std::jthread([this](const std::stop_token& stop) { watch(stop); });
  }
  ~WatchedJob() {
    thread_.request_stop();
    wake_.notify_all();
  }
  WatchedJob(const WatchedJob&) = delete;
  WatchedJob& operator=(const WatchedJob&) = delete;

  // rows, rows_expected and share, as a worker reports them.
  Json progress() {
    std::scoped_lock lock(mutex_);
    return progress_;
  }

 private:
  void watch(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    while (!wake_.wait_for(lock, stop, limits::kProgressPeriod, [&] { return stop.stop_requested(); })) {
      lock.unlock();
      std::string document;
      // Without an answer the bar stands still; whether the export fails is said by the export.
      const auto asked = http::fetch({server_, "GET", "/api/v1/jobs/" + token_, {}, {}}, [&](std::string_view bytes) {
        document += bytes;
        return Status();
      });
      auto job = Json::parse(document);
      lock.lock();
      if (!asked || !job) continue;
      progress_ = Json();
      progress_.set("rows", job->at("rows_done"));
      progress_.set("rows_expected", job->at("rows_total"));
      progress_.set("share", job->at("share"));
    }
  }

  std::string server_;
  std::string token_;
  std::mutex mutex_;
  std::condition_variable_any wake_;
  Json progress_;
  std::jthread thread_;  // last: it uses the others
};

// token: under which the answer can be watched; empty where it cannot.
Status ask_server(const http::ClientRequest& request, const std::string& token, Destination& destination) {
  ProgressLine line("writing");
  std::optional<WatchedJob> job;
  if (!token.empty() && can_redraw(STDERR_FILENO)) job.emplace(request.server, token);
  auto sink = [&](std::string_view bytes) {
    if (job) line.update(job->progress(), destination.output.bytes());
    return destination.take(bytes);
  };
  CANVASBACK_ASSIGN(http::ClientAnswer answer, http::fetch(request, sink));
  if (auto metrics = Json::parse(answer.field("X-Performance-Metrics"))) {
    destination.rows = metrics->at("rows").as_int();
  }
  line.clear();
  return destination.finish();
}

Status query(const CommandOptions& options) {
  CANVASBACK_ASSIGN(std::string format, output_format(options));
  const bool table = format == "table";
  CANVASBACK_ASSIGN(std::optional<std::int64_t> limit, limit_of(options, table));
  CANVASBACK_ASSIGN(Output output, Output::open(options.out));
  Destination destination{table, std::move(output), {}, 0};
  SqlRunRequest request;
  request.sql = options.sql;
  request.limit = limit;
  request.output.format = table ? "json" : format;
  request.output.compression = options.compression;
  request.context.received_ns = monotonic_ns();
  if (!options.server.empty()) {
    Json body;
    body.set("sql", request.sql);
    body.set("format", request.output.format);
    if (limit) body.set("limit", *limit);
    if (!request.output.compression.empty()) body.set("compression", request.output.compression);
    const std::string token = table ? "" : random_hex(16);
    const std::string target = "/api/v1/query" + (table ? "" : "?job=" + token);
    return ask_server({options.server, "POST", target, body.dump(), "application/json"}, token, destination);
  }
  CANVASBACK_ASSIGN(Config config, load_config(options));
  CANVASBACK_ASSIGN(std::vector<DatasetSource> sources, dataset_sources(options, config));
  return run_here(options, std::move(sources), destination,
                  [&](QueryService& queries) { return queries.sql(request, CancelToken()); });
}

Result<Selection> selection_of(const CommandOptions& options, std::optional<std::int64_t> limit) {
  Selection selection;
  selection.limit = limit;
  if (!options.columns.empty()) {
    CANVASBACK_ASSIGN(selection.columns, parse_columns(options.columns));
  }
  if (!options.filter.empty()) {
    CANVASBACK_ASSIGN(selection.filter, Json::parse(long_numbers_kept(options.filter, LongNumbers::Text)));
  }
  if (!options.sort.empty()) {
    CANVASBACK_ASSIGN(selection.sort, parse_sort(options.sort));
  }
  if (!options.sample.empty()) {
    std::int64_t seed = 0;
    if (!options.seed.empty()) {
      CANVASBACK_ASSIGN(seed, parse_integer(options.seed, "--seed", 0, INT64_MAX));
    }
    CANVASBACK_ASSIGN(selection.sample, parse_sample(options.sample, seed));
  }
  return selection;
}

std::string export_target(const CommandOptions& options, const std::string& format) {
  std::string target = "/api/v1/datasets/" + percent_encode(options.name) + "/export?format=" + format;
  for (const auto& [name, value] : {std::pair{"columns", options.columns},
                                    {"filter", options.filter},
                                    {"sort", options.sort},
                                    {"sample", options.sample},
                                    {"seed", options.seed},
                                    {"limit", options.limit},
                                    {"compression", options.compression}}) {
    if (!value.empty()) target += fmt::format("&{}={}", name, percent_encode(value));
  }
  return target;
}

Status export_rows(const CommandOptions& options) {
  CANVASBACK_ASSIGN(std::string format, output_format(options));
  const bool table = format == "table";
  CANVASBACK_ASSIGN(std::optional<std::int64_t> limit, limit_of(options, table));
  CANVASBACK_ASSIGN(Selection selection, selection_of(options, limit));
  CANVASBACK_ASSIGN(Output output, Output::open(options.out));
  Destination destination{table, std::move(output), {}, 0};
  const std::string wire_format = table ? "json" : format;
  if (!options.server.empty()) {
    CommandOptions asked = options;
    if (limit) asked.limit = fmt::format("{}", *limit);
    const std::string token = table ? "" : random_hex(16);
    const std::string target = export_target(asked, wire_format) + (table ? "" : "&job=" + token);
    return ask_server({options.server, "GET", target, {}, {}}, token, destination);
  }
  CANVASBACK_ASSIGN(Config config, load_config(options));
  std::vector<DatasetSource> sources;
  for (const DatasetSource& source : config.datasets()) {
    if (source.name == options.name) sources.push_back(source);
  }
  if (sources.empty()) {
    CANVASBACK_ASSIGN(DatasetSource source, options.standard_input->source_of(options.name));
    sources.push_back(std::move(source));
  }
  RowsRequest request;
  request.dataset = sources[0].name;
  request.selection = std::move(selection);
  request.output.format = wire_format;
  request.output.compression = options.compression;
  request.context.received_ns = monotonic_ns();
  return run_here(options, std::move(sources), destination,
                  [&](QueryService& queries) { return queries.rows(request, CancelToken()); });
}

}  // namespace

int run_query(const CommandOptions& options) {
  if (const auto format = output_format(options); !format) return report_wrong_use(format.error());
  return report(query(options), options.sql);
}

int run_export(const CommandOptions& options) {
  if (const auto format = output_format(options); !format) return report_wrong_use(format.error());
  return report(export_rows(options));
}

}  // namespace canvasback
