#include "service/collection/collection_trouble.hpp"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>

namespace canvasback {
namespace {

class CollectionTrouble : public testing::Test {
 protected:
  void block(const std::string& path, const std::string& trouble) {
    CollectionFile file;
    file.file.path = path;
    file.trouble = trouble;
    collection.files.blocking.push_back(std::move(file));
  }

  asio::io_context loop;
  Collection collection{loop.get_executor(), {"c", "/d/parquet", "/d/archive", "/d/quarantine"}, true};
};

TEST_F(CollectionTrouble, NamesTheFilesAndWhatIsWrongWithThem) {
  block("/d/parquet/a.parquet", "It is damaged.");
  block("/d/archive/b.parquet", "Permission denied");
  const Error error = blocked_by_files(collection);
  EXPECT_EQ(error.code, ErrorCode::Unavailable);
  EXPECT_NE(error.message.find(": a.parquet (It is damaged), archive/b.parquet (Permission denied). Nothing is"),
            std::string::npos)
      << error.message;
  EXPECT_EQ(error.detail, "/d/parquet/a.parquet, /d/archive/b.parquet");
  EXPECT_GT(error.retry_after_seconds, 0);
}

TEST_F(CollectionTrouble, NamesAFewAndCountsTheOthers) {
  for (const char* name : {"a", "b", "c", "d", "e"}) block(std::string("/d/parquet/") + name, "x");
  const std::string message = blocked_by_files(collection).message;
  EXPECT_NE(message.find("c (x) and 2 more."), std::string::npos) << message;
}

TEST_F(CollectionTrouble, AFolderThatCannotBeReadIsUnavailable) {
  const Error error = blocked_by(collection, Error{ErrorCode::StorageLimit, "It is so.", "why", {}, 0});
  EXPECT_EQ(error.code, ErrorCode::Unavailable);
  EXPECT_EQ(error.message, "Collection \"c\" cannot be read: It is so.");
  EXPECT_EQ(error.detail, "why");
}

}  // namespace
}  // namespace canvasback
