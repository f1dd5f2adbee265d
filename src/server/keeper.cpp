#include "server/keeper.hpp"

#include <fmt/format.h>

#include "base/clock.hpp"
#include "base/text.hpp"
#include "net/http_client.hpp"
#include "server/command_collections.hpp"

namespace canvasback {
namespace {

constexpr std::chrono::milliseconds kRetryPeriod{200};

asio::awaitable<Result<Sent>> keep_here(Schedule& schedule, CollectionService& collections, Body& body) {
  using Out = Result<Sent>;
  auto stream = co_await collections.ingest().begin(body.request);
  while (!stream && stream.error().code == ErrorCode::TooManyRequests) {
    // Commits wait to be merged.
    const bool goes_on = co_await schedule.sleep(kRetryPeriod);
    if (!goes_on) break;
    stream = co_await collections.ingest().begin(body.request);
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
  Sent sent{answer->records, answer->quarantined, answer->repeated};
  co_return Out(sent);
}

}  // namespace

Result<Keeper> Keeper::open(const CommandOptions& options) {
  Keeper out;
  out.server_ = options.server;
  if (options.server.empty()) {
    CANVASBACK_ASSIGN(out.runtime_, open_collections(options));
    out.runtime_->collections().start_maintaining();
  }
  return out;
}

Keeper::~Keeper() {
  if (runtime_) close_collections(*runtime_);
}

Result<Sent> Keeper::keep(Body body) {
  uncertain_ = false;
  body.request.received_ns = monotonic_ns();
  return runtime_ ? runtime_->run(keep_here(runtime_->schedule(), runtime_->collections(), body)) : send(body);
}

Result<Sent> Keeper::send(Body& body) {
  http::ClientRequest request;
  request.server = server_;
  request.method = "POST";
  request.target = fmt::format("/ingest/file?collection={}&format={}", percent_encode(body.request.collection),
                               name_of(body.request.format));
  if (body.request.quarantine) request.target += "&on_error=quarantine";
  request.encoding = body.request.encoding;
  request.idempotency_key = body.request.key;
  bool ended = false;
  request.next_piece = [&]() -> Result<std::string_view> {
    auto piece = body.next_piece();
    ended = piece && piece->empty();
    return piece;
  };
  std::string text;
  auto answered = http::fetch(request, [&](std::string_view bytes) {
    text += bytes;
    return Status();
  });
  if (!answered) {
    // A body that was not sent to its end is not kept.
    const ErrorCode code = answered.error().code;
    uncertain_ = ended && (code == ErrorCode::Unavailable || code == ErrorCode::DataProcessing);
    return std::unexpected(answered.error());
  }
  auto answer = Json::parse(text);
  uncertain_ = !answer;
  CANVASBACK_ASSIGN(Json document, std::move(answer));
  return Sent{document.at("records_processed").as_int(), document.at("quarantined").as_int(),
              document.at("repeated").as_bool()};
}

}  // namespace canvasback
