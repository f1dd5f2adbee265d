#include "worker/roles/query/dataset_catalog.hpp"

#include <gtest/gtest.h>

namespace canvasback {
namespace {

class DatasetCatalogTest : public testing::Test {
 protected:
  void tell(const std::string& name, const std::string& version) {
    Dataset dataset;
    dataset.name = name;
    dataset.version = version;
    Json entries = Json::Array{};
    entries.push(to_json(dataset));
    catalog_.update(entries);
  }

  DatasetCatalog catalog_;
};

TEST_F(DatasetCatalogTest, TheNewestEntryCounts) {
  tell("d", "v1");
  tell("d", "v2");
  const auto found = catalog_.find("d");
  ASSERT_TRUE(found);
  EXPECT_EQ((*found)->version, "v2");
  EXPECT_EQ(catalog_.find("D").error().code, ErrorCode::DatasetNotFound);
}

TEST_F(DatasetCatalogTest, SqlTakesNamesInAnyCaseAndTheExactOneFirst) {
  tell("Flights", "a");
  EXPECT_EQ(catalog_.find_table("flights")->version, "a");
  tell("flights", "b");
  EXPECT_EQ(catalog_.find_table("flights")->version, "b");
  EXPECT_EQ(catalog_.find_table("Flights")->version, "a");
  EXPECT_EQ(catalog_.names_alike("FLIGHTS"), (std::vector<std::string>{"Flights", "flights"}));
  EXPECT_EQ(catalog_.find_table("other"), nullptr);
}

TEST_F(DatasetCatalogTest, HeldFilesAreThoseOfTheVersionTheyCameWith) {
  tell("d", "v1");
  EXPECT_EQ(catalog_.held("d"), nullptr);
  std::vector<UniqueFd> files(2);
  catalog_.hold("d", std::move(files));
  ASSERT_NE(catalog_.held("d"), nullptr);
  EXPECT_EQ(catalog_.held("d")->size(), 2U);
  tell("d", "v2");
  EXPECT_EQ(catalog_.held("d"), nullptr) << "of the new version nothing has come";
}

}  // namespace
}  // namespace canvasback
