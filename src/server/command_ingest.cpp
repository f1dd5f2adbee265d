// ingest: files, standard input as it comes, and the files that are put into a folder, into a collection: of the data
// folder itself, or of a running server.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "base/clock.hpp"
#include "base/limits.hpp"
#include "base/text.hpp"
#include "net/http_client.hpp"
#include "server/command_support.hpp"
#include "server/keeper.hpp"
#include "server/line_feed.hpp"
#include "server/terminal.hpp"
#include "server/watched_folder.hpp"

namespace canvasback {
namespace {

Result<IngestRequest> request_for(const CommandOptions& options, const std::string& path) {
  IngestRequest request;
  request.collection = options.collection;
  request.quarantine = options.quarantine;
  const std::string name = lower(path);
  if (name.ends_with(".gz")) request.encoding = "gzip";
  if (name.ends_with(".zst")) request.encoding = "zstd";
  if (!options.format.empty()) {
    const auto format = input_format_from(options.format);
    if (!format) return fail(ErrorCode::InvalidData, "--format must be json, ndjson, csv, parquet or arrow.");
    request.format = *format;
  } else if (path == "-") {
    request.format = InputFormat::Ndjson;
  } else if (const auto format = input_format_of_file_name(path)) {
    request.format = *format;
  }
  return request;
}

void say_kept(const std::string& path, const Sent& sent, double seconds) {
  if (sent.repeated) {
    std::fprintf(stderr, "%s: already ingested, %s records\n", path.c_str(), with_thousands(sent.records).c_str());
    return;
  }
  std::string text = fmt::format("{}: {} records", path, with_thousands(sent.records));
  if (sent.quarantined > 0) text += fmt::format(", {} quarantined", with_thousands(sent.quarantined));
  std::fprintf(stderr, "%s in %.2f s\n", text.c_str(), seconds);
}

// Reads what is left of a file, at most so many bytes; told of how far it is.
class FileReader {
 public:
  FileReader(int fd, std::string path, std::uint64_t bytes_max = UINT64_MAX)
      : fd_(fd), path_(std::move(path)), left_(bytes_max), line_("ingest " + path_) {}

  Result<std::string_view> next() {
    const std::size_t wanted = static_cast<std::size_t>(std::min<std::uint64_t>(piece_.size(), left_));
    ssize_t got = 0;
    do {
      got = ::read(fd_, piece_.data(), wanted);
    } while (got < 0 && errno == EINTR);
    if (got < 0)
      return fail(ErrorCode::InvalidData, fmt::format("{} cannot be read: {}.", path_, std::strerror(errno)));
    left_ -= static_cast<std::uint64_t>(got);
    bytes_ += static_cast<std::uint64_t>(got);
    line_.update(Json(), bytes_);
    return std::string_view(piece_).substr(0, static_cast<std::size_t>(got));
  }

 private:
  int fd_;
  std::string path_;
  std::uint64_t left_;
  std::uint64_t bytes_ = 0;
  std::string piece_ = std::string(limits::kInputFrameBytes, '\0');
  ProgressLine line_;
};

Status keep_file(Keeper& keeper, const CommandOptions& options, const std::string& path) {
  const UniqueFd file(path == "-" ? ::dup(STDIN_FILENO) : ::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return fail(ErrorCode::InvalidData, fmt::format("{} cannot be read: {}.", path, std::strerror(errno)));
  Body body;
  CANVASBACK_ASSIGN(body.request, request_for(options, path));
  FileReader reader(file.get(), path);
  body.next_piece = [&] { return reader.next(); };
  Stopwatch watch;
  auto sent = keeper.keep(std::move(body));
  if (!sent) {
    Error error = sent.error();
    if (keeper.uncertain()) error.message += fmt::format(" Whether {} was kept is not known.", path);
    return std::unexpected(error);
  }
  say_kept(path, *sent, watch.elapsed_ms() / 1000);
  return {};
}

// A pipe is kept in batches, as its lines come.
bool is_followed(const IngestRequest& request) {
  struct stat info {};
  const bool lines = request.format == InputFormat::Ndjson && request.encoding.empty();
  return lines && ::fstat(STDIN_FILENO, &info) == 0 && !S_ISREG(info.st_mode);
}

// What became of a pipe's lines so far.
struct Followed {
  Sent all;
  std::int64_t batches = 0;
  std::int64_t lines = 0;        // in the batches that were kept
  std::int64_t batch_lines = 0;  // of the batch that is under way

  void count(std::string_view piece) {
    batch_lines += std::ranges::count(piece, '\n') + (!piece.empty() && piece.back() != '\n' ? 1 : 0);
  }
};

// The message of a batch that failed, with lines counted as the input's, and what became of the others: enough to send
// the rest again, and no line twice.
Error explain(const Error& error, const Followed& followed, bool uncertain) {
  Error out = error;
  auto errors = Json::parse(error.detail);
  if (errors && errors->is_array() && !errors->as_array().empty() && errors->as_array()[0].at("line").is_integer()) {
    const std::int64_t line = errors->as_array()[0].at("line").as_int();
    const std::string told = fmt::format("line {}:", line);
    if (const std::size_t at = out.message.find(told); at != std::string::npos) {
      out.message.replace(at, told.size(), fmt::format("line {}:", followed.lines + line));
    }
  }
  constexpr std::string_view kNothing = "Nothing was kept: ";
  if (out.message.starts_with(kNothing)) out.message.erase(0, kNothing.size());
  const std::int64_t first = followed.lines + 1;
  const std::string kept = followed.lines == 0 ? std::string("Nothing was kept before")
                                               : fmt::format("Lines 1 to {} are kept ({} records in {} batches)",
                                                             followed.lines, followed.all.records, followed.batches);
  const std::string rest = uncertain
                               ? fmt::format("whether lines {} to {} are kept is not known, and nothing behind them is",
                                             first, followed.lines + followed.batch_lines)
                               : fmt::format("nothing from line {} on is", first);
  out.message += fmt::format(" {}; {}.", kept, rest);
  return out;
}

Status follow(Keeper& keeper, const IngestRequest& request) {
  LineFeed feed(STDIN_FILENO);
  Followed followed;
  Stopwatch watch;
  while (true) {
    auto more = feed.wait();
    if (!more) return std::unexpected(explain(more.error(), followed, false));
    if (!*more) break;
    Body body;
    body.request = request;
    followed.batch_lines = 0;
    body.next_piece = [&]() -> Result<std::string_view> {
      auto piece = feed.next();
      if (piece) followed.count(*piece);
      return piece;
    };
    auto sent = keeper.keep(std::move(body));
    if (!sent) return std::unexpected(explain(sent.error(), followed, keeper.uncertain()));
    followed.all.records += sent->records;
    followed.all.quarantined += sent->quarantined;
    followed.lines += followed.batch_lines;
    ++followed.batches;
  }
  say_kept("-", followed.all, watch.elapsed_ms() / 1000);
  return {};
}

// Whether another try, without any change of the file, may do better.
bool may_pass_later(ErrorCode code) {
  switch (code) {
    case ErrorCode::Unavailable:
    case ErrorCode::TooManyRequests:
    case ErrorCode::IdempotencyKeyInUse:  // another watcher of the folder is at it
    case ErrorCode::StorageLimit:
    case ErrorCode::MemoryLimit:
    case ErrorCode::RequestTimeout:
    case ErrorCode::QueryTimeout:
    case ErrorCode::Cancelled:
    case ErrorCode::DataProcessing: return true;
    default: return false;
  }
}

WatchedFolder::Answer keep_part(Keeper& keeper, const CommandOptions& options, const FilePart& part) {
  using Outcome = WatchedFolder::Outcome;
  auto request = request_for(options, part.path);
  if (!request) return {Outcome::Stop, request.error().message};
  request->key = part.key;
  if (::lseek(part.fd, static_cast<off_t>(part.begin), SEEK_SET) < 0) return {Outcome::Later, "it cannot be read"};
  FileReader reader(part.fd, part.path, part.end - part.begin);
  bool changed = false;
  Body body;
  body.request = std::move(*request);
  body.next_piece = [&]() -> Result<std::string_view> {
    CANVASBACK_ASSIGN(std::string_view piece, reader.next());
    changed = piece.empty() && !part.unchanged();
    if (changed) return fail(ErrorCode::InvalidData, "The file was changed while it was read.");
    return piece;
  };
  Stopwatch watch;
  auto sent = keeper.keep(std::move(body));
  if (changed) return {Outcome::Later, {}};
  if (!sent) {
    const Error& error = sent.error();
    const bool later = may_pass_later(error.code);
    // The data folder's own disk has failed: only a new start helps.
    if (error.code == ErrorCode::Unavailable && !keeper.is_remote()) return {Outcome::Stop, error.message};
    return {later ? Outcome::Later : Outcome::Refused, error.message};
  }
  say_kept(part.path, *sent, watch.elapsed_ms() / 1000);
  return {Outcome::Kept, {}};
}

Status watch(Keeper& keeper, const CommandOptions& options) {
  CANVASBACK_ASSIGN(const std::int64_t settle_s, parse_integer(options.settle, "--settle", 0, 86'400));
  const auto keep = [&](const FilePart& part) { return keep_part(keeper, options, part); };
  CANVASBACK_ASSIGN(WatchedFolder folder, WatchedFolder::open(options.watch, settle_s, keep));
  std::fprintf(stderr, "watching %s\n", options.watch.c_str());
  while (true) CANVASBACK_TRY(folder.look());
}

Status ingest(const CommandOptions& options) {
  if (options.paths.empty() == options.watch.empty()) {
    return fail(ErrorCode::InvalidData, "ingest takes files, - for standard input, or --watch DIR.");
  }
  CANVASBACK_ASSIGN(Keeper keeper, Keeper::open(options));
  if (!options.watch.empty()) return watch(keeper, options);
  for (std::size_t i = 0; i < options.paths.size(); ++i) {
    const std::string& path = options.paths[i];
    CANVASBACK_ASSIGN(IngestRequest request, request_for(options, path));
    Status status = path == "-" && is_followed(request) ? follow(keeper, request) : keep_file(keeper, options, path);
    if (status) continue;
    Error error = status.error();
    error.message = fmt::format("{}: {}", path, error.message);
    if (i + 1 < options.paths.size())
      error.message += fmt::format(" Not begun: {} and what follows.", options.paths[i + 1]);
    return std::unexpected(error);
  }
  return {};
}

}  // namespace

int run_ingest(const CommandOptions& options) { return report(ingest(options)); }

}  // namespace canvasback
