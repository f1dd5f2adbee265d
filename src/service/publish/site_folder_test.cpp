#include "service/publish/site_folder.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/test_support.hpp"

namespace canvasback {
namespace fs = std::filesystem;
namespace {

std::string read(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// Publishes such contents as a generation; gives their names.
std::vector<std::string> publish(const std::string& path, const std::vector<std::string>& contents) {
  auto folder = SiteFolder::open(path);
  EXPECT_TRUE(folder) << folder.error().message;
  SiteIndex next;
  next.title = "Site";
  for (const std::string& content : contents) next.files.push_back(*folder->add(content, "json"));
  next.dashboards.push_back({"a", "A", "", next.files.front(), 1});
  follow(folder->index(), next);
  EXPECT_TRUE(folder->publish(next, {{"index.html", "<html>"}}));
  return next.files;
}

class SiteFolderTest : public testing::Test {
 protected:
  TemporaryFolder temporary_;
  std::string path_ = temporary_.path() + "/site";
};

TEST_F(SiteFolderTest, KeepsTheGenerationBeforeAndRemovesTheOneBeforeThat) {
  const auto first = publish(path_, {"one", "always"});
  const auto second = publish(path_, {"two", "always"});
  EXPECT_TRUE(fs::exists(path_ + "/" + first[0]));
  const auto third = publish(path_, {"three", "always"});
  EXPECT_FALSE(fs::exists(path_ + "/" + first[0]));
  EXPECT_TRUE(fs::exists(path_ + "/" + second[0]));
  EXPECT_EQ(read(path_ + "/" + third[0]), "three");
  EXPECT_EQ(first[1], third[1]) << "names are of the content";
}

TEST_F(SiteFolderTest, OthersFilesStayAndAnotherFolderIsRefused) {
  publish(path_, {"one"});
  std::ofstream(path_ + "/data/mine.txt") << "mine";
  std::ofstream(path_ + "/CNAME") << "example.org";
  publish(path_, {"two"});
  publish(path_, {"three"});
  EXPECT_TRUE(fs::exists(path_ + "/data/mine.txt"));
  EXPECT_TRUE(fs::exists(path_ + "/CNAME"));

  const std::string other = temporary_.path() + "/other";
  fs::create_directories(other);
  std::ofstream(other + "/thesis.tex") << "years";
  EXPECT_FALSE(SiteFolder::open(other));
  std::ofstream(other + "/index.json") << "{}";
  EXPECT_FALSE(SiteFolder::open(other));
}

TEST_F(SiteFolderTest, WhatWasBegunAndNotPublishedIsRemovedLater) {
  const auto first = publish(path_, {"one"});
  std::string lost;
  {
    auto folder = SiteFolder::open(path_);
    ASSERT_TRUE(folder);
    lost = *folder->add("never published", "parquet");
    ASSERT_TRUE(folder->flush());
  }
  EXPECT_TRUE(fs::exists(path_ + "/" + lost));
  const auto index = site_index_from_json(*Json::parse(read(path_ + "/index.json")));
  ASSERT_TRUE(index);
  EXPECT_EQ(index->dashboards.front().page, first[0]) << "readers still have the old generation";
  publish(path_, {"two"});
  publish(path_, {"three"});
  EXPECT_FALSE(fs::exists(path_ + "/" + lost));
}

// The index is the last file of a publish but for the list of files.
TEST_F(SiteFolderTest, AListThatIsBehindItsIndexIsBroughtUpToDate) {
  publish(path_, {"one"});
  const std::string before = read(path_ + "/publish.json");
  const auto second = publish(path_, {"two"});
  auto list = *Json::parse(before);
  Json next;
  Json files = Json::Array{};
  files.push(second[0]);
  next.set("files", files);
  list.set("next", next);
  std::ofstream(path_ + "/publish.json", std::ios::trunc) << list.dump();
  auto folder = SiteFolder::open(path_);
  ASSERT_TRUE(folder);
  EXPECT_EQ(folder->index().generation, 2);
  EXPECT_EQ(folder->index().files, second);
}

TEST_F(SiteFolderTest, OneAtATime) {
  auto folder = SiteFolder::open(path_);
  ASSERT_TRUE(folder);
  EXPECT_FALSE(SiteFolder::open(path_));
}

TEST_F(SiteFolderTest, WhatIsThereIsNotWrittenAgain) {
  publish(path_, {"one"});
  auto folder = SiteFolder::open(path_);
  ASSERT_TRUE(folder);
  const std::string name = *folder->add("one", "json");
  ASSERT_TRUE(folder->flush());
  EXPECT_EQ(folder->files_written(), 0);
  // A file that was cut short is.
  fs::resize_file(path_ + "/" + name, 1);
  ASSERT_TRUE(folder->add("one", "json"));
  ASSERT_TRUE(folder->flush());
  EXPECT_EQ(folder->files_written(), 1);
  EXPECT_EQ(read(path_ + "/" + name), "one");
}

}  // namespace
}  // namespace canvasback
