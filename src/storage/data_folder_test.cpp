#include "storage/data_folder.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "base/test_support.hpp"

namespace canvasback {
namespace {

namespace fs = std::filesystem;

class DataFolderTest : public testing::Test {
 protected:
  void write(const std::string& name, const std::string& text) {
    const fs::path path = fs::path(folder_ / "data") / name;
    fs::create_directories(path.parent_path());
    std::ofstream(path) << text;
  }
  Result<std::string> recognised() { return recognised_data_folder(folder_ / "data"); }
  std::set<std::string> names() {
    std::set<std::string> out;
    for (const auto& entry : fs::recursive_directory_iterator(folder_ / "data")) {
      out.insert(entry.path().lexically_relative(folder_ / "data").string());
    }
    return out;
  }

  TemporaryFolder folder_;
};

TEST_F(DataFolderTest, ANewOneIsMarkedAndKnownAgain) {
  const auto folder = recognised();
  ASSERT_TRUE(folder);
  ASSERT_TRUE(mark_data_folder(*folder));
  write("anything/else.txt", "of the owner");
  EXPECT_TRUE(recognised());
}

TEST_F(DataFolderTest, OnesFromBeforeTheMarkAreKnown) {
  write(".lock", "");
  write("cache/x", "");
  EXPECT_TRUE(recognised());
}

TEST_F(DataFolderTest, WhatAPowerFailureLeavesOfAFirstStartIsKnown) {
  write("canvasback.format.tmp", "");
  fs::create_directories(folder_ / "data/cache");
  EXPECT_TRUE(recognised());
}

TEST_F(DataFolderTest, AnUnpackedBackupIsKnown) {
  write("parquet/commit_000000000001.parquet", "");
  write("archive/data_2025_w43_0001.parquet", "");
  write("quarantine/commit_000000000001.ndjson", "");
  write("schemas/people.json", "{}");
  write("parquet/.writing-7.tmp", "");
  write("collections/people/parquet/data_2025_w43.parquet", "");
  EXPECT_TRUE(recognised());
  write("collections/people/parquet/own.parquet", "");
  EXPECT_FALSE(recognised());
}

TEST_F(DataFolderTest, FoldersOfOthersAreRefusedAndLeftAlone) {
  for (const char* name : {"cache/thesis.docx", "notes.txt", "parquet/flights.parquet", "jobs/job-1",
                           "spill/worker-1/x", "schemas/own.xsd", "data/commit_000000000001.parquet"}) {
    fs::remove_all(folder_ / "data");
    write(name, "mine");
    const auto before = names();
    const auto folder = recognised();
    ASSERT_FALSE(folder) << name;
    EXPECT_NE(folder.error().message.find("--data"), std::string::npos);
    EXPECT_EQ(names(), before);
  }
}

TEST_F(DataFolderTest, ALaterFormatIsRefused) {
  write("canvasback.format", "format = 2\n");
  write(".lock", "");
  const auto folder = recognised();
  ASSERT_FALSE(folder);
  EXPECT_NE(folder.error().message.find("later version"), std::string::npos);
  for (const char* text : {"", "format = x\n", "format = 1x\n", "format = -1\n"}) {
    write("canvasback.format", text);
    EXPECT_FALSE(recognised()) << text;
  }
  write("canvasback.format", "# ours\nformat = 1\n");
  EXPECT_TRUE(recognised());
}

}  // namespace
}  // namespace canvasback
