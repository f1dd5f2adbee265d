#include "storage/dataset.hpp"

#include <gtest/gtest.h>

#include "record/text_reading.hpp"

namespace canvasback {
namespace {

Dataset example() {
  Dataset dataset;
  dataset.name = "orders";
  dataset.kind = DatasetKind::Arrow;
  dataset.files = {{"/d/a.arrow", 18'446'744'073'709'551'615U, -5, 7, 3, {1, 2}}, {"/d/b.arrow", 1, 2, 3, -1, {}}};
  dataset.columns = {{"id", "BIGINT", "1", "9", 0}, {"née \"x\"", "VARCHAR", {}, {}, {}}};
  dataset.rows = 9'007'199'254'740'993;
  dataset.version = "abc";
  dataset.left_out = {{"/d/c.arrow", "it ends early"}};
  TextReading reading;
  reading.files.resize(2);
  reading.columns = {{"id", "BIGINT", "why"}};
  dataset.text = std::make_shared<const TextReading>(std::move(reading));
  dataset.plain_scan = dataset.union_by_name = dataset.hive_partitioning = true;
  return dataset;
}

TEST(Dataset, TheWireFormKeepsEverything) {
  const Dataset dataset = example();
  const Json json = to_json(dataset);
  auto parsed = Json::parse(json.dump());
  ASSERT_TRUE(parsed);
  auto back = dataset_from_json(*parsed);
  ASSERT_TRUE(back);
  EXPECT_EQ(to_json(*back).dump(), json.dump());
  EXPECT_EQ(back->rows, dataset.rows);
  EXPECT_EQ(back->kind, DatasetKind::Arrow);
  EXPECT_TRUE(back->files[0].same_content(dataset.files[0]));
  EXPECT_EQ(back->files[0].row_group_rows, (std::vector<std::int64_t>{1, 2}));
  EXPECT_EQ(back->files[1].rows, -1);
  EXPECT_EQ(back->left_out, dataset.left_out);
  ASSERT_TRUE(back->text);
  EXPECT_EQ(back->text->columns[0].reason, "why");
  EXPECT_EQ(back->columns[0].max, "9");
  EXPECT_EQ(back->columns[1].null_count, std::nullopt);
}

TEST(Dataset, AnUnknownKindIsRefused) {
  Json json = to_json(example());
  json.set("kind", "spreadsheet");
  EXPECT_FALSE(dataset_from_json(json));
  EXPECT_FALSE(dataset_from_json(Json()));
}

TEST(Dataset, AnyChangeOfIdentityIsAnotherContent) {
  const DataFile file{"/a", 1, 2, 3, -1, {}};
  for (const DataFile& other : {DataFile{"/b", 1, 2, 3, -1, {}}, DataFile{"/a", 9, 2, 3, -1, {}},
                                DataFile{"/a", 1, 9, 3, -1, {}}, DataFile{"/a", 1, 2, 9, -1, {}}}) {
    EXPECT_FALSE(file.same_content(other));
  }
  DataFile written_into = file;
  written_into.changed_ns = 9;  // size and time of the content set to what they were
  EXPECT_FALSE(file.same_content(written_into));
  EXPECT_TRUE(file.same_content({"/a", 1, 2, 3, 100, {100}}));
}

TEST(Dataset, KindsComeFromExtensions) {
  EXPECT_EQ(dataset_kind_of_path("/d/A.PARQUET"), DatasetKind::Parquet);
  EXPECT_EQ(dataset_kind_of_path("a.tsv.zst"), DatasetKind::Csv);
  EXPECT_EQ(dataset_kind_of_path("a.jsonl.gz"), DatasetKind::Json);
  EXPECT_EQ(dataset_kind_of_path("a.feather"), DatasetKind::Arrow);
  EXPECT_EQ(dataset_kind_of_path("a.parquet.bak"), std::nullopt);
  EXPECT_EQ(dataset_kind_of_path(".gz"), std::nullopt);
}

TEST(Dataset, ColumnsAreFoundByExactName) {
  const Dataset dataset = example();
  ASSERT_NE(dataset.find_column("id"), nullptr);
  EXPECT_EQ(dataset.find_column("ID"), nullptr);
  EXPECT_EQ(dataset.find_column(""), nullptr);
}

}  // namespace
}  // namespace canvasback
