// IngestQueue: the bodies that wait to be written into a collection, and which of them go into one commit. Bounded in
// bytes and in number. Whoever finds nobody committing begins to (begin()); one coroutine does, until it is empty. Pure
// but for the events of its tickets. On one thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "service/collection/ingest_request.hpp"
#include "worker/pool/event.hpp"

namespace canvasback {

// One request that waits for the next commit.
struct IngestTicket {
  IngestInput input;
  OnConflict on_conflict = OnConflict::Refuse;
  ExpectedVersion expected;  // IngestRequest's, as are the next two
  std::vector<std::string> address;
  std::vector<std::pair<std::string, FieldType>> times;
  std::string body;
  std::int64_t received_ns = 0;
  Event done;
  std::optional<Result<IngestAnswer>> answer;
};
using IngestGroup = std::vector<std::shared_ptr<IngestTicket>>;

class IngestQueue {
 public:
  bool empty() const { return waiting_.empty(); }
  bool has_room_for(std::size_t bytes) const;
  void push(std::shared_ptr<IngestTicket> ticket);
  // The requests of the next commit, in the order in which they came; none where none waits. What is said of one of
  // them (on_conflict, cast) is said of all; one that speaks of a version or an address comes alone.
  IngestGroup take_group();

  // True for the one who is to commit until the queue is empty, and then says so.
  bool begin() { return !std::exchange(committing_, true); }
  void end() { committing_ = false; }
  bool committing() const { return committing_; }

 private:
  std::deque<std::shared_ptr<IngestTicket>> waiting_;
  std::size_t waiting_bytes_ = 0;
  bool committing_ = false;
};

// While merging is behind, commits are made less often and so larger: who sends one record after the other is slowed
// down by degrees, and many who do so at once are not fewer in a second.
std::chrono::milliseconds pause_before_commit(std::size_t unmerged_commits);

}  // namespace canvasback
