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

// "feed-ID-" of a key that a feed has made: "feed-ID-NUMBER-HASH" (server/feed_memory.hpp). Empty: it is a client's.
std::string_view feed_prefix(std::string_view key) {
  constexpr std::string_view kFeed = "feed-";
  constexpr std::size_t kIdDigits = 16;
  constexpr std::size_t kHashDigits = 64;
  const auto is_hex = [](std::string_view text, std::size_t digits) {
    return text.size() == digits && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
  };
  const std::size_t number = kFeed.size() + kIdDigits + 1;
  if (!key.starts_with(kFeed) || key.size() < number + kHashDigits + 2 || key[number - 1] != '-') return {};
  const std::size_t dash = key.find('-', number);
  const std::string_view digits = key.substr(number, dash - number);
  const bool is_feed = is_hex(key.substr(kFeed.size(), kIdDigits), kIdDigits) && dash != std::string_view::npos &&
                       !digits.empty() && digits.find_first_not_of("0123456789") == std::string_view::npos &&
                       is_hex(key.substr(dash + 1), kHashDigits);
  return is_feed ? key.substr(0, number) : std::string_view();
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

// A feed numbers its answers and asks for none but the last again: it takes the room of one key, however often it is
// asked. False where a later answer of it is known already.
bool RequestLedger::make_room_for_feed(const KeptRequest& request) {
  const std::string prefix(feed_prefix(request.key));
  if (prefix.empty()) return true;
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
