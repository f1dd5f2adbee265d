#include "storage/table/pulled/key_map.hpp"

#include <arrow/array/builder_binary.h>
#include <arrow/array/builder_primitive.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <map>
#include <random>

#include "base/unique_fd.hpp"
#include "storage/table/pulled/key_bytes.hpp"

namespace canvasback {
namespace {

UniqueFd memory_file() { return UniqueFd(::memfd_create("keys", MFD_CLOEXEC)); }

std::string padded(std::string key) {
  if (key.size() < kKeyBytesMin) key.resize(kKeyBytesMin, '\0');
  return key;
}

void expect_like(const std::map<std::string, KeyMapEntry>& model, KeyMap& map, const std::vector<std::string>& probes) {
  ASSERT_EQ(map.rows(), static_cast<std::int64_t>(model.size()));
  for (const std::string& probe : probes) {
    const auto wanted = std::distance(model.begin(), model.lower_bound(probe));
    for (const std::int64_t from : {std::int64_t{0}, wanted / 2, wanted}) {
      ASSERT_EQ(map.lower_bound(probe, from).value(), wanted);
    }
    const auto found = model.find(probe);
    ASSERT_EQ(map.is_at(wanted, probe).value(), found != model.end());
    if (found == model.end()) continue;
    const KeyMapEntry entry = map.at(wanted).value();
    EXPECT_EQ(entry.row, found->second.row);
    EXPECT_EQ(entry.changed_us, found->second.changed_us);
    EXPECT_EQ(entry.hash, found->second.hash);
    EXPECT_EQ(map.key_at(wanted).value(), probe);
  }
}

void check_random(std::size_t length_max, std::size_t rows, unsigned seed) {
  std::mt19937_64 random(seed);
  std::map<std::string, KeyMapEntry> model;
  KeyMapWriter writer;
  std::vector<std::string> probes;
  while (model.size() < rows) {
    std::string key(1 + random() % length_max, '\0');
    for (char& c : key) c = static_cast<char>('a' + random() % 3);
    key = padded(key);
    probes.push_back(key);
    if (model.contains(key)) continue;
    const KeyMapEntry entry{static_cast<std::int64_t>(model.size()), static_cast<std::int64_t>(random()), random()};
    writer.add(key, entry.changed_us, entry.hash);
    model.emplace(key, entry);
  }
  for (int i = 0; i < 50; ++i)
    probes.push_back(padded(std::string(random() % 20, static_cast<char>('a' + random() % 4))));
  const UniqueFd fd = memory_file();
  const std::uint64_t bytes = writer.finish(fd.get()).value();
  EXPECT_EQ(bytes, static_cast<std::uint64_t>(::lseek(fd.get(), 0, SEEK_END)));
  auto map = KeyMap::open(fd.get());
  ASSERT_TRUE(map);
  expect_like(model, **map, probes);
  const auto places = (*map)->places_by_row().value();
  for (const auto& [key, entry] : model) {
    EXPECT_EQ((*map)->key_at(places[static_cast<std::size_t>(entry.row)]).value(), key);
  }
}

TEST(KeyMapTest, FindsShortKeys) { check_random(16, 5'000, 1); }
TEST(KeyMapTest, FindsLongKeys) { check_random(40, 5'000, 2); }
TEST(KeyMapTest, OneRowAndNone) {
  check_random(8, 1, 3);
  KeyMapWriter writer;
  const UniqueFd fd = memory_file();
  ASSERT_TRUE(writer.finish(fd.get()));
  auto map = KeyMap::open(fd.get());
  ASSERT_TRUE(map);
  EXPECT_EQ((*map)->lower_bound(padded("a")).value(), 0);
  EXPECT_FALSE((*map)->is_at(0, padded("a")).value());
}

TEST(KeyMapTest, TellsOfAKeyThatComesTwice) {
  KeyMapWriter writer;
  writer.add(padded("a"), 0, 0);
  writer.add(padded("b"), 0, 0);
  writer.add(padded("a"), 1, 1);
  const UniqueFd fd = memory_file();
  ASSERT_TRUE(writer.finish(fd.get()));
  EXPECT_EQ(writer.repeated(), 1);
  auto map = KeyMap::open(fd.get());
  ASSERT_TRUE(map);
  EXPECT_EQ((*map)->lower_bound(padded("a")).value(), 0);
  EXPECT_EQ((*map)->at(0)->row, 0);
  EXPECT_EQ((*map)->at(1)->row, 2);
  EXPECT_EQ((*map)->lower_bound(padded("b")).value(), 2);
}

// Any bit: either it is told, or the answer is the right one.
TEST(KeyMapTest, NoDamageChangesAnAnswer) {
  KeyMapWriter writer;
  for (int i = 0; i < 300; ++i) writer.add(padded(std::to_string(1000 + i) + std::string(20, 'x')), i, i * 7ull);
  const UniqueFd fd = memory_file();
  const auto size = static_cast<std::size_t>(writer.finish(fd.get()).value());
  std::mt19937 random(5);
  for (int round = 0; round < 500; ++round) {
    const auto at = static_cast<off_t>(random() % size);
    char byte = 0;
    ASSERT_EQ(::pread(fd.get(), &byte, 1, at), 1);
    const char wrong = static_cast<char>(byte ^ (1 << random() % 8));
    ASSERT_EQ(::pwrite(fd.get(), &wrong, 1, at), 1);
    auto map = KeyMap::open(fd.get());
    for (int i = 0; map && i < 300; i += 37) {
      const auto place = (*map)->lower_bound(padded(std::to_string(1000 + i) + std::string(20, 'x')));
      if (!place) break;
      ASSERT_EQ(*place, i);
      const auto entry = (*map)->at(*place);
      if (entry) ASSERT_EQ(entry->hash, i * 7ull);
    }
    map = std::unexpected(Error{});
    ASSERT_EQ(::pwrite(fd.get(), &byte, 1, at), 1);
  }
}

template <class Builder, class Value>
std::shared_ptr<arrow::Array> array_of(const std::vector<Value>& values) {
  Builder builder;
  for (const Value& value : values) EXPECT_TRUE(builder.Append(value).ok());
  return *builder.Finish();
}

TEST(KeyBytesTest, OrderIsThatOfTheValues) {
  const auto ints = array_of<arrow::Int64Builder, std::int64_t>({INT64_MIN, -5, -1, 0, 1, 256, INT64_MAX});
  const auto texts = array_of<arrow::BinaryBuilder, std::string>(
      {"", std::string(1, '\0'), std::string("\0a", 2), "\x01", "a", "aa", "b"});
  for (const auto& array : {ints, texts}) {
    const auto keys = KeyBytes::of({array});
    ASSERT_TRUE(keys);
    std::string before;
    for (std::int64_t row = 0; row < array->length(); ++row) {
      std::string key;
      ASSERT_TRUE(keys->append(row, key));
      if (row > 0) EXPECT_LT(before, key) << row;
      before = key;
    }
  }
  EXPECT_FALSE(KeyBytes::of({array_of<arrow::DoubleBuilder, double>({1})}));
  arrow::Int32Builder with_null;
  ASSERT_TRUE(with_null.AppendNull().ok());
  std::string key;
  EXPECT_FALSE(KeyBytes::of({*with_null.Finish()})->append(0, key));
}

}  // namespace
}  // namespace canvasback
