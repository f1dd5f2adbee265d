#include "storage/table/collection_keys.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
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

TEST(CollectionKeys, AUniqueValueIsFreeOnceItsRowIsGone) {
  CollectionKeys keys(schema_of(true), kSecret);
  const std::string first = entries_of({{"a", 1, "x"}, {"b", 1, "y"}}, true);
  keys.add(first, {{"one", 2, false}}, keys.judge(first, OnConflict::Refuse));
  keys.remove(*keys.hash_of({"a"}), 2);
  keys.moved({"one"}, entries_of({{"b", 1, "y"}}, true), {{"part", 1, false}});
  const std::string second = entries_of({{"a", 3, "x"}}, true);
  EXPECT_TRUE(keys.judge(second, OnConflict::Refuse).conflicts.empty());
  EXPECT_EQ(keys.judge(entries_of({{"c", 3, "y"}}, true), OnConflict::Refuse).conflicts.size(), 1U);
}

TEST(CollectionKeys, OneRequestMayExchangeUniqueValuesAndTwoMayNot) {
  CollectionKeys keys(schema_of(true), kSecret);
  const std::string first = entries_of({{"a", 1, "x"}, {"b", 1, "y"}}, true);
  keys.add(first, {{"one", 2, false}}, keys.judge(first, OnConflict::Refuse));
  const std::string swapped = entries_of({{"a", 2, "y"}, {"b", 2, "x"}}, true);
  EXPECT_EQ(keys.judge(swapped, OnConflict::Update, {1, 1}).conflicts.size(), 1U);
  const auto verdict = keys.judge(swapped, OnConflict::Update);
  ASSERT_TRUE(verdict.conflicts.empty());
  keys.add(swapped, {{"two", 2, false}}, verdict);
  EXPECT_EQ(keys.judge(entries_of({{"c", 3, "x"}}, true), OnConflict::Refuse).conflicts.size(), 1U);
}

TEST(CollectionKeys, ARecordOfAnotherVersionIsNotReplaced) {
  CollectionKeys keys(schema_of(true), kSecret);
  const std::string first = entries_of({{"a", 7, ""}}, true);
  keys.add(first, {{"one", 1, false}}, keys.judge(first, OnConflict::Refuse));
  EXPECT_EQ(keys.stamp_of(*keys.hash_of({"a"})), 7);
  const auto changed = [&](const ExpectedVersion& expected) {
    const auto verdict = keys.judge(entries_of({{"a", 9, ""}}, true), OnConflict::Replace, {}, expected);
    return !verdict.conflicts.empty() && verdict.conflicts[0].changed;
  };
  EXPECT_FALSE(changed({}));
  EXPECT_FALSE(changed({std::vector<std::int64_t>{3, 7}, {}, false}));
  EXPECT_TRUE(changed({std::vector<std::int64_t>{3}, {}, false}));
  EXPECT_TRUE(changed({{}, {7}, false}));
  EXPECT_TRUE(changed({{}, {}, true}));
}

TEST(CollectionKeys, ValuesThatWereGivenAgainMeanwhileAreTold) {
  CollectionKeys keys(schema_of(true), kSecret);
  const std::vector<CollectionKeys::File> files{{"restored", 1, false}, {"two", 1, false}};
  EXPECT_EQ(keys.rebuild(entries_of({{"a", 1, "x"}, {"b", 2, "x"}}, true), files, {}).duplicates, 1);
  EXPECT_EQ(keys.shared_values(), (std::vector<std::int64_t>{0, 2}));
  // Whichever of the two goes, the other still has the value.
  keys.remove(*keys.hash_of({"a"}), 3);
  EXPECT_EQ(keys.shared_values(), (std::vector<std::int64_t>{0, 0}));
  EXPECT_FALSE(keys.judge(entries_of({{"c", 4, "x"}}, true), OnConflict::Refuse).conflicts.empty());
  keys.remove(*keys.hash_of({"b"}), 5);
  EXPECT_TRUE(keys.judge(entries_of({{"c", 6, "x"}}, true), OnConflict::Refuse).conflicts.empty());
}

// Histories of a collection: its files as they would lie on the disk, and beside them what its records are to whom
// reads the rules alone.
class History {
 public:
  explicit History(std::uint32_t seed) : random_(seed) {}

  void run(int steps) {
    for (int step = 0; step < steps && !testing::Test::HasFailure(); ++step) {
      take_step();
      check(keys_);
    }
    CollectionKeys again = read_again();
    check(again);
  }

 private:
  struct Record {
    std::int64_t stamp = 0;
    std::string mail;
    bool operator==(const Record&) const = default;
    friend void PrintTo(const Record& record, std::ostream* out) { *out << record.stamp << ' ' << record.mail; }
  };
  using Live = std::map<std::string, Record>;
  struct File {
    CollectionKeys::File file;
    std::vector<Row> rows;
  };

  std::uint32_t below(std::uint32_t count) { return random_() % count; }
  std::string id() { return "k" + std::to_string(below(9)); }
  std::string mail() { return below(3) == 0 ? "" : "m" + std::to_string(below(7)); }

  void take_step() {
    switch (below(12)) {
      case 0:
      case 1: return remove(id());
      case 2:
      case 3: return merge();
      case 4: keys_ = read_again(); return;
      case 5: return below(3) == 0 ? archive() : restore();
      case 6: return write(true);
      default: return write(false);
    }
  }

  void remove(const std::string& gone) {
    const auto hash = keys_.hash_of({gone});
    ASSERT_EQ(keys_.contains(*hash), live_.contains(gone));
    if (!live_.contains(gone)) return;
    keys_.remove(*hash, ++stamp_);
    deletes_.push_back({{"id"}, {gone}, stamp_});
    deleted_[gone] = stamp_;
    live_.erase(gone);
  }

  // What the rules say of one request, on top of `live`; false: it is refused.
  bool apply(Live& live, const std::vector<Row>& rows, OnConflict mode) const {
    std::vector<std::string> written;
    for (const Row& row : rows) {
      const auto known = live.find(row.id);
      const auto deleted = deleted_.find(row.id);
      if (mode == OnConflict::Refuse && known != live.end()) return false;
      if (mode == OnConflict::Replace && known == live.end()) return false;
      if (known != live.end() && known->second.stamp > row.stamp) continue;
      if (deleted != deleted_.end() && deleted->second > row.stamp) {
        // A late row is none, but its key was given all the same: a second one of it in the batch is refused.
        if (mode == OnConflict::Refuse && std::ranges::count(rows, row.id, &Row::id) > 1) return false;
        continue;
      }
      if (mode == OnConflict::Ignore && known != live.end()) continue;
      live[row.id] = {row.stamp, row.mail};
      written.push_back(row.id);
    }
    return std::ranges::all_of(written, [&](const std::string& id) {
      const std::string& mail = live[id].mail;
      return mail.empty() || std::ranges::none_of(live, [&](const auto& other) {
               return other.first != id && other.second.mail == mail;
             });
    });
  }

  void write(bool late) {
    constexpr OnConflict kModes[] = {OnConflict::Refuse, OnConflict::Update, OnConflict::Ignore, OnConflict::Replace};
    const OnConflict mode = kModes[below(4)];
    // A body that took long has the time at which it began.
    const std::int64_t now = ++stamp_;
    std::int64_t when = now;
    if (late && !stamps_free_.empty()) {
      merge(true);  // as IngestStream does where records were left out meanwhile
      when = stamps_free_.back();
      stamps_free_.pop_back();
    }
    if (below(4) == 0) stamps_free_.push_back(++stamp_);
    Live after = live_;
    std::vector<Row> rows;
    std::vector<std::int64_t> requests;
    bool fine = true;
    for (std::uint32_t i = mode == OnConflict::Replace || late ? 1 : below(3) + 1; i > 0; --i) {
      std::vector<Row> request;
      for (std::uint32_t j = mode == OnConflict::Replace ? 1 : below(4) + 1; j > 0; --j) {
        request.push_back({id(), when, mail()});
      }
      fine = apply(after, request, mode) && fine;
      requests.push_back(static_cast<std::int64_t>(request.size()));
      rows.insert(rows.end(), request.begin(), request.end());
    }
    const std::string entries = entries_of(rows, true);
    const KeyVerdict verdict = keys_.judge(entries, mode, requests);
    ASSERT_EQ(verdict.conflicts.empty(), fine) << static_cast<int>(mode);
    if (!fine) return;
    const CollectionKeys::File file{"commit" + std::to_string(now), static_cast<std::int64_t>(rows.size()),
                                    mode == OnConflict::Ignore};
    keys_.add(entries, {file}, verdict);
    files_.push_back({file, rows});
    live_ = std::move(after);
  }

  // The rows of a file that count, as a merge reads them.
  std::vector<Row> live_rows(const File& file) const {
    std::vector<Row> out;
    const Dead dead = keys_.dead_of(file.file.path);
    for (std::int64_t row = 0; row < file.file.rows; ++row) {
      const bool is_dead = std::ranges::any_of(dead, [&](const auto& d) { return d.first <= row && row <= d.second; });
      if (!is_dead) out.push_back(file.rows[static_cast<std::size_t>(row)]);
    }
    return out;
  }

  void merge(bool all = false) {
    if (files_.empty()) return;
    std::vector<std::string> from;
    std::vector<Row> rows;
    for (const File& file : files_) {
      if (!all && below(3) == 0) continue;
      from.push_back(file.file.path);
      const auto some = live_rows(file);
      rows.insert(rows.end(), some.begin(), some.end());
    }
    std::ranges::shuffle(rows, random_);
    // Meanwhile others go on.
    for (std::uint32_t i = all ? 0 : below(3); i > 0; --i) below(2) == 0 ? remove(id()) : write(false);
    std::vector<File> parts;
    const std::string name = "part" + std::to_string(++stamp_);
    const std::size_t half = below(2) == 0 ? rows.size() : rows.size() / 2;
    for (const auto& [first, last] : {std::pair(std::size_t{0}, half), std::pair(half, rows.size())}) {
      if (first == last) continue;
      std::vector<Row> some(rows.begin() + static_cast<std::ptrdiff_t>(first),
                            rows.begin() + static_cast<std::ptrdiff_t>(last));
      parts.push_back({{name + "_" + std::to_string(first), static_cast<std::int64_t>(some.size()), false}, some});
    }
    std::vector<CollectionKeys::File> to;
    for (const File& part : parts) to.push_back(part.file);
    keys_.moved(from, entries_of(rows, true), to);
    std::erase_if(files_, [&](const File& file) { return std::ranges::find(from, file.file.path) != from.end(); });
    files_.insert(files_.begin(), parts.begin(), parts.end());
  }

  // A file whose rows all count, while no other has dead ones: as compacting leaves them.
  void archive() {
    if (files_.empty() || !archived_.empty()) return;
    const bool any_dead =
        std::ranges::any_of(files_, [&](const File& file) { return !keys_.dead_of(file.file.path).empty(); });
    const std::size_t at = below(static_cast<std::uint32_t>(files_.size()));
    if (any_dead || files_[at].file.keeps_older) return;
    archived_.push_back(files_[at]);
    files_.erase(files_.begin() + static_cast<std::ptrdiff_t>(at));
    for (const Row& row : archived_[0].rows) live_.erase(row.id);
    keys_ = read_again();
  }

  // Merged before: rows of a batch that was to keep older ones would give way to what comes back.
  void restore() {
    if (archived_.empty()) return;
    merge(true);
    for (const Row& row : archived_[0].rows) {
      const auto known = live_.find(row.id);
      const auto deleted = deleted_.find(row.id);
      if (known != live_.end() && known->second.stamp > row.stamp) continue;
      if (deleted != deleted_.end() && deleted->second > row.stamp) continue;
      live_[row.id] = {row.stamp, row.mail};
    }
    files_.insert(files_.begin(), archived_[0]);
    archived_.clear();
    keys_ = read_again();
  }

  CollectionKeys read_again() const {
    CollectionKeys out(schema_of(true), kSecret);
    std::vector<Row> rows;
    std::vector<CollectionKeys::File> files;
    for (const File& file : files_) {
      files.push_back(file.file);
      rows.insert(rows.end(), file.rows.begin(), file.rows.end());
    }
    out.rebuild(entries_of(rows, true), files, deletes_);
    return out;
  }

  void check(const CollectionKeys& keys) const {
    Live found;
    for (const File& file : files_) {
      const Dead dead = keys.dead_of(file.file.path);
      for (std::int64_t row = 0; row < file.file.rows; ++row) {
        if (std::ranges::any_of(dead, [&](const auto& d) { return d.first <= row && row <= d.second; })) continue;
        const Row& it = file.rows[static_cast<std::size_t>(row)];
        ASSERT_TRUE(found.emplace(it.id, Record{it.stamp, it.mail}).second) << it.id << " twice";
      }
    }
    ASSERT_EQ(found, live_);
    ASSERT_EQ(keys.size(), live_.size());
    std::int64_t shared = 0;
    for (int i = 0; i < 7; ++i) {
      const std::string mail = "m" + std::to_string(i);
      const auto holders = std::ranges::count_if(live_, [&](const auto& entry) { return entry.second.mail == mail; });
      const auto verdict = keys.judge(entries_of({{"new", stamp_ + 1, mail}}, true), OnConflict::Refuse);
      ASSERT_EQ(!verdict.conflicts.empty(), holders > 0) << mail;
      if (holders > 1) shared += holders;
    }
    ASSERT_EQ(keys.shared_values(), (std::vector<std::int64_t>{0, shared}));
    for (const auto& [id, record] : live_) ASSERT_EQ(keys.stamp_of(*keys.hash_of({id})), record.stamp);
  }

  std::mt19937 random_;
  CollectionKeys keys_{schema_of(true), kSecret};
  std::vector<File> files_;
  std::vector<File> archived_;
  std::vector<KeptDelete> deletes_;
  std::map<std::string, std::int64_t> deleted_;
  std::vector<std::int64_t> stamps_free_;  // of bodies that are on their way
  Live live_;
  std::int64_t stamp_ = 0;
};

// CANVASBACK_KEY_HISTORIES=20000 CANVASBACK_KEY_SEED=7: the long form.
TEST(CollectionKeys, AreWhatTheRulesSayAfterAnyHistory) {
  const auto setting = [](const char* name, std::uint32_t otherwise) {
    const char* text = std::getenv(name);
    return text == nullptr ? otherwise : static_cast<std::uint32_t>(std::stoul(text));
  };
  const std::uint32_t seed = setting("CANVASBACK_KEY_SEED", 1);
  const std::uint32_t histories = setting("CANVASBACK_KEY_HISTORIES", 2000);
  for (std::uint32_t i = 0; i < histories; ++i) {
    History(seed * 1'000'003 + i).run(40);
    ASSERT_FALSE(HasFailure()) << "history " << i << " of seed " << seed;
  }
}

}  // namespace
}  // namespace canvasback
