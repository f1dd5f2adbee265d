// ingest: files, standard input as it comes, and the files that are put into a folder, into a collection: of the data
// folder itself, or of a running server.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <map>
#include <thread>

#include "base/clock.hpp"
#include "base/limits.hpp"
#include "base/text.hpp"
#include "net/http_client.hpp"
#include "server/command_collections.hpp"
#include "server/command_support.hpp"
#include "server/line_feed.hpp"
#include "server/terminal.hpp"
#include "storage/file.hpp"

namespace canvasback {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::milliseconds kRetryPeriod{200};
constexpr std::chrono::seconds kWatchPeriod{1};

// One body: how it is to be taken, and its bytes, piece by piece; empty at its end.
struct Body {
  IngestRequest request;
  std::function<Result<std::string_view>()> next_piece;
};

struct Sent {
  std::int64_t records = 0;
  std::int64_t quarantined = 0;
};

asio::awaitable<Result<Sent>> keep(CollectionService& collections, Body& body) {
  using Out = Result<Sent>;
  asio::steady_timer timer(co_await asio::this_coro::executor);
  auto stream = co_await collections.begin(body.request);
  while (!stream && stream.error().code == ErrorCode::TooManyRequests) {
    // Commits wait to be merged.
    timer.expires_after(kRetryPeriod);
    co_await timer.async_wait(kAwait);
    stream = co_await collections.begin(body.request);
  }
  if (!stream) co_return Out(std::unexpected(stream.error()));
  bool taken = true;
  while (taken) {
    auto piece = body.next_piece();
    if (!piece) co_return Out(std::unexpected(piece.error()));
    if (piece->empty()) break;
    taken = co_await (*stream)->feed(*piece);
  }
  auto answer = co_await (*stream)->finish();
  if (!answer) co_return Out(std::unexpected(answer.error()));
  Sent sent{answer->records, answer->quarantined};
  co_return Out(sent);
}

// Where bodies go.
class Keeper {
 public:
  static Result<Keeper> open(const CommandOptions& options) {
    Keeper out;
    out.server_ = options.server;
    if (options.server.empty()) {
      CANVASBACK_ASSIGN(out.runtime_, open_collections(options));
      out.runtime_->collections().start_maintaining();
    }
    return out;
  }
  Keeper(Keeper&&) = default;
  Keeper& operator=(Keeper&&) = delete;
  ~Keeper() {
    if (runtime_) close_collections(*runtime_);
  }

  Result<Sent> keep_body(Body body) {
    body.request.received_ns = monotonic_ns();
    return runtime_ ? runtime_->run(keep(runtime_->collections(), body)) : send(body);
  }

 private:
  Keeper() = default;

  Result<Sent> send(Body& body) const {
    http::ClientRequest request;
    request.server = server_;
    request.method = "POST";
    request.target = fmt::format("/ingest/file?collection={}&format={}", percent_encode(body.request.collection),
                                 name_of(body.request.format));
    if (body.request.quarantine) request.target += "&on_error=quarantine";
    request.encoding = body.request.encoding;
    request.idempotency_key = body.request.key;
    request.next_piece = body.next_piece;
    std::string text;
    CANVASBACK_TRY(http::fetch(request, [&](std::string_view bytes) {
      text += bytes;
      return Status();
    }));
    CANVASBACK_ASSIGN(Json answer, Json::parse(text));
    return Sent{answer.at("records_processed").as_int(), answer.at("quarantined").as_int()};
  }

  std::string server_;
  std::unique_ptr<Runtime> runtime_;
};

Result<IngestRequest> request_for(const CommandOptions& options, const std::string& path) {
  IngestRequest request;
  request.collection = options.collection;
  request.quarantine = options.quarantine;
  const std::string name = lower(path);
  if (name.ends_with(".gz")) request.encoding = "gzip";
  if (name.ends_with(".zst")) request.encoding = "zstd";
  if (!options.format.empty()) {
    const auto format = input_format_from(options.format);
    if (!format) return fail(ErrorCode::InvalidData, "--format is json, ndjson, csv, parquet or arrow.");
    request.format = *format;
  } else if (path == "-") {
    request.format = InputFormat::Ndjson;
  } else if (const auto format = input_format_of_file_name(path)) {
    request.format = *format;
  }
  return request;
}

void say_kept(const std::string& path, const Sent& sent, double seconds) {
  std::string text = fmt::format("{}: {} records", path, with_thousands(sent.records));
  if (sent.quarantined > 0) text += fmt::format(", {} put aside", with_thousands(sent.quarantined));
  std::fprintf(stderr, "%s in %.2f s\n", text.c_str(), seconds);
}

Status keep_file(Keeper& keeper, const CommandOptions& options, const std::string& path, const std::string& key = {}) {
  UniqueFd file(path == "-" ? ::dup(STDIN_FILENO) : ::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return fail(ErrorCode::InvalidData, fmt::format("{} cannot be read: {}.", path, std::strerror(errno)));
  CANVASBACK_ASSIGN(IngestRequest request, request_for(options, path));
  request.key = key;
  ProgressLine line("ingest " + path);
  std::string piece(limits::kInputFrameBytes, '\0');
  std::uint64_t bytes = 0;
  Body body;
  body.request = std::move(request);
  body.next_piece = [&]() -> Result<std::string_view> {
    ssize_t got = 0;
    do {
      got = ::read(file.get(), piece.data(), piece.size());
    } while (got < 0 && errno == EINTR);
    if (got < 0) return fail(ErrorCode::InvalidData, fmt::format("{} cannot be read: {}.", path, std::strerror(errno)));
    bytes += static_cast<std::uint64_t>(got);
    line.update(Json(), bytes);
    return std::string_view(piece).substr(0, static_cast<std::size_t>(got));
  };
  Stopwatch watch;
  CANVASBACK_ASSIGN(Sent sent, keeper.keep_body(std::move(body)));
  say_kept(path, sent, watch.elapsed_ms() / 1000);
  return {};
}

// A pipe is kept in batches, as its lines come.
bool is_followed(const IngestRequest& request) {
  struct stat info {};
  const bool lines = request.format == InputFormat::Ndjson && request.encoding.empty();
  return lines && ::fstat(STDIN_FILENO, &info) == 0 && !S_ISREG(info.st_mode);
}

Status follow(Keeper& keeper, const IngestRequest& request) {
  LineFeed feed(STDIN_FILENO);
  Sent all;
  Stopwatch watch;
  while (true) {
    CANVASBACK_ASSIGN(const bool more, feed.wait());
    if (!more) break;
    Body body;
    body.request = request;
    body.next_piece = [&] { return feed.next(); };
    CANVASBACK_ASSIGN(Sent sent, keeper.keep_body(std::move(body)));
    all.records += sent.records;
    all.quarantined += sent.quarantined;
  }
  say_kept("-", all, watch.elapsed_ms() / 1000);
  return {};
}

// A file that nobody writes to any more: it looks the same twice.
struct Seen {
  std::uintmax_t bytes = 0;
  std::int64_t modified_ns = 0;
  bool operator==(const Seen&) const = default;
};

std::map<std::string, Seen> files_in(const std::string& folder) {
  std::map<std::string, Seen> out;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    const bool unfinished =
        name.starts_with('.') || name.ends_with(".tmp") || name.ends_with(".part") || name.ends_with(".incomplete");
    struct stat info {};
    if (unfinished || ::stat(entry.path().c_str(), &info) != 0 || !S_ISREG(info.st_mode)) continue;
    out[name] = {static_cast<std::uintmax_t>(info.st_size), info.st_mtim.tv_sec * 1'000'000'000 + info.st_mtim.tv_nsec};
  }
  return out;
}

// Keeps what is put into the folder, and moves it to `done` or `failed` there. A crash between the two does no harm:
// the file's name, size and time are its key, and what was kept under a key is not kept again.
Status watch(Keeper& keeper, const CommandOptions& options) {
  const std::string folder = options.watch;
  for (const char* name : {"/done", "/failed"}) CANVASBACK_TRY(file::make_folder(folder + name));
  std::fprintf(stderr, "watching %s\n", folder.c_str());
  std::map<std::string, Seen> before;
  while (true) {
    auto now = files_in(folder);
    for (const auto& [name, seen] : now) {
      const auto known = before.find(name);
      if (known == before.end() || !(known->second == seen)) continue;
      const std::string path = folder + "/" + name;
      const std::string key = fmt::format("{}:{}:{}", name.substr(0, 64), seen.bytes, seen.modified_ns);
      Status status = keep_file(keeper, options, path, key);
      if (!status && status.error().code == ErrorCode::Unavailable) return status;  // not the file's fault
      if (!status) std::fprintf(stderr, "%s: %s\n", path.c_str(), status.error().message.c_str());
      const std::string target = fmt::format("{}/{}/{}", folder, status ? "done" : "failed", name);
      CANVASBACK_TRY(file::rename(path, target));
    }
    before = std::move(now);
    std::this_thread::sleep_for(kWatchPeriod);
  }
}

Status ingest(const CommandOptions& options) {
  if (options.paths.empty() == options.watch.empty()) {
    return fail(ErrorCode::InvalidData, "ingest takes files, - for standard input, or --watch DIR.");
  }
  CANVASBACK_ASSIGN(Keeper keeper, Keeper::open(options));
  if (!options.watch.empty()) return watch(keeper, options);
  for (const std::string& path : options.paths) {
    CANVASBACK_ASSIGN(IngestRequest request, request_for(options, path));
    if (path == "-" && is_followed(request)) {
      CANVASBACK_TRY(follow(keeper, request));
    } else {
      CANVASBACK_TRY(keep_file(keeper, options, path));
    }
  }
  return {};
}

}  // namespace

int run_ingest(const CommandOptions& options) { return report(ingest(options)); }

}  // namespace canvasback
