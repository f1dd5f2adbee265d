// The commands of collections: ingest, stats, compact, archive, restore, verify. Each opens the data folder as a server
// would (its lock keeps two from doing so at once), asks the service, and ends.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>

#include "base/clock.hpp"
#include "base/limits.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "server/command_support.hpp"
#include "server/commands.hpp"
#include "server/terminal.hpp"
#include "service/record_generator.hpp"
#include "task/iso_week.hpp"
#include "transport/http/client.hpp"

namespace canvasback {
namespace {

void print(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

// A runtime on the data folder itself, its collections read.
Result<std::unique_ptr<Runtime>> open_collections(const CommandOptions& options) {
  CANVASBACK_ASSIGN(Config config, load_config(options));
  if (config.at("log_level").origin == "default") log::configure(log::Level::Error, log::Style::Text);
  CANVASBACK_ASSIGN(std::unique_ptr<Runtime> runtime, Runtime::make(config, false));
  CANVASBACK_TRY(runtime->run(runtime->collections().open()));
  return runtime;
}

asio::awaitable<bool> close(Runtime& runtime) {
  co_await runtime.collections().shut_down();
  co_await runtime.pool().shut_down(std::chrono::milliseconds(0));
  co_return true;
}

// Opens, does one thing, closes: what was begun is ended whatever it said.
template <class Work>
auto with_collections(const CommandOptions& options, Work work)
    -> decltype(work(std::declval<CollectionService&>()))::value_type {
  auto runtime = open_collections(options);
  if (!runtime) return std::unexpected(runtime.error());
  auto out = (*runtime)->run(work((*runtime)->collections()));
  (*runtime)->run(close(**runtime));
  return out;
}

Result<IngestRequest> request_for(const CommandOptions& options, const std::string& path) {
  IngestRequest request;
  request.collection = options.collection;
  request.quarantine = options.quarantine;
  const std::string name = lower(path);
  if (name.ends_with(".gz")) request.encoding = "gzip";
  if (name.ends_with(".zst")) request.encoding = "zstd";
  if (!options.format.empty()) {
    const auto format = input_format_from(options.format);
    if (!format) return fail(ErrorCode::InvalidData, "--format is json or ndjson.");
    request.format = *format;
  } else if (path == "-") {
    request.format = InputFormat::Ndjson;
  } else if (const auto format = input_format_of_file_name(path)) {
    request.format = *format;
  }
  request.received_ns = monotonic_ns();
  return request;
}

asio::awaitable<Result<IngestAnswer>> ingest_one(CollectionService& collections, IngestRequest request,
                                                 std::string path) {
  using Out = Result<IngestAnswer>;
  UniqueFd file(path == "-" ? ::dup(STDIN_FILENO) : ::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) {
    co_return Out(fail(ErrorCode::InvalidData, fmt::format("{} cannot be read: {}.", path, std::strerror(errno))));
  }
  auto stream = co_await collections.begin(std::move(request));
  if (!stream) co_return Out(std::unexpected(stream.error()));
  ProgressLine line("ingest " + path);
  std::string piece(limits::kInputFrameBytes, '\0');
  std::uint64_t bytes = 0;
  while (true) {
    const ssize_t got = ::read(file.get(), piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      co_return Out(fail(ErrorCode::InvalidData, fmt::format("{} cannot be read: {}.", path, std::strerror(errno))));
    }
    if (got == 0) break;
    bytes += static_cast<std::uint64_t>(got);
    if (!co_await (*stream)->feed(std::string_view(piece).substr(0, static_cast<std::size_t>(got)))) break;
    line.update(Json(), bytes);
  }
  co_return co_await (*stream)->finish();
}

void say_ingested(const std::string& path, std::int64_t records, std::int64_t quarantined, double seconds) {
  std::string text = fmt::format("{}: {} records", path, with_thousands(records));
  if (quarantined > 0) text += fmt::format(", {} put aside", with_thousands(quarantined));
  std::fprintf(stderr, "%s in %.2f s\n", text.c_str(), seconds);
}

Status send_one(const CommandOptions& options, const std::string& path) {
  http::ClientRequest request;
  request.server = options.server;
  request.method = "POST";
  request.target = "/ingest/file?collection=" + percent_encode(options.collection);
  if (options.quarantine) request.target += "&on_error=quarantine";
  CANVASBACK_ASSIGN(IngestRequest wanted, request_for(options, path));
  request.target += fmt::format("&format={}", name_of(wanted.format));
  request.encoding = wanted.encoding;
  UniqueFd file(path == "-" ? ::dup(STDIN_FILENO) : ::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return fail(ErrorCode::InvalidData, fmt::format("{} cannot be read: {}.", path, std::strerror(errno)));
  std::string piece(limits::kInputFrameBytes, '\0');
  request.next_piece = [&]() -> Result<std::string_view> {
    const ssize_t got = ::read(file.get(), piece.data(), piece.size());
    if (got < 0) return fail(ErrorCode::InvalidData, fmt::format("{} cannot be read.", path));
    return std::string_view(piece).substr(0, static_cast<std::size_t>(got));
  };
  Stopwatch watch;
  std::string body;
  CANVASBACK_TRY(http::fetch(request, [&](std::string_view bytes) {
    body += bytes;
    return Status();
  }));
  CANVASBACK_ASSIGN(Json answer, Json::parse(body));
  say_ingested(path, answer.at("records_processed").as_int(), answer.at("quarantined").as_int(),
               watch.elapsed_ms() / 1000);
  return {};
}

Status ingest(const CommandOptions& options) {
  if (!options.server.empty()) {
    for (const std::string& path : options.paths) CANVASBACK_TRY(send_one(options, path));
    return {};
  }
  CANVASBACK_ASSIGN(std::unique_ptr<Runtime> runtime, open_collections(options));
  Status status;
  for (const std::string& path : options.paths) {
    auto request = request_for(options, path);
    if (!request) {
      status = std::unexpected(request.error());
      break;
    }
    Stopwatch watch;
    auto answer = runtime->run(ingest_one(runtime->collections(), std::move(*request), path));
    if (!answer) {
      status = std::unexpected(answer.error());
      break;
    }
    say_ingested(path, answer->records, answer->quarantined, watch.elapsed_ms() / 1000);
  }
  runtime->run(close(*runtime));
  return status;
}

// The next piece of the stream of made-up records; empty at its end.
class MadeRecords {
 public:
  MadeRecords(RecordType type, std::uint64_t seed, std::uint64_t count) : generator_(type, seed), count_(count) {}

  std::string_view next() {
    piece_.clear();
    while (next_ < count_ && piece_.size() < limits::kInputFrameBytes) generator_.append(next_++, piece_);
    return piece_;
  }
  std::uint64_t made() const { return next_; }

 private:
  RecordGenerator generator_;
  std::uint64_t count_;
  std::uint64_t next_ = 0;
  std::string piece_;
};

Status generate(const CommandOptions& options) {
  const auto type = record_type_from(options.type);
  if (!type) return fail(ErrorCode::InvalidData, "--type is user, transaction, event, product or sensor.");
  CANVASBACK_ASSIGN(std::int64_t count, parse_integer(options.count, "--count", 0, INT64_MAX));
  std::int64_t seed = 0;
  if (!options.seed.empty()) {
    CANVASBACK_ASSIGN(seed, parse_integer(options.seed, "--seed", 0, INT64_MAX));
  }
  MadeRecords records(*type, static_cast<std::uint64_t>(seed), static_cast<std::uint64_t>(count));
  if (!options.server.empty()) {
    http::ClientRequest request;
    request.server = options.server;
    request.method = "POST";
    request.target = "/ingest/file?format=ndjson&collection=" + percent_encode(options.collection);
    request.next_piece = [&]() -> Result<std::string_view> { return records.next(); };
    Stopwatch watch;
    CANVASBACK_TRY(http::fetch(request, [](std::string_view) { return Status(); }));
    say_ingested(options.type, count, 0, watch.elapsed_ms() / 1000);
    return {};
  }
  CANVASBACK_ASSIGN(Output output, Output::open(options.out));
  while (true) {
    const std::string_view piece = records.next();
    if (piece.empty()) return output.finish();
    CANVASBACK_TRY(output.write(piece));
  }
}

Status stats(const CommandOptions& options) {
  const bool json = options.format == "json";
  if (!json && !options.format.empty() && options.format != "table") {
    return fail(ErrorCode::InvalidData, "--format is table or json.");
  }
  Json document;
  if (!options.server.empty()) {
    std::string body;
    const std::string target = "/statistics?collection=" + percent_encode(options.collection);
    CANVASBACK_TRY(http::fetch({options.server, "GET", target}, [&](std::string_view bytes) {
      body += bytes;
      return Status();
    }));
    CANVASBACK_ASSIGN(document, Json::parse(body));
  } else {
    CANVASBACK_ASSIGN(std::unique_ptr<Runtime> runtime, open_collections(options));
    const Collection* found = runtime->collections().find(options.collection);
    if (found == nullptr) {
      return fail(ErrorCode::DatasetNotFound, fmt::format("There is no collection \"{}\".", options.collection));
    }
    document = statistics_of(*found);
    runtime->run(close(*runtime));
  }
  if (json) {
    print(document.dump() + "\n");
    return {};
  }
  print(fmt::format("{}: {} records, {} columns, {} in {} files, {} of them not yet merged\n", options.collection,
                    with_thousands(document.at("total_records").as_int()), document.at("total_columns").as_int(),
                    human_bytes(document.at("total_bytes").as_uint()), document.at("total_files").as_int(),
                    document.at("unmerged_commits").as_int()));
  std::vector<std::vector<std::string>> rows;
  for (const Json& week : document.at("weeks").as_array()) {
    rows.push_back({std::string(week.at("week").as_string()), with_thousands(week.at("records").as_int()),
                    human_bytes(week.at("bytes").as_uint())});
  }
  if (!rows.empty()) {
    print(render_table({{"week", "", false}, {"records", "", true}, {"size", "", true}}, rows, terminal_width()));
  }
  return {};
}

Status compact(const CommandOptions& options) {
  const auto work = [&](CollectionService& collections) { return collections.compact(options.collection); };
  CANVASBACK_ASSIGN(std::size_t files, with_collections(options, work));
  std::fprintf(stderr, "%zu files merged\n", files);
  return {};
}

Result<std::int64_t> week_from(const std::string& text, const char* flag) {
  const auto week = parse_iso_week(text);
  if (!week) return fail(ErrorCode::InvalidData, fmt::format("{} takes an ISO week, such as 2025-W40.", flag));
  return week_number_of(*week);
}

void say_moved(const std::vector<std::string>& names) {
  for (const std::string& name : names) print(name + "\n");
  std::fprintf(stderr, "%zu files moved\n", names.size());
}

Status archive(const CommandOptions& options) {
  CANVASBACK_ASSIGN(std::int64_t week, week_from(options.before, "--before"));
  const auto work = [&](CollectionService& collections) {
    return collections.archive_before(options.collection, week);
  };
  CANVASBACK_ASSIGN(std::vector<std::string> names, with_collections(options, work));
  say_moved(names);
  return {};
}

Status restore(const CommandOptions& options) {
  std::int64_t first = INT64_MIN;
  std::int64_t last = INT64_MAX;
  if (!options.from.empty()) {
    CANVASBACK_ASSIGN(first, week_from(options.from, "--from"));
  }
  if (!options.until.empty()) {
    CANVASBACK_ASSIGN(last, week_from(options.until, "--until"));
  }
  const auto work = [&](CollectionService& collections) {
    return collections.restore(options.collection, first, last);
  };
  CANVASBACK_ASSIGN(std::vector<std::string> names, with_collections(options, work));
  say_moved(names);
  return {};
}

Status verify(const CommandOptions& options) {
  const auto work = [&](CollectionService& collections) { return collections.verify(options.collection); };
  CANVASBACK_ASSIGN(CollectionService::Verified verified, with_collections(options, work));
  for (const auto& [path, what] : verified.problems) print(fmt::format("{}: {}\n", path, what));
  std::fprintf(stderr, "%zu files, %s records, %zu problems\n", verified.files,
               with_thousands(verified.records).c_str(), verified.problems.size());
  if (verified.problems.empty()) return {};
  return fail(ErrorCode::InvalidData, "The collection is damaged.");
}

}  // namespace

int run_ingest(const CommandOptions& options) { return report(ingest(options)); }
int run_generate(const CommandOptions& options) { return report(generate(options)); }
int run_stats(const CommandOptions& options) { return report(stats(options)); }
int run_compact(const CommandOptions& options) { return report(compact(options)); }
int run_archive(const CommandOptions& options) { return report(archive(options)); }
int run_restore(const CommandOptions& options) { return report(restore(options)); }
int run_verify(const CommandOptions& options) { return report(verify(options)); }

}  // namespace canvasback
