#include "service/collection/ingest_queue.hpp"

#include "base/limits.hpp"

namespace canvasback {
namespace {

// Whether two requests may be one commit: what is said of its records is said of all of them.
bool goes_with(const IngestTicket& one, const IngestTicket& other) {
  const auto alone = [](const IngestTicket& ticket) {
    return !ticket.expected.says_nothing() || !ticket.address.empty() || !ticket.times.empty();
  };
  return !alone(one) && !alone(other) && one.input.cast == other.input.cast && one.on_conflict == other.on_conflict;
}

}  // namespace

bool IngestQueue::has_room_for(std::size_t bytes) const {
  return waiting_bytes_ + bytes <= limits::kIngestWaitingBytesMax && waiting_.size() < limits::kGroupRequestsMax * 4;
}

void IngestQueue::push(std::shared_ptr<IngestTicket> ticket) {
  waiting_bytes_ += ticket->body.size();
  waiting_.push_back(std::move(ticket));
}

IngestGroup IngestQueue::take_group() {
  IngestGroup group;
  std::size_t bytes = 0;
  while (!waiting_.empty() && group.size() < limits::kGroupRequestsMax) {
    const std::size_t next = waiting_.front()->body.size();
    if (!group.empty() && bytes + next > limits::kGroupBytesMax) break;
    if (!group.empty() && !goes_with(*group[0], *waiting_.front())) break;
    bytes += next;
    waiting_bytes_ -= next;
    group.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
  }
  return group;
}

std::chrono::milliseconds pause_before_commit(std::size_t unmerged_commits) {
  constexpr std::size_t kMax = limits::kCommitsUnmergedMax;
  const int pause_ms = unmerged_commits < kMax / 8   ? 0
                       : unmerged_commits < kMax / 4 ? 5
                       : unmerged_commits < kMax / 2 ? 10
                                                     : 25;
  return std::chrono::milliseconds(pause_ms);
}

}  // namespace canvasback
