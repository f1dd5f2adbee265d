// The commands of collections beside ingest and backup: generate, stats, compact, archive, restore, verify. Each opens
// the data folder as a server would (its lock keeps two from doing so at once), asks the service, and ends.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>

#include "base/clock.hpp"
#include "base/hash.hpp"
#include "base/iso_week.hpp"
#include "base/limits.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "net/http_client.hpp"
#include "server/command_collections.hpp"
#include "server/command_marketplace.hpp"
#include "server/command_support.hpp"
#include "server/commands.hpp"
#include "server/terminal.hpp"
#include "service/collection/record_generator.hpp"

namespace canvasback {

namespace {

asio::awaitable<bool> close(Runtime& runtime) {
  co_await runtime.collections().shut_down();
  co_await runtime.pool().shut_down(std::chrono::milliseconds(0));
  co_return true;
}

}  // namespace

Result<std::unique_ptr<Runtime>> open_collections(const CommandOptions& options) {
  CANVASBACK_ASSIGN(Config config, load_config(options));
  if (config.at("log_level").origin == "default") log::configure(log::Level::Error, log::Style::Text);
  CANVASBACK_ASSIGN(std::unique_ptr<Runtime> runtime, Runtime::make(config, false));
  CANVASBACK_TRY(runtime->run(runtime->collections().open()));
  return runtime;
}

void close_collections(Runtime& runtime) { runtime.run(close(runtime)); }

namespace {

// Opens, does one thing, closes: what was begun is ended whatever it said.
template <class Work>
auto with_collections(const CommandOptions& options, Work work)
    -> decltype(work(std::declval<CollectionService&>()))::value_type {
  auto runtime = open_collections(options);
  if (!runtime) return std::unexpected(runtime.error());
  auto out = (*runtime)->run(work((*runtime)->collections()));
  close_collections(**runtime);
  return out;
}

void say_ingested(const std::string& path, std::int64_t records, double seconds) {
  std::fprintf(stderr, "%s: %s records in %.2f s\n", path.c_str(), with_thousands(records).c_str(), seconds);
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

// By way of a file of NDJSON beside the one that is wanted: the worker that writes Parquet reads files.
Status generate_parquet(const CommandOptions& options, MadeRecords& records) {
  if (options.out.empty() || options.out == "-") return fail(ErrorCode::InvalidData, "Parquet needs --out FILE.");
  CommandOptions exported = options;
  const std::string lines = fmt::format("{}.{}.tmp.ndjson", options.out, random_hex(8));
  exported.name = "records=" + lines;
  exported.seed.clear();  // of a sample, there
  const OnInterrupt undo([lines] { ::unlink(lines.c_str()); });
  {
    CANVASBACK_ASSIGN(Output output, Output::open(lines));
    for (auto piece = records.next(); !piece.empty(); piece = records.next()) CANVASBACK_TRY(output.write(piece));
    CANVASBACK_TRY(output.finish());
  }
  const int code = run_export(exported);
  ::unlink(lines.c_str());
  return code == 0 ? Status() : fail(ErrorCode::DataProcessing, "The Parquet file could not be written.");
}

Status generate(const CommandOptions& options) {
  const auto type = record_type_from(options.type);
  if (!type) return fail(ErrorCode::InvalidData, "--type must be user, transaction, event, product or sensor.");
  std::int64_t count = 1000;
  if (!options.count.empty()) {
    CANVASBACK_ASSIGN(count, parse_integer(options.count, "--count", 0, INT64_MAX));
  }
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
    say_ingested(options.type, count, watch.elapsed_ms() / 1000);
    return {};
  }
  if (options.format == "parquet") return generate_parquet(options, records);
  if (!options.format.empty() && options.format != "ndjson") {
    return fail(ErrorCode::InvalidData, "--format must be ndjson or parquet.");
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
    return fail(ErrorCode::InvalidData, "--format must be table or json.");
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
    if (found == nullptr) return fail(no_collection(options.collection));
    if (const auto& blocked = found->health.blocked()) return std::unexpected(*blocked);
    document = statistics_of(*found);
    close_collections(*runtime);
  }
  if (json) return print(document.dump() + "\n");
  CANVASBACK_TRY(
      print(fmt::format("{}: {} records, {} columns, {} in {} files, {} of them not yet merged\n", options.collection,
                        with_thousands(document.at("total_records").as_int()), document.at("total_columns").as_int(),
                        human_bytes(document.at("total_bytes").as_uint()), document.at("total_files").as_int(),
                        document.at("unmerged_commits").as_int())));
  std::vector<std::vector<std::string>> rows;
  for (const Json& week : document.at("weeks").as_array()) {
    rows.push_back({std::string(week.at("week").as_string()), with_thousands(week.at("records").as_int()),
                    human_bytes(week.at("bytes").as_uint())});
  }
  if (rows.empty()) return {};
  return print(render_table({{"week", "", false}, {"records", "", true}, {"size", "", true}}, rows, terminal_width()));
}

// Work on a collection of a running server: what came of it, once it has ended.
Result<Json> ask_for_work(const CommandOptions& options, const char* work, const Json& body) {
  http::ClientRequest request;
  request.server = options.server;
  request.method = "POST";
  request.target = fmt::format("/api/v1/collections/{}/{}", percent_encode(options.collection), work);
  request.body = body.dump();
  request.content_type = "application/json";
  std::string answer;
  CANVASBACK_TRY(http::fetch(request, [&](std::string_view bytes) {
    answer += bytes;
    return Status();
  }));
  CANVASBACK_ASSIGN(Json job, Json::parse(answer));
  return job.at("result");
}

// The same work in the data folder itself or at a running server: `work` of the collections here, or what the server
// says of it, as `parse` reads it.
template <class Work, class Parse>
auto work_here_or_there(const CommandOptions& options, const char* name, const Json& body, Work work, Parse parse)
    -> decltype(with_collections(options, work)) {
  if (options.server.empty()) return with_collections(options, work);
  CANVASBACK_ASSIGN(Json result, ask_for_work(options, name, body));
  return parse(result);
}

Status compact(const CommandOptions& options) {
  const auto work = [&](CollectionService& collections) {
    return collections.compaction().compact(options.collection, WorkWatch());
  };
  const auto parse = [](const Json& result) { return static_cast<std::size_t>(result.at("files_merged").as_uint()); };
  const Json body(Json::Object{});
  CANVASBACK_ASSIGN(std::size_t files, work_here_or_there(options, "compact", body, work, parse));
  std::fprintf(stderr, "%zu files merged\n", files);
  return {};
}

Result<std::int64_t> week_from(const std::string& text, const char* flag) {
  const auto week = parse_iso_week(text);
  if (!week) return fail(ErrorCode::InvalidData, fmt::format("{} takes an ISO week, such as 2025-W40.", flag));
  return week_number_of(*week);
}

// Some that were not moved are a failure, though the others were.
Status say_moved(const ArchiveService::Moved& moved) {
  for (const std::string& name : moved.files) CANVASBACK_TRY(print(name + "\n"));
  for (const auto& [name, why] : moved.skipped) std::fprintf(stderr, "%s: %s\n", name.c_str(), why.c_str());
  std::fprintf(stderr, "%zu files moved\n", moved.files.size());
  if (moved.skipped.empty()) return {};
  return fail(ErrorCode::Unavailable, fmt::format("{} files were not moved.", moved.skipped.size()));
}

ArchiveService::Moved moved_from(const Json& result) {
  ArchiveService::Moved out;
  for (const Json& text : result.at("files").as_array()) out.files.emplace_back(text.as_string());
  for (const Json& entry : result.at("skipped").as_array()) {
    out.skipped.emplace_back(entry.at("file").as_string(), entry.at("problem").as_string());
  }
  return out;
}

Status archive(const CommandOptions& options) {
  CANVASBACK_ASSIGN(std::int64_t week, week_from(options.before, "--before"));
  const auto work = [&](CollectionService& collections) {
    return collections.archive().archive_before(options.collection, week);
  };
  Json body;
  body.set("before", options.before);
  CANVASBACK_ASSIGN(const ArchiveService::Moved moved, work_here_or_there(options, "archive", body, work, moved_from));
  return say_moved(moved);
}

struct Restored {
  ArchiveService::Moved moved;
  std::vector<std::string> problems;  // of unique values
};

Restored restored_from(const Json& result) {
  Restored out{moved_from(result), {}};
  for (const Json& each : result.at("problems").as_array()) out.problems.emplace_back(each.at("problem").as_string());
  return out;
}

Status restore(const CommandOptions& options) {
  std::int64_t first = INT64_MIN;
  std::int64_t last = INT64_MAX;
  Json body(Json::Object{});
  if (!options.from.empty()) {
    CANVASBACK_ASSIGN(first, week_from(options.from, "--from"));
    body.set("from", options.from);
  }
  if (!options.until.empty()) {
    CANVASBACK_ASSIGN(last, week_from(options.until, "--until"));
    body.set("until", options.until);
  }
  const auto work = [&](CollectionService& collections) -> asio::awaitable<Result<Restored>> {
    auto moved = co_await collections.archive().restore(options.collection, first, last);
    if (!moved) co_return Result<Restored>(std::unexpected(moved.error()));
    co_return Restored{std::move(*moved), shared_value_problems(*collections.find(options.collection))};
  };
  CANVASBACK_ASSIGN(const Restored restored, work_here_or_there(options, "restore", body, work, restored_from));
  Status all_moved = say_moved(restored.moved);
  for (const std::string& problem : restored.problems) std::fprintf(stderr, "%s\n", problem.c_str());
  return all_moved;
}

VerifyService::Verified verified_from(const Json& result) {
  VerifyService::Verified out;
  out.files = static_cast<std::size_t>(result.at("files").as_uint());
  out.records = result.at("records").as_int();
  for (const Json& problem : result.at("problems").as_array()) {
    out.problems.emplace_back(problem.at("file").as_string(), problem.at("problem").as_string());
  }
  return out;
}

Status verify(const CommandOptions& options) {
  const auto work = [&](CollectionService& collections) {
    return collections.verification().verify(options.collection, WorkWatch());
  };
  const Json body(Json::Object{});
  CANVASBACK_ASSIGN(VerifyService::Verified verified, work_here_or_there(options, "verify", body, work, verified_from));
  Status printed;
  for (const auto& [path, what] : verified.problems) {
    if (printed) printed = print(fmt::format("{}: {}\n", path, what));
  }
  std::fprintf(stderr, "%zu files, %s records, %zu problems\n", verified.files,
               with_thousands(verified.records).c_str(), verified.problems.size());
  if (verified.problems.empty()) return {};
  if (!printed && !is_reader_gone(printed.error())) report(printed);
  return fail(ErrorCode::InvalidData, "The collection is damaged.");
}

}  // namespace

int run_generate(const CommandOptions& options) {
  if (const Status usable = check_generate(options); !usable) return report_wrong_use(usable.error());
  return report(options.type == "marketplace" ? generate_marketplace(options) : generate(options));
}
int run_stats(const CommandOptions& options) { return report(stats(options)); }
int run_compact(const CommandOptions& options) { return report(compact(options)); }
int run_archive(const CommandOptions& options) { return report(archive(options)); }
int run_restore(const CommandOptions& options) { return report(restore(options)); }
int run_verify(const CommandOptions& options) { return report(verify(options)); }

}  // namespace canvasback
