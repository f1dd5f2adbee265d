#include "storage/table/key_index.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace canvasback {
namespace {

TEST(KeyIndex, DoesAsAMapDoes) {
  KeyIndex index;
  std::map<std::uint64_t, std::uint32_t> model;
  std::mt19937_64 random(7);
  for (int step = 0; step < 200'000; ++step) {
    // Few home slots, so that runs are long and erased keys lie in their middle.
    const std::uint64_t key = random() % 3000 + 1;
    const KeyHash hash{key, key % 97};
    if (random() % 3 == 0) {
      index.erase(hash);
      model.erase(key);
    } else {
      const auto row = static_cast<std::uint32_t>(step);
      index.put(hash, step, {1, row});
      model[key] = row;
    }
    if (step % 10'000 != 0) continue;
    ASSERT_EQ(index.size(), model.size());
    for (std::uint64_t each = 1; each <= 3000; ++each) {
      const KeyIndex::Entry* found = index.find({each, each % 97});
      const auto known = model.find(each);
      ASSERT_EQ(found != nullptr, known != model.end()) << each;
      if (found != nullptr) {
        ASSERT_EQ(found->place.row, known->second);
      }
    }
  }
}

TEST(KeyIndex, SaysWhatItWillTake) {
  KeyIndex index;
  for (std::uint64_t key = 1; key <= 5000; ++key) {
    const std::size_t told = KeyIndex::bytes_for(index.size() + 1);
    index.put({key, 1}, 0, {});
    ASSERT_EQ(index.bytes(), told) << key;
  }
}

TEST(KeyIndex, IsEmptyAtFirst) {
  KeyIndex index;
  EXPECT_EQ(index.find({1, 2}), nullptr);
  index.erase({1, 2});
  index.reserve(1000);
  EXPECT_GE(index.bytes(), 1000 * sizeof(KeyIndex::Entry));
  EXPECT_EQ(index.size(), 0U);
}

}  // namespace
}  // namespace canvasback
