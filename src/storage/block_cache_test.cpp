#include "storage/block_cache.hpp"

#include <arrow/array.h>
#include <arrow/json/from_string.h>
#include <gtest/gtest.h>

#include "base/test_support.hpp"

namespace canvasback {
namespace {

BatchPtr example() {
  auto numbers = arrow::json::ArrayFromJSONString(arrow::int64(), "[1, null, 3]").ValueOrDie();
  auto lists = arrow::json::ArrayFromJSONString(arrow::list(arrow::utf8()), R"([["a"], [], null])").ValueOrDie();
  auto schema = arrow::schema({arrow::field("n", arrow::int64()), arrow::field("l", lists->type())});
  return arrow::RecordBatch::Make(schema, 3, {numbers, lists});
}

TEST(BlockCache, ABlockIsReadBackAsItWasWritten) {
  TemporaryFolder folder;
  const std::string key(64, 'a');
  ASSERT_TRUE(write_block(folder / (key + ".arrow"), *example()));
  const BatchPtr found = find_block(folder.path(), key);
  ASSERT_NE(found, nullptr);
  EXPECT_TRUE(found->Equals(*example()));
}

TEST(BlockCache, WhatIsMissingOrDamagedIsNotFound) {
  TemporaryFolder folder;
  EXPECT_EQ(find_block(folder.path(), "none"), nullptr);
  folder.write("empty.arrow", "");
  EXPECT_EQ(find_block(folder.path(), "empty"), nullptr);
  ASSERT_TRUE(write_block(folder / "whole.arrow", *example()));
  const std::string bytes = file_bytes(folder / "whole.arrow");
  folder.write("half.arrow", bytes.substr(0, bytes.size() / 2));
  EXPECT_EQ(find_block(folder.path(), "half"), nullptr);
}

TEST(BlockCache, AFolderThatIsNotThereIsAnError) {
  TemporaryFolder folder;
  EXPECT_FALSE(write_block(folder / "none/a.arrow", *example()));
}

TEST(BlockCache, KeysTellFilesRowGroupsAndColumnsApart) {
  const DataFile file{"/a", 1, 2, 3, -1, {}};
  const std::string key = block_key(file, 0, {"a", "b"});
  EXPECT_EQ(key.size(), 64U);
  EXPECT_EQ(key, block_key(file, 0, {"a", "b"}));
  DataFile changed = file;
  changed.modified_ns = 9;
  EXPECT_NE(key, block_key(changed, 0, {"a", "b"}));
  changed = file;
  changed.changed_ns = 9;
  EXPECT_NE(key, block_key(changed, 0, {"a", "b"}));
  EXPECT_NE(key, block_key(file, 1, {"a", "b"}));
  EXPECT_NE(key, block_key(file, 0, {"b", "a"}));
  EXPECT_NE(key, block_key(file, 0, {"a\n1:b"}));
  EXPECT_NE(block_key(file, 0, {}), block_key(file, 0, {""}));
}

}  // namespace
}  // namespace canvasback
