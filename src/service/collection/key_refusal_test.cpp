#include "service/collection/key_refusal.hpp"

#include <gtest/gtest.h>

#include <cstdint>

#include "base/json.hpp"
#include "base/limits.hpp"

namespace canvasback {
namespace {

constexpr const char* kSecret = "000102030405060708090a0b0c0d0e0f";

CollectionKeys keys() {
  const auto json = Json::parse(R"({"primary_key": ["id"], "fields": [{"name": "id", "type": "string"},
                                    {"name": "mail", "type": "string", "unique": true}]})");
  return {*record_schema_from(*json, "s"), kSecret};
}

KeyConflict taken(std::int64_t row, std::size_t key = 0, std::int64_t with = -1) {
  return {row, key, false, false, with};
}

TEST(KeyRefusal, NothingStandsAgainstWhatHasNoConflict) {
  KeyVerdict verdict;
  EXPECT_FALSE(key_refusal(keys(), verdict, {0, 5}, {}));
  verdict.conflicts = {taken(7)};
  EXPECT_FALSE(key_refusal(keys(), verdict, {0, 5}, {}));  // of another request
}

TEST(KeyRefusal, SaysWhichRecordsAndKeys) {
  KeyVerdict verdict;
  verdict.conflicts = {taken(6), taken(8, 1)};
  const auto error = key_refusal(keys(), verdict, {5, 5}, {});
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code, ErrorCode::DuplicateRecord);
  EXPECT_EQ(error->message, "Nothing was kept: record 1: \"id\": A record with this key already exists. (and 1 more)");
  const auto records = Json::parse(error->detail);
  ASSERT_TRUE(records);
  EXPECT_EQ(records->as_array()[0].at("rule").as_string(), "primary_key");
  EXPECT_EQ(records->as_array()[1].at("record").as_int(), 3);
  EXPECT_EQ(records->as_array()[1].at("field").as_string(), "mail");
  EXPECT_EQ(records->as_array()[1].at("rule").as_string(), "unique");
}

TEST(KeyRefusal, WhatOnlyARefusedRequestTookIsFree) {
  KeyVerdict verdict;
  verdict.conflicts = {taken(6, 0, 2)};
  EXPECT_TRUE(key_refusal(keys(), verdict, {5, 5}, {}));
  EXPECT_FALSE(key_refusal(keys(), verdict, {5, 5}, {{0, 5}}));
}

TEST(KeyRefusal, MissingAndOtherVersionsAreErrorsOfTheirOwn) {
  KeyVerdict verdict;
  verdict.conflicts = {{0, 0, true, false, -1}};
  EXPECT_EQ(key_refusal(keys(), verdict, {0, 1}, {})->code, ErrorCode::RecordNotFound);
  verdict.conflicts = {{0, 0, false, true, -1}};
  EXPECT_EQ(key_refusal(keys(), verdict, {0, 1}, {})->code, ErrorCode::PreconditionFailed);
}

TEST(KeyRefusal, ListsAFewAndCountsAll) {
  KeyVerdict verdict;
  const auto all = static_cast<std::int64_t>(limits::kRecordErrorsMax) + 3;
  for (std::int64_t row = 0; row < all; ++row) verdict.conflicts.push_back(taken(row));
  const auto error = key_refusal(keys(), verdict, {0, all}, {});
  EXPECT_EQ(Json::parse(error->detail)->as_array().size(), limits::kRecordErrorsMax);
  EXPECT_TRUE(error->message.ends_with("more)")) << error->message;
}

TEST(KeyRefusal, ARecordIsThatOfItsAddress) {
  const CollectionKeys known = keys();
  const KeyHash a = *known.hash_of({"a"});
  std::string entries(sizeof(std::int64_t), '\0');
  for (const KeyHash& hash : {a, KeyHash()}) {
    const std::uint64_t words[2] = {hash.high, hash.low};
    entries.append(reinterpret_cast<const char*>(words), sizeof words);
  }
  EXPECT_TRUE(check_address(known, entries, {"a"}));
  EXPECT_TRUE(check_address(known, entries, {}));
  EXPECT_EQ(check_address(known, entries, {"b"}).error().code, ErrorCode::InvalidData);
  EXPECT_EQ(check_address(known, entries + entries, {"a"}).error().code, ErrorCode::InvalidData);
  EXPECT_TRUE(check_address(known, {}, {"b"}));  // every record was put aside
}

}  // namespace
}  // namespace canvasback
