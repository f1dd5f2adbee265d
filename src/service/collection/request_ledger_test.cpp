#include "service/collection/request_ledger.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>

#include "base/limits.hpp"

namespace canvasback {
namespace {

KeptRequest request(const std::string& key, std::int64_t time_us) { return {key, 1, 0, 1, time_us}; }

TEST(RequestLedger, AKeyIsOneRequestsUntilItIsReleased) {
  RequestLedger ledger;
  ASSERT_TRUE(ledger.claim("a"));
  EXPECT_EQ(ledger.claim("a").error().code, ErrorCode::IdempotencyKeyInUse);
  EXPECT_EQ(ledger.find("a").error().code, ErrorCode::IdempotencyKeyInUse);
  ledger.release("a");
  EXPECT_EQ(*ledger.claim("a"), nullptr);
}

TEST(RequestLedger, WhatWasKeptIsFoundAndNotClaimed) {
  RequestLedger ledger;
  ledger.remember(request("a", 5), 5);
  for (int i = 0; i < 2; ++i) {
    const auto known = ledger.claim("a");
    ASSERT_TRUE(known && *known != nullptr);
    EXPECT_EQ((*known)->time_us, 5);
  }
  EXPECT_EQ((*ledger.find("a"))->key, "a");
  EXPECT_EQ(*ledger.find("b"), nullptr);
}

TEST(RequestLedger, SomeKeysCanBeNone) {
  RequestLedger ledger;
  EXPECT_EQ(ledger.claim(std::string(limits::kIdempotencyKeyBytesMax + 1, 'x')).error().code, ErrorCode::InvalidData);
  EXPECT_EQ(ledger.claim("\xff").error().code, ErrorCode::InvalidData);
  EXPECT_TRUE(ledger.claim(std::string(limits::kIdempotencyKeyBytesMax, 'x')));
}

TEST(RequestLedger, TheOldestAreForgotten) {
  const std::int64_t age_us = std::chrono::microseconds(limits::kIdempotencyAge).count();
  RequestLedger ledger;
  ledger.remember(request("too old", 9), 10 + age_us);
  EXPECT_FALSE(ledger.contains("too old"));
  for (std::size_t i = 0; i <= limits::kIdempotencyKeysMax; ++i) {
    ledger.remember(request(fmt::format("{:06}", i), 10 + static_cast<std::int64_t>(i)), 10);
  }
  EXPECT_EQ(ledger.size(), limits::kIdempotencyKeysMax);
  EXPECT_FALSE(ledger.contains("000000"));
  EXPECT_TRUE(ledger.contains("000001"));
}

std::string feed_key(char id, int number) {
  return fmt::format("feed-{}-{}-{}", std::string(16, id), number, std::string(64, '0'));
}

// A feed that is asked every second must not push out the keys of clients.
TEST(RequestLedger, AFeedTakesTheRoomOfOneKey) {
  RequestLedger ledger;
  ledger.remember(request("client", 1), 1);
  for (int i = 0; i < 20'000; ++i) {
    ledger.remember(request(feed_key('a', i), 2 + i), 2 + i);
    if (i % 1000 == 0) ledger.remember(request(feed_key('b', i), 2 + i), 2 + i);
  }
  EXPECT_EQ(ledger.size(), 3U);
  EXPECT_TRUE(ledger.contains("client"));
  EXPECT_TRUE(ledger.contains(feed_key('a', 19999)));
  EXPECT_TRUE(ledger.contains(feed_key('b', 19000)));
  // Files are read in any order.
  ledger.remember(request(feed_key('a', 7), 9), 9);
  EXPECT_FALSE(ledger.contains(feed_key('a', 7)));
  EXPECT_TRUE(ledger.contains(feed_key('a', 19999)));
}

TEST(RequestLedger, AClientsKeysMayLookLikeAFeeds) {
  RequestLedger ledger;
  const std::string hash(64, '0');
  const std::string id(16, 'a');
  const std::vector<std::string> keys{"feed-2026-12-01",       "feed-2026-12-02",           "feed-" + id + "-1-abc",
                                      "feed-" + id + "-2-abc", "feed-" + id + "-x-" + hash, "feed-" + id + "--" + hash,
                                      "feed-A-1-" + hash,      "feed-A-2-" + hash};
  for (const std::string& key : keys) ledger.remember(request(key, 1), 1);
  for (const std::string& key : keys) EXPECT_TRUE(ledger.contains(key)) << key;
}

TEST(RequestLedger, OtherKeysStayAsTheyAre) {
  RequestLedger ledger;
  for (const char* key : {"feed", "feed-", "feed-a", "feedback-1", "feedback-2"}) ledger.remember(request(key, 1), 1);
  EXPECT_EQ(ledger.size(), 5U);
  std::string found;
  ledger.each_of("feedback-", [&](const KeptRequest& each) { found += each.key + " "; });
  EXPECT_EQ(found, "feedback-1 feedback-2 ");
}

}  // namespace
}  // namespace canvasback
