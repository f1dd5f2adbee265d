#include "service/collection/request_ledger.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "base/limits.hpp"
#include "base/text.hpp"

namespace canvasback {
namespace {

Status check_idempotency_key(std::string_view key) {
  if (!is_utf8(key)) return fail(ErrorCode::InvalidData, "The Idempotency-Key has bytes that are no UTF-8 text.");
  if (key.size() > limits::kIdempotencyKeyBytesMax) {
    return fail(ErrorCode::InvalidData,
                fmt::format("An Idempotency-Key has at most {} bytes.", limits::kIdempotencyKeyBytesMax));
  }
  return {};
}

std::unexpected<Error> key_in_use() {
  return fail(Error{ErrorCode::IdempotencyKeyInUse,
                    "A request with this Idempotency-Key is in progress; retry when it has finished.",
                    {},
                    {},
                    1});
}

}  // namespace

Result<const KeptRequest*> RequestLedger::claim(const std::string& key) {
  CANVASBACK_TRY(check_idempotency_key(key));
  if (const auto known = kept_.find(key); known != kept_.end()) return &known->second;
  if (!under_way_.insert(key).second) return key_in_use();
  return nullptr;
}

Result<const KeptRequest*> RequestLedger::find(std::string_view key) const {
  if (under_way_.contains(key)) return key_in_use();
  const auto known = kept_.find(key);
  return known == kept_.end() ? nullptr : &known->second;
}

// A feed numbers its answers ("feed-ID-NUMBER-HASH", server/feed_memory.hpp) and asks for none but the last again: it
// takes the room of one key, however often it is asked. False where a later answer of it is known already.
bool RequestLedger::make_room_for_feed(const KeptRequest& request) {
  constexpr std::string_view kFeed = "feed-";
  const std::size_t dash = request.key.find('-', kFeed.size());
  if (!request.key.starts_with(kFeed) || dash == std::string::npos) return true;
  const std::string prefix = request.key.substr(0, dash + 1);
  auto entry = kept_.lower_bound(prefix);
  while (entry != kept_.end() && entry->first.starts_with(prefix)) {
    if (entry->second.time_us > request.time_us) return false;
    entry = kept_.erase(entry);
  }
  return true;
}

void RequestLedger::remember(KeptRequest request, std::int64_t now_us) {
  const std::int64_t oldest_us = now_us - std::chrono::microseconds(limits::kIdempotencyAge).count();
  if (request.time_us < oldest_us || !make_room_for_feed(request)) return;
  kept_.insert_or_assign(request.key, std::move(request));
  if (kept_.size() <= limits::kIdempotencyKeysMax) return;
  std::erase_if(kept_, [&](const auto& entry) { return entry.second.time_us < oldest_us; });
  while (kept_.size() > limits::kIdempotencyKeysMax) {
    kept_.erase(std::ranges::min_element(kept_, {}, [](const auto& entry) { return entry.second.time_us; }));
  }
}

void RequestLedger::each_of(std::string_view prefix, const std::function<void(const KeptRequest&)>& tell) const {
  for (auto entry = kept_.lower_bound(prefix); entry != kept_.end() && entry->first.starts_with(prefix); ++entry) {
    tell(entry->second);
  }
}

}  // namespace canvasback
