#include "service/collection/collection.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/limits.hpp"

namespace canvasback {
namespace {

KeptRequest request(const std::string& key, std::int64_t time_us) { return {key, 1, 0, 1, time_us}; }

// A feed that is asked every second must not push out the keys of clients.
TEST(RememberedRequests, AFeedTakesTheRoomOfOneKey) {
  Collection collection;
  remember_request(collection, request("client", 1), 1);
  for (int i = 0; i < 20'000; ++i) {
    remember_request(collection, request(fmt::format("feed-aaaa-{}-hash", i), 2 + i), 2 + i);
    if (i % 1000 == 0) remember_request(collection, request(fmt::format("feed-bbbb-{}-hash", i), 2 + i), 2 + i);
  }
  EXPECT_EQ(collection.requests.size(), 3U);
  EXPECT_TRUE(collection.requests.contains("client"));
  EXPECT_TRUE(collection.requests.contains("feed-aaaa-19999-hash"));
  EXPECT_TRUE(collection.requests.contains("feed-bbbb-19000-hash"));
  // Files are read in any order.
  remember_request(collection, request("feed-aaaa-7-hash", 9), 9);
  EXPECT_FALSE(collection.requests.contains("feed-aaaa-7-hash"));
  EXPECT_TRUE(collection.requests.contains("feed-aaaa-19999-hash"));
}

TEST(RememberedRequests, OtherKeysStayAsTheyAre) {
  Collection collection;
  for (const char* key : {"feed", "feed-", "feed-a", "feedback-1", "feedback-2"}) {
    remember_request(collection, request(key, 1), 1);
  }
  EXPECT_EQ(collection.requests.size(), 5U);
}

}  // namespace
}  // namespace canvasback
