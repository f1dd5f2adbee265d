#include "storage/partition.hpp"

#include <gtest/gtest.h>

namespace canvasback {
namespace {

DataFile file_at(const std::string& path, const std::string& root = "/data") {
  DataFile file;
  file.path = path;
  file.partition = partition_of(root, path);
  return file;
}

TEST(Partition, IsWhatFoldersBelowTheRootAreCalled) {
  EXPECT_EQ(partition_of("/a=1/data", "/a=1/data/b=2.0/c=x%20y/f=1.parquet"), (Partition{{"b", "2.0"}, {"c", "x y"}}));
  EXPECT_EQ(partition_of("/data", "/data/b=__HIVE_DEFAULT_PARTITION__/f"), (Partition{{"b", std::nullopt}}));
  EXPECT_EQ(partition_of("/data", "/data/b=/=c/d=50%/f"), (Partition{{"b", ""}, {"d", "50%"}}));
  EXPECT_EQ(partition_of("/data", "/data/b=1/B=2/f"), (Partition{{"B", "2"}}));
}

TEST(Partition, AllValuesDecideTheType) {
  const auto type = [](std::initializer_list<const char*> values) {
    std::vector<DataFile> files;
    for (const char* value : values) files.push_back(file_at(std::string("/data/k=") + value + "/f"));
    return partition_type(files, "k");
  };
  EXPECT_EQ(type({"1", "-20", "__HIVE_DEFAULT_PARTITION__"}), "BIGINT");
  EXPECT_EQ(type({"1", "02"}), "VARCHAR");
  EXPECT_EQ(type({"9223372036854775808"}), "VARCHAR");
  EXPECT_EQ(type({"2024-02-29", "0001-01-01"}), "DATE");
  EXPECT_EQ(type({"2024-02-30"}), "VARCHAR");
  EXPECT_EQ(type({"2024-02-29", "1"}), "VARCHAR");
  EXPECT_EQ(type({"__HIVE_DEFAULT_PARTITION__"}), "VARCHAR");
}

TEST(Partition, KnowsWhatTheEngineReadsInAnotherWay) {
  const std::vector<std::string> columns{"v"};
  for (const char* same : {"/data/f", "/data/k=1.10/f", "/data/k=a%2Fb/f", "/data/k=__HIVE_DEFAULT_PARTITION__/f"}) {
    EXPECT_TRUE(does_engine_agree(file_at(same), columns)) << same;
  }
  for (const char* other : {"/data/k=NULL/f", "/data/k=null/f", "/data/k=a=b/f", "/data/k=50%/f", "/data/k=a?/f",
                            "/data/k=a\nb/f", "/data/k k=1/f", "/data/v=1/f"}) {
    EXPECT_FALSE(does_engine_agree(file_at(other), columns)) << other;
  }
  DataFile linked = file_at("/data/k=1/f");
  linked.path = "/elsewhere/f";
  EXPECT_FALSE(does_engine_agree(linked, columns));
  EXPECT_FALSE(does_engine_agree(file_at("/v=1/data/k=1/f", "/v=1/data"), columns));
}

}  // namespace
}  // namespace canvasback
