#include "storage/catalog.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "base/test_support.hpp"

namespace canvasback {
namespace {

namespace fs = std::filesystem;

DatasetSource source(std::string pattern, std::optional<DatasetKind> kind = {}) {
  return {"d", std::move(pattern), kind};
}

// The files' paths below the folder, or the error's code.
std::vector<std::string> listed(const TemporaryFolder& folder, const DatasetSource& what) {
  auto dataset = list_files(what);
  if (!dataset) return {std::string(name_of(dataset.error().code))};
  std::vector<std::string> names;
  for (const DataFile& file : dataset->files) names.push_back(file.path.substr(folder.path().size() + 1));
  return names;
}

using Names = std::vector<std::string>;

TEST(Catalog, AFolderIsEveryDataFileBelowItSorted) {
  TemporaryFolder folder;
  for (const char* name : {"b.parquet", "a.pq", "sub/c.parquet", "notes.txt", "sub/readme"}) folder.write(name, "x");
  EXPECT_EQ(listed(folder, source(folder.path())), (Names{"a.pq", "b.parquet", "sub/c.parquet"}));
}

TEST(Catalog, HiddenFilesAndFoldersAreLeftOut) {
  TemporaryFolder folder;
  for (const char* name : {"a.parquet", ".b.parquet", "_c.parquet", ".git/d.parquet", "_temporary/e.parquet"}) {
    folder.write(name, "x");
  }
  EXPECT_EQ(listed(folder, source(folder.path())), Names{"a.parquet"});
  EXPECT_EQ(listed(folder, source(folder / "**/*.parquet")), Names{"a.parquet"});
}

TEST(Catalog, AGlobIsWhatItMatches) {
  TemporaryFolder folder;
  for (const char* name : {"2023/a.csv", "2024/a.csv", "2024/b.csv", "2024/b.parquet"}) folder.write(name, "x");
  EXPECT_EQ(listed(folder, source(folder / "2024/*.csv")), (Names{"2024/a.csv", "2024/b.csv"}));
  EXPECT_EQ(listed(folder, source(folder / "20*/a.csv")), (Names{"2023/a.csv", "2024/a.csv"}));
  EXPECT_EQ(listed(folder, source(folder / "*.none")), Names{"DatasetNotFound"});
}

TEST(Catalog, AFileIsItself) {
  TemporaryFolder folder;
  folder.write("a.ndjson.gz", "12345");
  auto dataset = list_files(source(folder / "a.ndjson.gz"));
  ASSERT_TRUE(dataset);
  EXPECT_EQ(dataset->kind, DatasetKind::Json);
  ASSERT_EQ(dataset->files.size(), 1U);
  EXPECT_EQ(dataset->files[0].bytes, 5U);
  EXPECT_GT(dataset->files[0].modified_ns, 0);
  EXPECT_NE(dataset->files[0].inode, 0U);
}

TEST(Catalog, WhatIsNotThereIsNotFound) {
  TemporaryFolder folder;
  EXPECT_EQ(listed(folder, source(folder / "none.parquet")), Names{"DatasetNotFound"});
  EXPECT_EQ(listed(folder, source(folder / "none/*.parquet")), Names{"DatasetNotFound"});
  EXPECT_EQ(listed(folder, source(folder.path())), Names{"DatasetNotFound"});
}

TEST(Catalog, KindsDoNotMixUnlessOneIsNamed) {
  TemporaryFolder folder;
  for (const char* name : {"a.parquet", "b.csv"}) folder.write(name, "x");
  EXPECT_EQ(listed(folder, source(folder.path())), Names{"InvalidData"});
  EXPECT_EQ(listed(folder, source(folder.path(), DatasetKind::Csv)), Names{"b.csv"});
}

TEST(Catalog, AnUnknownExtensionNeedsAKind) {
  TemporaryFolder folder;
  folder.write("records.log", "{}");
  EXPECT_EQ(listed(folder, source(folder / "records.log")), Names{"InvalidData"});
  EXPECT_EQ(listed(folder, source(folder / "records.log", DatasetKind::Json)), Names{"records.log"});
}

TEST(Catalog, FoldersNamedKeyValueAreHivePartitions) {
  TemporaryFolder folder;
  folder.write("year=2024/a.parquet", "x");
  folder.write("plain/a.parquet", "x");
  EXPECT_TRUE(list_files(source(folder.path()))->hive_partitioning);
  EXPECT_FALSE(list_files(source(folder / "plain"))->hive_partitioning);
  EXPECT_TRUE(list_files(source(folder / "*/a.parquet"))->hive_partitioning);
}

TEST(Catalog, APathThatExistsIsNoPattern) {
  TemporaryFolder folder;
  for (const char* name : {"a[1].csv", "a1.csv", "b[x]/c.csv", "bx/c.csv", "d*.csv", "de.csv", "f{1,2}.csv"}) {
    folder.write(name, "x");
  }
  EXPECT_EQ(listed(folder, source(folder / "a[1].csv")), Names{"a[1].csv"});
  EXPECT_EQ(listed(folder, source(folder / "b[x]")), Names{"b[x]/c.csv"});
  EXPECT_EQ(listed(folder, source(folder / "b[x]/*.csv")), Names{"b[x]/c.csv"});
  EXPECT_EQ(listed(folder, source(folder / "b[xy]/*.csv")), Names{"bx/c.csv"});
  EXPECT_EQ(listed(folder, source(folder / "d*.csv")), Names{"d*.csv"});
  EXPECT_EQ(listed(folder, source(folder / "f{1,2}.csv")), Names{"f{1,2}.csv"});
  EXPECT_EQ(dataset_source_from(folder / "a[1].csv")->name, "a_1_");
  EXPECT_EQ(dataset_source_from(folder / "a[12].csv")->pattern, folder / "a[12].csv");
}

TEST(Catalog, FilesHaveTheValuesOfTheirFolders) {
  TemporaryFolder folder;
  folder.write("ver=1.10/k=a%2Fb/x.csv", "x");
  folder.write("ver=__HIVE_DEFAULT_PARTITION__/k=NULL/x.csv", "x");
  const auto dataset = list_files(source(folder.path()));
  ASSERT_TRUE(dataset);
  using Partition = decltype(DataFile::partition);
  EXPECT_EQ(dataset->files[0].partition, (Partition{{"ver", "1.10"}, {"k", "a/b"}}));
  EXPECT_EQ(dataset->files[1].partition, (Partition{{"ver", std::nullopt}, {"k", "NULL"}}));
}

TEST(Catalog, TheVersionChangesWithAnyFile) {
  TemporaryFolder folder;
  folder.write("a.parquet", "x");
  const std::string before = list_files(source(folder.path()))->version;
  EXPECT_EQ(list_files(source(folder.path()))->version, before);
  folder.write("b.parquet", "x");
  const std::string more = list_files(source(folder.path()))->version;
  EXPECT_NE(more, before);
  folder.write("b.parquet", "xy");
  EXPECT_NE(list_files(source(folder.path()))->version, more);
}

TEST(Catalog, LinksAreFollowedAndWhatTheyLeadToIsReadable) {
  TemporaryFolder folder;
  TemporaryFolder elsewhere;
  folder.write("a.parquet", "x");
  const std::string target = elsewhere.write("b.parquet", "x");
  fs::create_symlink(target, folder / "link.parquet");
  fs::create_symlink(folder / "gone", folder / "dangling.parquet");
  const DatasetSource what = source(folder.path());
  auto dataset = list_files(what);
  ASSERT_TRUE(dataset);
  EXPECT_EQ(dataset->files.size(), 2U);
  const auto paths = readable_paths(what, *dataset);
  EXPECT_EQ(paths, (Names{folder.path(), target}));
}

TEST(Catalog, AFilesOwnPathIsAllThatIsReadable) {
  TemporaryFolder folder;
  const std::string path = folder.write("a.parquet", "x");
  EXPECT_EQ(readable_paths(source(path), *list_files(source(path))), Names{path});
}

TEST(Catalog, AnArgumentIsAPathOrNameEqualsPath) {
  TemporaryFolder folder;
  auto named = dataset_source_from("sales=" + folder.path() + "/./x/../y.parquet");
  ASSERT_TRUE(named);
  EXPECT_EQ(named->name, "sales");
  EXPECT_EQ(named->pattern, folder / "y.parquet");
  EXPECT_EQ(dataset_source_from(folder / "flights-3m.parquet")->name, "flights_3m");
  EXPECT_EQ(dataset_source_from("/data/sales/2024-*.parquet")->name, "sales");
  EXPECT_EQ(dataset_source_from("/data/sales/")->pattern, "/data/sales");
  EXPECT_FALSE(dataset_source_from("sales="));
  EXPECT_FALSE(dataset_source_from(""));
}

TEST(Catalog, AnyNameIsADatasets) {
  TemporaryFolder folder;
  const std::string path = folder.write("a=b.csv", "x");
  for (const char* name : {"gr\xc3\xb6\xc3\x9f"
                           "e",
                           "a,b", "it's", "a=b", "1.2", " "}) {
    const auto found = dataset_source_from(fmt::format("{}={}", name, path));
    ASSERT_TRUE(found) << name;
    EXPECT_EQ(found->name, name);
    EXPECT_EQ(found->pattern, path);
  }
  for (const std::string& name :
       {std::string("a/b"), std::string("a\nb"), std::string("\xff"), std::string(256, 'x'), std::string("..")}) {
    EXPECT_FALSE(dataset_source(name, path)) << name;
  }
}

TEST(Catalog, APathThatHoldsAnEqualsSignIsAPathWhereItExists) {
  TemporaryFolder folder;
  folder.write("year=2024/a.parquet", "x");
  const fs::path before = fs::current_path();
  fs::current_path(folder.path());
  auto found = dataset_source_from("year=2024");
  fs::current_path(before);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->pattern, folder / "year=2024");
}

}  // namespace
}  // namespace canvasback
