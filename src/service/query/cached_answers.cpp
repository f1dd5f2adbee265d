#include "service/query/cached_answers.hpp"

#include "base/clock.hpp"
#include "base/limits.hpp"

namespace canvasback {

std::optional<CachedAnswer> CachedAnswers::find(const std::string& key, std::int64_t received_ns, const char* method) {
  auto known = cache_.find(key);
  if (!known) return std::nullopt;
  CachedAnswer out{std::move(known), {}};
  out.metrics.set("duration_ms", static_cast<double>(monotonic_ns() - received_ns) / 1e6);
  out.metrics.set("bytes", static_cast<std::uint64_t>(out.bytes->size()));
  out.metrics.set("method", method);
  return out;
}

asio::awaitable<Result<CachedAnswer>> CachedAnswers::read(std::unique_ptr<Answer> answer, std::string key,
                                                          const char* too_large) {
  using Out = Result<CachedAnswer>;
  std::string bytes;
  while (true) {
    TaskEvent event = co_await answer->next();
    if (event.kind == TaskEvent::Kind::Failed) co_return Out(std::unexpected(event.error));
    if (event.kind == TaskEvent::Kind::Data) {
      if (bytes.size() + event.bytes.size() > limits::kProfileBytesMax) {
        answer->cancel(CancelReason::RowLimit);
        co_return Out(fail(ErrorCode::PayloadTooLarge, too_large));
      }
      bytes += event.bytes;
    }
    if (event.kind != TaskEvent::Kind::Done) continue;
    CachedAnswer out{std::make_shared<const std::string>(std::move(bytes)), event.info.at("metrics")};
    cache_.put(key, out.bytes);
    co_return out;
  }
}

}  // namespace canvasback
