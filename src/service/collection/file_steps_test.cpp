#include "service/collection/file_steps.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "base/test_support.hpp"
#include "storage/file.hpp"

namespace canvasback {
namespace {

namespace fs = std::filesystem;

// What was done, until the test ends.
class FileSteps : public testing::Test {
 protected:
  FileSteps() {
    file::install_observer([this](const file::Operation& operation) { done += std::string(operation.name) + " "; });
  }
  ~FileSteps() override {
    file::install_observer({});
    file::install_faults({});
  }

  TemporaryFolder folder;
  std::string done;
};

TEST_F(FileSteps, ACommitIsCarriedOutInItsOrder) {
  const std::string written = folder / ".writing-1.tmp";
  const auto fd = file::create(written);
  ASSERT_TRUE(fd);
  done.clear();
  const CommitPlan plan =
      plan_commit({folder.path(), folder / "quarantine", {{fd->get(), written}}, {}}, 3, true, NumberNote{1003, {}});
  EXPECT_FALSE(any_is_there(plan.names()));
  ASSERT_TRUE(carry_out(plan.before, plan.numbers));
  ASSERT_TRUE(carry_out(plan.naming, plan.numbers));
  EXPECT_TRUE(any_is_there(plan.names()));
  EXPECT_TRUE(fs::exists(folder / "commit_000000000003.parquet"));
  EXPECT_EQ(read_number_note(folder.path())->value().used_up_to, 1003U);
  EXPECT_TRUE(done.ends_with("sync rename sync_folder ")) << done;
}

TEST_F(FileSteps, NothingIsDoneBehindAnError) {
  file::install_faults([](const file::Operation& operation) -> std::optional<int> {
    return operation.name == "make_folder" ? std::optional(ENOSPC) : std::nullopt;
  });
  const Status status = carry_out({{StepKind::SyncFolder, folder.path()},
                                   {StepKind::MakeFolder, folder / "a"},
                                   {StepKind::SyncFolder, folder.path()}},
                                  {});
  EXPECT_EQ(status.error().code, ErrorCode::StorageLimit);
  EXPECT_EQ(done, "sync_folder ");
}

TEST_F(FileSteps, GenerationsGoOneAfterTheOther) {
  for (const char* name : {"a", "b", "c"}) folder.write(name, "x");
  fs::create_directory(folder / "d");
  ASSERT_TRUE(remove_in_turn({{folder / "a", folder / "b"}, {}, {folder / "c", folder / "d"}}, folder.path()));
  EXPECT_EQ(done, "remove remove sync_folder remove rename sync_folder ");
  EXPECT_FALSE(fs::exists(folder / "d"));
  // A folder was put aside, with whatever is in it.
  EXPECT_EQ(std::distance(fs::directory_iterator(folder.path()), {}), 1);
}

}  // namespace
}  // namespace canvasback
