// RequestLedger: the requests with an Idempotency-Key of one collection: those that were kept, whose repetition is
// answered and does nothing, and those that are under way. What it knows is what the files say (PartInfo::requests);
// it forgets the oldest past limits::kIdempotencyKeysMax and limits::kIdempotencyAge, and so do merges (contains()).
// Pure: no clock of its own. Not thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "storage/table/part_info.hpp"

namespace canvasback {

class RequestLedger {
 public:
  // The request of this key that was kept before; nullptr: the key is the caller's until release(). Valid until the
  // next remember(). Errors: InvalidData for what can be no key, IdempotencyKeyInUse.
  Result<const KeptRequest*> claim(const std::string& key);
  void release(const std::string& key) { under_way_.erase(key); }

  // As claim(), without claiming anything: nullptr: there is none. Errors: IdempotencyKeyInUse.
  Result<const KeptRequest*> find(std::string_view key) const;

  void remember(KeptRequest request, std::int64_t now_us);
  bool contains(std::string_view key) const { return kept_.contains(key); }
  std::size_t size() const { return kept_.size(); }
  // Those whose key begins so, in the order of their keys.
  void each_of(std::string_view prefix, const std::function<void(const KeptRequest&)>& tell) const;

 private:
  bool make_room_for_feed(const KeptRequest& request);

  std::map<std::string, KeptRequest, std::less<>> kept_;
  std::set<std::string, std::less<>> under_way_;
};

}  // namespace canvasback
