#include "server/feeds.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "base/clock.hpp"
#include "base/hash.hpp"
#include "base/limits.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "net/http_client.hpp"
#include "net/url.hpp"
#include "server/feed_rejects.hpp"
#include "service/schedule/on_thread.hpp"

namespace canvasback {
namespace {

constexpr std::chrono::milliseconds kConnectMax{10'000};
constexpr std::chrono::milliseconds kIdleMax{30'000};

// Media types that say how bytes are packed, or nothing at all.
bool says_nothing(std::string_view media_type) {
  constexpr std::array<std::string_view, 8> kNeutral{"",
                                                     "text/plain",
                                                     "application/octet-stream",
                                                     "binary/octet-stream",
                                                     "application/gzip",
                                                     "application/x-gzip",
                                                     "application/zstd",
                                                     "application/x-zstd"};
  return std::ranges::find(kNeutral, media_type) != kNeutral.end();
}

// A compressed file, whatever its name is: no format of records begins so.
std::string encoding_of(std::string_view body) {
  if (body.starts_with("\x1f\x8b")) return "gzip";
  if (body.starts_with("\x28\xb5\x2f\xfd")) return "zstd";
  return {};
}

http::ClientRequest request_of(const FeedSource& source, const FeedMemory& memory, const CancelToken& stopping) {
  http::ClientRequest out;
  out.server = source.url;
  if (const auto url = http::Url::parse(source.url)) out.target = url->target;
  out.headers.emplace_back("Accept", "application/json, application/x-ndjson, text/csv, */*;q=0.5");
  // Another address that a redirect leads to by now may have the same tag for something else.
  out.headers_of_url = [memory](const std::string& url) {
    std::vector<std::pair<std::string, std::string>> headers;
    if (sha256_hex(url) != memory.url_sha256) return headers;
    if (!memory.etag.empty()) headers.emplace_back("If-None-Match", memory.etag);
    if (!memory.last_modified.empty()) headers.emplace_back("If-Modified-Since", memory.last_modified);
    return headers;
  };
  const std::chrono::milliseconds whole = std::chrono::seconds(source.timeout_s);
  out.limits = {std::min(kConnectMax, whole), std::min(kIdleMax, whole), whole};
  out.redirects_max = kFeedRedirectsMax;
  out.takes_compressed = true;
  out.cancel = stopping;
  return out;
}

}  // namespace

struct Feeds::Fetched {
  bool unchanged = false;  // the server says so
  std::string body;
  std::string media_type;
  FeedMemory memory;  // as it is once this is kept
};

Feeds::Feeds(asio::any_io_executor executor, Schedule& schedule, CollectionService& collections,
             std::vector<FeedSource> sources)
    : executor_(std::move(executor)),
      schedule_(schedule),
      collections_(collections),
      statuses_(sources.size()),
      network_(std::max<std::size_t>(1, sources.size())) {
  for (std::size_t i = 0; i < sources.size(); ++i) {
    Feed feed;
    feed.id = feed_id(sources[i]);
    feed.memory_path = fmt::format("{}/feeds/{}.json", collections.data_folder(), feed.id);
    feed.status = &statuses_[i];
    const auto url = http::Url::parse(sources[i].url);
    feed.status->url = url ? url->display() : "";
    feed.status->collection = sources[i].collection;
    feed.source = std::move(sources[i]);
    feeds_.push_back(std::move(feed));
  }
}

Feeds::~Feeds() {
  *alive_ = false;
  stopping_.cancel(CancelReason::Shutdown);
  network_.join();
}

void Feeds::start() {
  for (Feed& feed : feeds_) asio::co_spawn(executor_, run(feed, alive_), asio::detached);
}

asio::awaitable<void> Feeds::run(Feed& feed, std::shared_ptr<bool> alive) {
  bool goes_on = true;
  while (goes_on && *alive) {
    feed.status->asking = true;
    auto kept = co_await ask(feed);
    if (!*alive) co_return;
    feed.status->asking = false;
    tell(feed, kept);
    const auto period = std::chrono::seconds(feed.source.every_s);
    feed.status->next_us = wall_us() + std::chrono::microseconds(period).count();
    goes_on = co_await schedule_.sleep(period);
  }
}

// Into the status, and into the log what is new: a failure that goes on is told once.
void Feeds::tell(Feed& feed, const Result<Kept>& kept) {
  FeedStatus& status = *feed.status;
  if (!kept) {
    const std::string error = kept.error().message;
    if (error != status.error) {
      log::warning("feed {}: {}", status.url, error);
      log::debug("feed {}: {}", status.url, kept.error().detail.substr(0, 512));  // may have values in it
    }
    status.error = error;
    ++status.failures;
    return;
  }
  if (status.failures > 0) log::info("feed {}: it answers again", status.url);
  status.failures = 0;
  status.error.clear();
  status.last_success_us = wall_us();
  if (!kept->changed) return;
  status.records += kept->answer.records;
  status.quarantined += kept->answer.quarantined;
  log::info("feed {}: {} records", status.url, kept->answer.records);
  if (kept->answer.quarantined > 0) {
    log::warning("feed {}: {} invalid records quarantined, in quarantine/ of collection {}", status.url,
                 kept->answer.quarantined, status.collection);
  }
}

asio::awaitable<Result<Feeds::Kept>> Feeds::ask(Feed& feed) {
  using Out = Result<Kept>;
  if (!feed.remembers) {
    auto reading = [&feed] { return read_feed_memory(feed.memory_path); };
    auto read = co_await on_thread(network_, reading);
    if (!read) co_return Out(std::unexpected(read.error()));
    feed.memory = recall(std::move(*read), feed.id, collections_.find(feed.source.collection));
    feed.remembers = true;
  }
  auto fetching = [&feed, stopping = stopping_]() -> Result<Fetched> {
    Fetched out;
    const auto take = [&out](std::string_view bytes) -> Status {
      if (out.body.size() + bytes.size() > limits::kFeedBytesMax) {
        return fail(ErrorCode::PayloadTooLarge, "The answer is too large for a feed: more than 64 MiB.");
      }
      out.body += bytes;
      return {};
    };
    CANVASBACK_ASSIGN(http::ClientAnswer answer, http::fetch(request_of(feed.source, feed.memory, stopping), take));
    const std::string type = answer.field("Content-Type");
    out.unchanged = answer.status == 304;
    out.media_type = lower(trim(type.substr(0, type.find(';'))));
    out.memory.answers = feed.memory.answers + 1;
    out.memory.sha256 = sha256_hex(out.body);
    out.memory.etag = answer.field("ETag");
    out.memory.last_modified = answer.field("Last-Modified");
    out.memory.url_sha256 = sha256_hex(answer.url);
    return out;
  };
  auto fetched = co_await on_thread(network_, fetching);
  if (!fetched) co_return Out(std::unexpected(fetched.error()));
  Kept out;
  if (fetched->unchanged) co_return out;
  if (fetched->memory.sha256 == feed.memory.sha256) {
    // Its validators may be others than last time; they need not outlive this process.
    feed.memory.etag = fetched->memory.etag;
    feed.memory.last_modified = fetched->memory.last_modified;
    feed.memory.url_sha256 = fetched->memory.url_sha256;
    co_return out;
  }
  auto request = request_for(feed, *fetched);
  if (!request) co_return Out(std::unexpected(request.error()));
  auto answer = co_await keep(std::move(*request), fetched->body);
  if (!answer) co_return Out(std::unexpected(answer.error()));
  out.changed = true;
  out.answer = std::move(*answer);
  if (out.answer.quarantined > 0) co_await note_rejects(feed, out.answer, fetched->memory);
  feed.memory = std::move(fetched->memory);
  auto writing = [&feed] { return write_feed_memory(feed.memory_path, feed.memory); };
  Status written = co_await on_thread(network_, writing);
  if (!written) {
    log::warning("feed {}: what it gave could not be noted: {} {}", feed.status->url, written.error().message,
                 written.error().detail);
  }
  co_return out;
}

// What the answer before had put aside already is not again.
asio::awaitable<void> Feeds::note_rejects(const Feed& feed, IngestAnswer& answer, FeedMemory& memory) {
  const Collection* collection = collections_.find(feed.source.collection);
  if (collection == nullptr || answer.repeated) co_return;
  auto dropping = [&feed, path = fmt::format("{}/commit_{:012}.ndjson", collection->quarantine, answer.commit)] {
    return drop_known_rejects(path, feed.memory.rejects);
  };
  auto rejects = co_await on_thread(network_, dropping);
  if (!rejects) {
    log::warning("feed {}: {}", feed.status->url, rejects.error().message);
    co_return;
  }
  answer.quarantined = rejects->fresh;
  memory.rejects = std::move(rejects->hashes);
}

Result<IngestRequest> Feeds::request_for(const Feed& feed, const Fetched& fetched) const {
  const FeedSource& source = feed.source;
  IngestRequest out;
  out.collection = source.collection;
  out.quarantine = source.quarantine;
  out.received_ns = monotonic_ns();
  out.key = feed_key(feed.id, fetched.memory.answers, fetched.memory.sha256);
  out.encoding = encoding_of(fetched.body);
  const auto by_type = input_format_of_media_type(fetched.media_type);
  if (!source.format.empty()) {
    out.format = input_format_from(source.format).value_or(InputFormat::Json);
  } else if (by_type) {
    out.format = *by_type;
  } else if (says_nothing(fetched.media_type)) {
    const std::string path = source.url.substr(0, source.url.find_first_of("?#"));
    out.format = input_format_of_file_name(path).value_or(InputFormat::Json);
  } else {
    return fail(ErrorCode::UnsupportedMediaType,
                fmt::format("Records come as JSON, NDJSON, CSV, Parquet or Arrow, and the answer says it is {}; "
                            "where that is wrong, set the feed's `format`.",
                            fetched.media_type.substr(0, 64)));
  }
  const RecordSchema* schema = collections_.schema_store().find(source.collection);
  const bool keyed = schema != nullptr && !schema->primary_key.empty();
  if (source.on_conflict == "update") out.on_conflict = OnConflict::Update;
  if (source.on_conflict == "ignore" || (source.on_conflict.empty() && keyed)) out.on_conflict = OnConflict::Ignore;
  return out;
}

asio::awaitable<Result<IngestAnswer>> Feeds::keep(IngestRequest request, const std::string& body) {
  using Out = Result<IngestAnswer>;
  if (body.empty()) co_return Out(IngestAnswer());
  auto stream = co_await collections_.ingest().begin(std::move(request));
  if (!stream) co_return Out(std::unexpected(stream.error()));
  static_cast<void>(co_await (*stream)->feed(body));  // finish() says what failed
  co_return co_await (*stream)->finish();
}

}  // namespace canvasback
