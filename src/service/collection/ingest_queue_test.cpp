#include "service/collection/ingest_queue.hpp"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>

#include "base/limits.hpp"

namespace canvasback {
namespace {

class IngestQueueTest : public testing::Test {
 protected:
  std::shared_ptr<IngestTicket> push(std::size_t bytes, OnConflict on_conflict = OnConflict::Refuse) {
    auto ticket = std::make_shared<IngestTicket>(
        IngestTicket{{}, on_conflict, {}, {}, {}, std::string(bytes, 'x'), 0, Event(loop.get_executor()), {}});
    queue.push(ticket);
    return ticket;
  }

  asio::io_context loop;
  IngestQueue queue;
};

TEST_F(IngestQueueTest, WhatWaitsGoesTogetherInOrder) {
  const auto first = push(1);
  const auto second = push(2);
  EXPECT_EQ(queue.take_group(), (IngestGroup{first, second}));
  EXPECT_TRUE(queue.empty());
  EXPECT_TRUE(queue.take_group().empty());
}

TEST_F(IngestQueueTest, WhatIsSaidOfOneIsSaidOfAll) {
  push(1);
  push(1, OnConflict::Update);
  push(1, OnConflict::Update);
  push(1)->input.cast = true;
  EXPECT_EQ(queue.take_group().size(), 1U);
  EXPECT_EQ(queue.take_group().size(), 2U);
  EXPECT_EQ(queue.take_group().size(), 1U);
  push(1, OnConflict::Replace)->address = {"a"};
  push(1, OnConflict::Replace)->address = {"a"};
  EXPECT_EQ(queue.take_group().size(), 1U);
  EXPECT_EQ(queue.take_group().size(), 1U);
}

TEST_F(IngestQueueTest, ACommitIsBoundedInBytesButTakesOneWhateverItsSize) {
  push(limits::kGroupBytesMax + 1);
  push(limits::kGroupBytesMax / 2);
  push(limits::kGroupBytesMax / 2);
  push(1);
  EXPECT_EQ(queue.take_group().size(), 1U);
  EXPECT_EQ(queue.take_group().size(), 2U);
  EXPECT_EQ(queue.take_group().size(), 1U);
}

TEST_F(IngestQueueTest, ACommitIsBoundedInRequests) {
  for (std::size_t i = 0; i <= limits::kGroupRequestsMax; ++i) push(0);
  EXPECT_EQ(queue.take_group().size(), limits::kGroupRequestsMax);
  EXPECT_EQ(queue.take_group().size(), 1U);
}

TEST_F(IngestQueueTest, WaitingIsBounded) {
  EXPECT_TRUE(queue.has_room_for(limits::kIngestWaitingBytesMax));
  push(1);
  EXPECT_FALSE(queue.has_room_for(limits::kIngestWaitingBytesMax));
  queue.take_group();
  EXPECT_TRUE(queue.has_room_for(limits::kIngestWaitingBytesMax));
  for (std::size_t i = 0; i < limits::kGroupRequestsMax * 4; ++i) push(0);
  EXPECT_FALSE(queue.has_room_for(0));
}

TEST_F(IngestQueueTest, OneCommitsAtATime) {
  EXPECT_TRUE(queue.begin());
  EXPECT_FALSE(queue.begin());
  queue.end();
  EXPECT_TRUE(queue.begin());
}

TEST(IngestPause, GrowsWithWhatIsNotMerged) {
  EXPECT_EQ(pause_before_commit(0).count(), 0);
  EXPECT_EQ(pause_before_commit(limits::kCommitsUnmergedMax / 8).count(), 5);
  EXPECT_EQ(pause_before_commit(limits::kCommitsUnmergedMax / 4).count(), 10);
  EXPECT_EQ(pause_before_commit(limits::kCommitsUnmergedMax).count(), 25);
}

}  // namespace
}  // namespace canvasback
