#include "service/collection/trash_entry.hpp"

#include <gtest/gtest.h>

namespace canvasback {
namespace {

constexpr std::int64_t kTime = 1'764'554'103'000'000;  // 2025-12-01T01:55:03Z

TEST(TrashEntry, ReadsWhatItWrites) {
  TrashEntry entry;
  entry.id = trash_id_of(kTime, "9f3c");
  entry.kind = TrashEntry::Kind::Emptied;
  entry.collection = "größen";
  entry.time_us = kTime;
  entry.records = 1'000'000'007;
  entry.bytes = 7'000'000'000;
  const auto read = trash_entry_from(entry.id, to_json(entry));
  ASSERT_TRUE(read);
  EXPECT_EQ(*read, entry);
  entry.kind = TrashEntry::Kind::Deleted;
  EXPECT_EQ(trash_entry_from(entry.id, to_json(entry))->kind, TrashEntry::Kind::Deleted);
}

TEST(TrashEntry, RefusesWhatSaysNotWhatItIs) {
  Json json = to_json(TrashEntry{.id = "1", .collection = "a"});
  json.set("kind", "borrowed");
  EXPECT_FALSE(trash_entry_from("1", json));
  EXPECT_FALSE(trash_entry_from("1", Json(Json::Object{})));
}

TEST(TrashEntry, NamesNoOtherFolder) {
  EXPECT_EQ(trash_id_of(kTime, "9f3c"), "20251201T015503Z-9f3c");
  EXPECT_TRUE(is_trash_id(trash_id_of(kTime, "9f3c")));
  for (const char* text : {"", "..", ".", "a", "2025/..", "2025..", "20251201T015503Z-9f3c/../../parquet"}) {
    EXPECT_FALSE(is_trash_id(text)) << text;
  }
}

}  // namespace
}  // namespace canvasback
