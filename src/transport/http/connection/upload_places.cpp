#include "transport/http/connection/upload_places.hpp"

#include <algorithm>
#include <chrono>

#include "base/limits.hpp"
#include "transport/http/connection/connection.hpp"

namespace canvasback::http {

UploadPlaces::Place::~Place() { std::erase(places_.holders_, &connection_); }

void UploadPlaces::let_one_yield() {
  const auto slow = std::ranges::find_if(holders_, [](const Connection* holder) { return holder->body_is_slow(); });
  if (slow != holders_.end()) (*slow)->yield_body();
}

asio::awaitable<Result<std::unique_ptr<UploadPlaces::Place>>> UploadPlaces::take(Connection& connection) {
  using Out = Result<std::unique_ptr<Place>>;
  const auto end = std::chrono::steady_clock::now() + limits::kUploadWaitMax;
  asio::steady_timer timer(executor_);
  while (holders_.size() >= limits::kIngestStreamsMax) {
    if (std::chrono::steady_clock::now() > end) {
      co_return Out(fail(Error{ErrorCode::TooManyRequests, "Too many uploads are in progress.", {}, {}, 1}));
    }
    let_one_yield();
    timer.expires_after(limits::kMemorySamplePeriod);
    co_await timer.async_wait(kAwait);
  }
  holders_.push_back(&connection);
  co_return std::make_unique<Place>(*this, connection);
}

}  // namespace canvasback::http
