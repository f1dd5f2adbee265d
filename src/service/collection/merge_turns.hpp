// MergeTurns: whose turn it is to merge a collection's files: one merge of each size at a time, beside each other,
// never of the same file; and neither while somebody waits for both to end or has both turns (files are moved, the
// schema changes). On one thread. A coroutine that has a turn ends it; what it claimed it releases.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "storage/table/merge_choice.hpp"
#include "worker/pool/event.hpp"

namespace canvasback {

class MergeTurns {
 public:
  explicit MergeTurns(asio::any_io_executor executor) : changed_(std::move(executor)) {}

  // Whether a merge of that size may begin, as far as turns go.
  bool may_begin(MergeSize size, std::int64_t now_ns) const {
    return waiting_ == 0 && !busy(size) && (failed_ns_ == 0 || now_ns - failed_ns_ >= kAgainAfterNs);
  }
  bool busy(MergeSize size) const { return size == MergeSize::Small ? small_ : large_; }
  // Whether whoever has a turn should end it: somebody waits for both.
  bool is_wanted() const { return waiting_ > 0; }

  // Requires !busy(size).
  void begin(MergeSize size) { (size == MergeSize::Small ? small_ : large_) = true; }
  void end(MergeSize size) {
    (size == MergeSize::Small ? small_ : large_) = false;
    changed_.notify();
  }
  // The next one waits for a moment. why: where it was not for want of room; kept until one succeeds.
  void failed(std::int64_t now_ns, std::optional<Error> why = std::nullopt) {
    failed_ns_ = now_ns;
    if (why) error_ = std::move(why);
  }
  void succeeded() { error_.reset(); }
  const std::optional<Error>& error() const { return error_; }
  // Until both have ended; no other begins meanwhile. The caller takes a turn, or says that it needs none, before it
  // waits for anything else.
  asio::awaitable<void> idle() {
    ++waiting_;
    while (small_ || large_) co_await changed_.wait();
    --waiting_;
  }

  // Files that a merge is made of. Requires that none of them is claimed.
  void claim(const std::vector<std::string>& paths) { claimed_.insert(paths.begin(), paths.end()); }
  void release(const std::vector<std::string>& paths) {
    for (const std::string& path : paths) claimed_.erase(path);
    changed_.notify();
  }
  const std::set<std::string, std::less<>>& claimed() const { return claimed_; }
  bool any_claimed(const std::vector<CollectionFile>& files) const {
    return std::ranges::any_of(files, [&](const CollectionFile& file) { return claimed_.contains(file.file.path); });
  }
  // Until something is released, or a turn ends.
  asio::awaitable<void> change() { co_await changed_.wait(); }

 private:
  static constexpr std::int64_t kAgainAfterNs = 1'000'000'000;

  bool small_ = false;
  bool large_ = false;
  int waiting_ = 0;
  std::int64_t failed_ns_ = 0;  // when one did last; 0: none has
  std::optional<Error> error_;
  std::set<std::string, std::less<>> claimed_;
  Event changed_;
};

}  // namespace canvasback
