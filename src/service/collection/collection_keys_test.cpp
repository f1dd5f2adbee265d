#include "service/collection/collection_keys.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

namespace canvasback {
namespace {

constexpr const char* kSecret = "000102030405060708090a0b0c0d0e0f";

RecordSchema schema_of(bool unique) {
  auto json = Json::parse(unique ? R"({"fields": [{"name": "id", "type": "string"},
                                     {"name": "mail", "type": "string", "unique": true}]})"
                                 : R"({"fields": [{"name": "id", "type": "string"}]})");
  return *record_schema_from(*json, "s");
}

struct Row {
  std::string id;
  std::int64_t stamp = 0;
  std::string mail = {};  // empty: NULL
};

std::string entries_of(const std::vector<Row>& rows, bool unique) {
  std::string out;
  KeyHasher hasher(kSecret);
  const auto add = [&](const std::string& text) {
    if (text.empty()) {
      hasher.add_null();
    } else {
      hasher.add_text(text);
    }
    const KeyHash hash = hasher.finish();
    const std::uint64_t words[2] = {hash.high, hash.low};
    out.append(reinterpret_cast<const char*>(words), sizeof words);
  };
  for (const Row& row : rows) {
    out.append(reinterpret_cast<const char*>(&row.stamp), sizeof row.stamp);
    add(row.id);
    if (unique) add(row.mail);
  }
  return out;
}

using Dead = std::vector<std::pair<std::int64_t, std::int64_t>>;

TEST(CollectionKeys, RefusesAndReplacesAndIgnores) {
  CollectionKeys keys(schema_of(true), kSecret);
  const std::string first = entries_of({{"a", 1, "x"}, {"b", 1, ""}, {"c", 1, ""}}, true);
  auto verdict = keys.judge(first, OnConflict::Refuse);
  ASSERT_TRUE(verdict.conflicts.empty());
  keys.add(first, {{"one", 3, false}}, verdict);
  EXPECT_EQ(keys.size(), 3U);

  verdict = keys.judge(entries_of({{"d", 2, ""}, {"a", 2, ""}, {"d", 2, ""}, {"e", 2, "x"}}, true), OnConflict::Refuse);
  ASSERT_EQ(verdict.conflicts.size(), 3U);
  EXPECT_EQ((std::tuple{verdict.conflicts[0].row, verdict.conflicts[0].key, verdict.conflicts[0].with}),
            (std::tuple<std::int64_t, std::size_t, std::int64_t>{1, 0, -1}));
  EXPECT_EQ((std::tuple{verdict.conflicts[1].row, verdict.conflicts[1].key, verdict.conflicts[1].with}),
            (std::tuple<std::int64_t, std::size_t, std::int64_t>{2, 0, 0}));
  EXPECT_EQ((std::tuple{verdict.conflicts[2].row, verdict.conflicts[2].key, verdict.conflicts[2].with}),
            (std::tuple<std::int64_t, std::size_t, std::int64_t>{3, 1, -1}));

  // The last of a key stays; a unique value of a row that is replaced is free.
  const std::string second = entries_of({{"a", 3, ""}, {"b", 3, "x"}, {"a", 3, "y"}}, true);
  verdict = keys.judge(second, OnConflict::Update);
  ASSERT_TRUE(verdict.conflicts.empty());
  keys.add(second, {{"two", 3, false}}, verdict);
  EXPECT_EQ(keys.dead_of("one"), (Dead{{0, 1}}));
  EXPECT_EQ(keys.dead_of("two"), (Dead{{0, 0}}));

  EXPECT_TRUE(keys.judge(entries_of({{"nobody", 4}}, true), OnConflict::Replace).conflicts.at(0).missing);
  const std::string third = entries_of({{"c", 5, ""}, {"f", 5, ""}, {"f", 5, ""}}, true);
  verdict = keys.judge(third, OnConflict::Ignore);
  keys.add(third, {{"three", 3, true}}, verdict);
  EXPECT_EQ(keys.dead_of("three"), (Dead{{0, 0}, {2, 2}}));

  const auto hash = keys.hash_of({"b"});
  ASSERT_TRUE(hash && keys.contains(*hash));
  keys.remove(*hash, 6);
  EXPECT_FALSE(keys.contains(*hash));
  // A body that began before and ends now comes too late for what was deleted or replaced since.
  const std::string late = entries_of({{"b", 4, ""}, {"a", 2, ""}}, true);
  verdict = keys.judge(late, OnConflict::Update);
  EXPECT_EQ(verdict.stillborn, (std::vector<std::int64_t>{0, 1}));
}

TEST(CollectionKeys, AreWhatTheFilesSayWheneverTheyAreReadAgain) {
  std::mt19937 random(11);
  for (int round = 0; round < 30; ++round) {
    CollectionKeys keys(schema_of(false), kSecret);
    std::vector<std::pair<CollectionKeys::File, std::vector<Row>>> files;
    std::vector<KeptDelete> deletes;
    std::map<std::string, std::int64_t> model;  // live: id and the time of its row
    std::int64_t stamp = 0;
    const auto rows_live = [&](const CollectionKeys& of) {
      std::map<std::string, std::int64_t> live;
      for (const auto& [file, rows] : files) {
        std::vector<bool> dead(rows.size());
        for (const auto& [first, last] : of.dead_of(file.path)) {
          for (std::int64_t row = first; row <= last; ++row) dead[static_cast<std::size_t>(row)] = true;
        }
        for (std::size_t row = 0; row < rows.size(); ++row) {
          if (!dead[row]) EXPECT_TRUE(live.emplace(rows[row].id, rows[row].stamp).second) << rows[row].id;
        }
      }
      return live;
    };
    for (int step = 0; step < 60; ++step) {
      ++stamp;
      const auto id = [&] { return "k" + std::to_string(random() % 25); };
      const unsigned action = random() % 6;
      if (action == 0) {
        const std::string gone = id();
        const auto hash = keys.hash_of({gone});
        ASSERT_EQ(keys.contains(*hash), model.contains(gone));
        if (!model.contains(gone)) continue;
        keys.remove(*hash, stamp);
        deletes.push_back({{"id"}, {gone}, stamp});
        model.erase(gone);
      } else if (action == 1 && files.size() > 1) {
        // A merge of some of the files; what is live of them comes in another order.
        const std::size_t first = random() % files.size();
        std::vector<std::string> from;
        std::vector<Row> merged;
        for (std::size_t i = first; i < files.size(); ++i) {
          from.push_back(files[i].first.path);
          for (const auto& row : files[i].second) {
            const auto known = model.find(row.id);
            const bool once = std::ranges::none_of(merged, [&](const Row& other) { return other.id == row.id; });
            if (known != model.end() && known->second == row.stamp && once) merged.push_back(row);
          }
        }
        std::ranges::shuffle(merged, random);
        const CollectionKeys::File to{"part" + std::to_string(stamp), static_cast<std::int64_t>(merged.size()), false};
        // Meanwhile one of its rows is deleted.
        if (!merged.empty() && random() % 2 == 0) {
          keys.remove(*keys.hash_of({merged[0].id}), stamp);
          deletes.push_back({{"id"}, {merged[0].id}, stamp});
          model.erase(merged[0].id);
        }
        keys.moved(from, entries_of(merged, false), {to});
        files.erase(files.begin() + static_cast<std::ptrdiff_t>(first), files.end());
        files.emplace_back(to, merged);
      } else {
        const OnConflict mode = random() % 2 == 0 ? OnConflict::Update : OnConflict::Ignore;
        std::vector<Row> rows;
        for (unsigned i = random() % 8 + 1; i > 0; --i) rows.push_back({id(), stamp});
        const auto verdict = keys.judge(entries_of(rows, false), mode);
        ASSERT_TRUE(verdict.conflicts.empty());
        const CollectionKeys::File file{"commit" + std::to_string(stamp), static_cast<std::int64_t>(rows.size()),
                                        mode == OnConflict::Ignore};
        keys.add(entries_of(rows, false), {file}, verdict);
        files.emplace_back(file, rows);
        for (const Row& row : rows) {
          if (mode == OnConflict::Update || !model.contains(row.id)) model[row.id] = stamp;
        }
      }
      ASSERT_EQ(rows_live(keys), model) << round << " " << step;
    }
    CollectionKeys again(schema_of(false), kSecret);
    std::vector<Row> all;
    std::vector<CollectionKeys::File> listed;
    for (const auto& [file, rows] : files) {
      listed.push_back(file);
      all.insert(all.end(), rows.begin(), rows.end());
    }
    again.rebuild(entries_of(all, false), listed, deletes);
    EXPECT_EQ(rows_live(again), model) << round;
    EXPECT_EQ(again.size(), model.size());
  }
}

}  // namespace
}  // namespace canvasback
