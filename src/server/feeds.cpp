#include "server/feeds.hpp"

#include <fmt/format.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "base/clock.hpp"
#include "base/limits.hpp"
#include "base/log.hpp"
#include "net/http_client.hpp"
#include "service/schedule/on_thread.hpp"

namespace canvasback {

Feeds::Feeds(asio::any_io_executor executor, CollectionService& collections, std::vector<FeedSource> sources)
    : executor_(std::move(executor)), collections_(collections), sources_(std::move(sources)) {}

Feeds::~Feeds() {
  *alive_ = false;
  network_.join();
}

void Feeds::start() {
  for (const FeedSource& source : sources_) asio::co_spawn(executor_, ask(source, alive_), asio::detached);
}

asio::awaitable<void> Feeds::ask(FeedSource source, std::shared_ptr<bool> alive) {
  asio::steady_timer timer(executor_);
  while (*alive) {
    auto kept = co_await keep_one(source);
    if (!*alive) co_return;
    if (kept) {
      log::info("feed {}: {} records, {} put aside", source.url, kept->records, kept->quarantined);
    } else {
      log::warning("feed {}: {} {}", source.url, kept.error().message, kept.error().detail);
    }
    timer.expires_after(std::chrono::seconds(source.every_s));
    co_await timer.async_wait(kAwait);
  }
}

asio::awaitable<Result<IngestAnswer>> Feeds::keep_one(const FeedSource& source) {
  using Out = Result<IngestAnswer>;
  // The path begins behind the host.
  const std::size_t slash = source.url.find('/', std::string_view("http://").size());
  http::ClientRequest request;
  request.server = source.url.substr(0, slash);
  request.target = slash == std::string::npos ? "/" : source.url.substr(slash);
  auto asking = [&request]() -> Result<std::string> {
    std::string body;
    CANVASBACK_TRY(http::fetch(request, [&body](std::string_view bytes) -> Status {
      if (body.size() + bytes.size() > limits::kFeedBytesMax) {
        return fail(ErrorCode::PayloadTooLarge, "The answer is too large for a feed.");
      }
      body += bytes;
      return {};
    }));
    return body;
  };
  ++asking_;
  auto body = co_await on_thread(network_, asking);
  --asking_;
  if (!body) co_return Out(std::unexpected(body.error()));
  IngestRequest wanted;
  wanted.collection = source.collection;
  wanted.quarantine = source.quarantine;
  wanted.received_ns = monotonic_ns();
  const std::string path = request.target.substr(0, request.target.find('?'));
  auto format = source.format.empty() ? input_format_of_file_name(path) : input_format_from(source.format);
  wanted.format = format.value_or(InputFormat::Json);
  auto stream = co_await collections_.begin(wanted);
  if (!stream) co_return Out(std::unexpected(stream.error()));
  static_cast<void>(co_await (*stream)->feed(*body));
  co_return co_await (*stream)->finish();
}

}  // namespace canvasback
