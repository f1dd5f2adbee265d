#include "service/dashboard/dashboard_files.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "base/limits.hpp"

namespace canvasback {
namespace {

namespace fs = std::filesystem;

class DashboardFilesTest : public testing::Test {
 protected:
  ~DashboardFilesTest() override { fs::remove_all(folder_); }

  std::string folder_ = testing::TempDir() + "canvasback-dashboards-" + std::to_string(::getpid());
  DashboardFiles files_{folder_};
};

TEST_F(DashboardFilesTest, SavesReadsAndRemoves) {
  EXPECT_EQ(files_.read("mine").error().code, ErrorCode::DashboardNotFound);
  EXPECT_TRUE(files_.save("mine", "a: 1\n", {}).value()) << "it is new";
  EXPECT_FALSE(files_.save("mine", "a: 2\n", {}).value());
  const auto file = files_.read("mine");
  ASSERT_TRUE(file);
  EXPECT_EQ(file->text, "a: 2\n");
  EXPECT_GT(file->modified_us, 0);
  EXPECT_TRUE(files_.remove("mine", {}));
  EXPECT_EQ(files_.remove("mine", {}).error().code, ErrorCode::DashboardNotFound);
}

TEST_F(DashboardFilesTest, HoldsConditions) {
  const auto code = [](const auto& result) { return result ? ErrorCode() : result.error().code; };
  DashboardConditions is_new;
  is_new.only_new = true;
  DashboardConditions is_there;
  is_there.any = true;
  DashboardConditions is_it;
  DashboardConditions is_none;
  EXPECT_EQ(code(files_.save("mine", "a: 1\n", is_there)), ErrorCode::PreconditionFailed);
  ASSERT_TRUE(files_.save("mine", "a: 1\n", is_new));
  EXPECT_EQ(code(files_.save("mine", "a: 2\n", is_new)), ErrorCode::PreconditionFailed);
  const std::string tag = files_.read("mine")->tag();
  is_it.tags = {"other"};
  EXPECT_EQ(code(files_.save("mine", "a: 2\n", is_it)), ErrorCode::PreconditionFailed);
  is_none.none_of = {"other", tag};
  EXPECT_EQ(code(files_.save("mine", "a: 2\n", is_none)), ErrorCode::PreconditionFailed);
  is_it.tags = {"other", tag};
  EXPECT_TRUE(files_.save("mine", "a: 2\n", is_it));
  EXPECT_EQ(code(files_.remove("mine", is_it)), ErrorCode::PreconditionFailed) << "it changed";
  EXPECT_TRUE(files_.save("mine", "a: 3\n", is_none)) << "it is another one now";
  is_it.tags = {"*"};
  EXPECT_EQ(code(files_.remove("mine", is_it)), ErrorCode::PreconditionFailed) << "a tag that is called so";
  EXPECT_TRUE(files_.remove("mine", is_there));
}

TEST_F(DashboardFilesTest, TakesNoNameThatIsAPathOrARoute) {
  for (const char* name : {"", "..", "a/b", "../x", "check", "query", "schema", "1a", "a b"}) {
    EXPECT_FALSE(files_.save(name, "a: 1\n", {})) << name;
    EXPECT_FALSE(files_.read(name)) << name;
  }
  EXPECT_FALSE(is_dashboard_name(std::string(129, 'a')));
}

TEST_F(DashboardFilesTest, HasThoseOfTheProgramUnlessAFileHidesThem) {
  const auto origin = [&] {
    const auto all = files_.list();
    const auto found = std::ranges::find(all, "marketplace_overview", &DashboardFile::name);
    return found == all.end() ? "missing" : found->is_built_in ? "program" : "file";
  };
  EXPECT_STREQ(origin(), "program");
  EXPECT_TRUE(files_.save("marketplace_overview", "a: 1\n", {}).value());
  EXPECT_STREQ(origin(), "file");
  EXPECT_TRUE(files_.remove("marketplace_overview", {}));
  EXPECT_STREQ(origin(), "program");
  EXPECT_EQ(files_.remove("marketplace_overview", {}).error().code, ErrorCode::DashboardNotFound);
  EXPECT_EQ(DashboardFiles("").list().size(), 14U);
  EXPECT_FALSE(DashboardFiles("").save("mine", "a: 1\n", {}));
}

TEST_F(DashboardFilesTest, ReadsNoFileThatIsTooLong) {
  fs::create_directories(folder_);
  std::ofstream(folder_ + "/long.yaml") << std::string(limits::kDashboardBytesMax + 1, 'x');
  std::ofstream(folder_ + "/other.txt") << "a: 1\n";
  EXPECT_EQ(files_.read("long").error().code, ErrorCode::InvalidData);
  EXPECT_EQ(files_.list().size(), 14U);
}

}  // namespace
}  // namespace canvasback
