#include "server/source_file.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace canvasback {
namespace {

class SourceFileTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::path(testing::TempDir()) / "sources";
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }
  Result<PullSettings> read(const std::string& text, const std::string& name = "orders.toml") {
    std::ofstream(folder_ / name) << text;
    return read_source_file((folder_ / name).string());
  }
  std::string error_of(const std::string& text) {
    const auto settings = read("url = \"mysql://u@h/d\"\ntable = \"t\"\n" + text);
    return settings ? "" : settings.error().message;
  }

  std::filesystem::path folder_;
};

TEST_F(SourceFileTest, ReadsEverySetting) {
  std::ofstream(folder_ / "secret") << "pass word\nrest\n";
  const auto settings = read(R"toml(
    url = "mysql://reader@db:3307/shop"
    password_file = "secret"
    table = "orders"
    primary_key = ["id", "part"]
    updated_at = "changed"
    partition_by = "created"
    partition_every = "week"
    hot_window = "5m"
    look_back = "2d"
    every = 90
    fresher_than = "1h"
    sweep_rows = 5_000
    deletes = false
    deletes_share_max = 0.5
    [columns]
    amount = "decimal(12,2)"
    [tls]
    ca_file = "ca.pem"
    [alerts]
    command = ["logger", "-t", "x"]
    after_failures = 3
  )toml");
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_EQ(settings->source.name, "orders");
  EXPECT_EQ(settings->source.login.port, 3307);
  EXPECT_EQ(settings->source.login.password, "pass word");
  EXPECT_EQ(settings->source.primary_key, (std::vector<std::string>{"id", "part"}));
  EXPECT_EQ(settings->source.partition_every, PeriodLength::Week);
  EXPECT_EQ(settings->source.hot_window_s, 300);
  EXPECT_EQ(settings->source.look_back_s, 172'800);
  EXPECT_EQ(settings->every_s, 90);
  EXPECT_EQ(settings->fresher_than_s, 3600);
  EXPECT_EQ(settings->source.sweep_rows, 5000);
  EXPECT_FALSE(settings->source.deletes);
  EXPECT_EQ(settings->source.columns.at("amount"), "decimal(12,2)");
  EXPECT_EQ(settings->source.login.tls.mode, MysqlTlsMode::VerifyIdentity);
  EXPECT_EQ(settings->source.login.tls.ca_file, (folder_ / "ca.pem").string());
  EXPECT_EQ(settings->alerts.command.size(), 3u);
  EXPECT_EQ(settings->alerts.after_failures, 3);
}

TEST_F(SourceFileTest, SaysWhatIsWrongAndWhere) {
  EXPECT_EQ(error_of(""), "");
  EXPECT_NE(error_of("lookback = \"1h\"").find("line 3: there is no setting \"lookback\". Did you mean \"look_back\"?"),
            std::string::npos);
  EXPECT_NE(error_of("look_back = \"soon\"").find("look_back must be a time"), std::string::npos);
  EXPECT_NE(error_of("look_back = \"999999999999d\"").find("look_back must be a time"), std::string::npos);
  EXPECT_NE(error_of("deletes = \"yes\"").find("line 3: deletes must be true or false"), std::string::npos);
  EXPECT_NE(error_of("query = \"SELECT 1\"").find("One of table and query"), std::string::npos);
  EXPECT_NE(error_of("every = \"5m\"\ncron = \"* * * * *\"").find("Only one of every and cron"), std::string::npos);
  EXPECT_NE(error_of("cron = \"* * *\"").find("five fields"), std::string::npos);
  EXPECT_NE(error_of("[tls]\nmode = \"maybe\"").find("orders.toml"), std::string::npos);
  EXPECT_NE(error_of("[tls]\nmod = \"off\"").find("in [tls]. Did you mean \"mode\"?"), std::string::npos);
  EXPECT_NE(error_of("password_env = \"CANVASBACK_NO_SUCH_VARIABLE\"").find("is not set"), std::string::npos);
  EXPECT_NE(error_of("password_file = \"nothing\"").find("cannot be read"), std::string::npos);
  EXPECT_NE(error_of("[[[").find("orders.toml"), std::string::npos);
}

TEST_F(SourceFileTest, OneBadFileHidesNoOther) {
  std::ofstream(folder_ / "good.toml") << "url = \"mysql://u@h/d\"\ntable = \"t\"\n";
  std::ofstream(folder_ / "bad.toml") << "url = 5\n";
  std::ofstream(folder_ / "bad name.toml") << "url = \"mysql://u@h/d\"\ntable = \"t\"\n";
  std::ofstream(folder_ / "notes.txt") << "not a source";
  const PullSources sources = read_source_folder(folder_.string());
  EXPECT_EQ(sources.usable.size(), 1u);
  EXPECT_EQ(sources.unusable.size(), 2u);
  EXPECT_TRUE(read_source_folder((folder_ / "nothing").string()).usable.empty());
}

}  // namespace
}  // namespace canvasback
