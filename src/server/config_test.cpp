#include "server/config.hpp"

#include <gtest/gtest.h>

#include "base/test_support.hpp"

namespace canvasback {
namespace {

class ConfigTest : public testing::Test {
 protected:
  Result<Config> load(const std::string& toml, const std::map<std::string, std::string>& flags = {}) {
    return Config::load(flags, folder_.write("canvasback.toml", toml), [this](const char* name) {
      const auto found = environment_.find(name);
      return found == environment_.end() ? nullptr : found->second.c_str();
    });
  }
  // The message of the error, or "" where it loads.
  std::string problem(const std::string& toml) {
    const auto config = load(toml);
    return config ? "" : config.error().message;
  }

  TemporaryFolder folder_;
  std::map<std::string, std::string> environment_;
};

TEST_F(ConfigTest, DefaultsAreKnownAndUsable) {
  const auto config = load("");
  ASSERT_TRUE(config);
  for (const SettingInfo& info : Config::known()) EXPECT_EQ(config->at(info.name).origin, "default") << info.name;
  EXPECT_EQ(config->text("listen"), "127.0.0.1:8080");
  EXPECT_EQ(config->bytes("cache_bytes_max").value(), 2'000'000'000U);
  EXPECT_EQ(config->integer("timeout_ms", 1, 3'600'000).value(), 300'000);
  EXPECT_FALSE(config->boolean("allow_without_landlock").value());
  EXPECT_TRUE(config->list("hosts").empty());
}

TEST_F(ConfigTest, FlagsBeatTheEnvironmentBeatsTheFile) {
  environment_["CANVASBACK_WORKERS"] = "5";
  environment_["CANVASBACK_MEMORY"] = "2GB";
  const auto config = load("workers = 4\nmemory = \"1GB\"\nthreads = 2\n", {{"workers", "6"}});
  ASSERT_TRUE(config);
  EXPECT_EQ(config->text("workers"), "6");
  EXPECT_EQ(config->at("workers").origin, "flag");
  EXPECT_EQ(config->text("memory"), "2GB");
  EXPECT_EQ(config->at("memory").origin, "CANVASBACK_MEMORY");
  EXPECT_EQ(config->text("threads"), "2");
  EXPECT_EQ(config->at("threads").origin, folder_ / "canvasback.toml");
}

TEST_F(ConfigTest, EarlierNamesOfSettingsWork) {
  EXPECT_EQ(Config::aliases_of("cache_bytes_max"), std::vector<std::string>{"cache"});
  EXPECT_EQ(Config::aliases_of("memory"), std::vector<std::string>{"memory_limit"});  // not those of profiles
  EXPECT_TRUE(Config::aliases_of("listen").empty());
  environment_["CANVASBACK_JOB_FILES"] = "2GB";
  environment_["CANVASBACK_SPILL"] = "3GB";
  environment_["CANVASBACK_SPILL_BYTES_MAX"] = "4GB";
  const auto config = load("cache = \"1GB\"\nprofile_cache = 0\n");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->text("cache_bytes_max"), "1GB");
  EXPECT_EQ(config->text("profile_cache_bytes_max"), "0");
  EXPECT_EQ(config->text("job_files_bytes_max"), "2GB");
  EXPECT_EQ(config->at("job_files_bytes_max").origin, "CANVASBACK_JOB_FILES");
  EXPECT_EQ(config->text("spill_bytes_max"), "4GB") << "of two names the present one counts";
  EXPECT_NE(problem("cache = \"1GB\"\ncache_bytes_max = \"2GB\"\n").find("are the same setting"), std::string::npos);
}

TEST_F(ConfigTest, ProfilesOfOperationsAreSettings) {
  const auto config = load(
      "memory_limit = \"3GB\"\n[operation_profiles.bulk_insert]\nthreads = 3\nmemory_limit = \"1GB\"\n"
      "[operation_profiles.streaming]\nstrategy = \"keyset\"\n[operation_profiles.query_optimized]\nthreads = 4\n");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->text("memory"), "3GB");
  EXPECT_EQ(config->text("ingest_threads"), "3");
  EXPECT_EQ(config->text("ingest_memory"), "1GB");
  EXPECT_EQ(config->text("streaming_strategy"), "keyset");
  EXPECT_EQ(config->text("threads"), "4");
  EXPECT_NE(problem("[operation_profiles.bulk_insert]\nworkers = 3\n").find("bulk_insert.workers"), std::string::npos);
  EXPECT_NE(problem("operation_profiles = 3\n").find("operation_profiles"), std::string::npos);
}

TEST_F(ConfigTest, ListsAndBooleansHaveTheirTomlKinds) {
  const auto config = load("hosts = [\"a\", \"b\"]\norigins = \" x , ,y\"\nallow_without_landlock = true\n");
  ASSERT_TRUE(config);
  EXPECT_EQ(config->list("hosts"), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(config->list("origins"), (std::vector<std::string>{"x", "y"}));
  EXPECT_TRUE(config->boolean("allow_without_landlock").value());
}

TEST_F(ConfigTest, DatasetsHaveNamesPathsAndKinds) {
  const auto config = load("[[dataset]]\nname = \"logs\"\npath = \"/data/logs/*.log\"\nkind = \"json\"\n");
  ASSERT_TRUE(config);
  ASSERT_EQ(config->datasets().size(), 1U);
  EXPECT_EQ(config->datasets()[0].name, "logs");
  EXPECT_EQ(config->datasets()[0].pattern, "/data/logs/*.log");
  EXPECT_EQ(config->datasets()[0].kind, DatasetKind::Json);
}

TEST_F(ConfigTest, MistakesNameTheFileAndTheKey) {
  for (const auto& [toml, what] : std::vector<std::pair<const char*, const char*>>{
           {"worker = 1\n", "worker"},
           {"workers = 1\nworkers = 2\n", ":2:"},
           {"workers = [1]\n", "workers"},
           {"workers = 1979-05-27\n", "workers"},
           {"[dataset]\nname = \"a\"\n", "[[dataset]]"},
           {"dataset = []\n", "[[dataset]]"},
           {"[[dataset]]\nname = \"a\"\n", "path"},
           {"[[dataset]]\nname = \"a/b\"\npath = \"/x\"\n", "name"},
           {"[[dataset]]\nname = \"a\"\npath = \"/x\"\nkind = \"xls\"\n", "kind"},
           {"[[dataset]]\nname = \"a\"\npath = \"/x\"\nfolder = \"/y\"\n", "folder"},
           {"= 5", ":1:"}}) {
    const std::string message = problem(toml);
    EXPECT_NE(message.find("canvasback.toml"), std::string::npos) << toml;
    EXPECT_NE(message.find(what), std::string::npos) << message;
  }
}

// Files on which toml++ itself stops, or in a release build goes on with what is not so.
TEST_F(ConfigTest, FilesThatAreNoTomlAreErrors) {
  for (const char* toml : {"nothing = 1\n[!a]\n", "a = 1979-05-27T07:32:0\xd0\xa9\n", "a = é\n", "[a", "\"",
                           "a = \"\\u\"", "a.b.c", "\xff\xfe", "[[", "a = {", "a = 0x"}) {
    EXPECT_NE(problem(toml), "") << toml;
  }
}

TEST_F(ConfigTest, WrongValuesNameTheSettingAndItsOrigin) {
  environment_["CANVASBACK_MEMORY"] = "lots";
  const auto config = load("workers = \"many\"\nallow_without_landlock = \"yes\"\n");
  ASSERT_TRUE(config);
  EXPECT_NE(config->integer("workers", 1, 64).error().message.find("canvasback.toml"), std::string::npos);
  EXPECT_NE(config->bytes("memory").error().message.find("CANVASBACK_MEMORY"), std::string::npos);
  EXPECT_FALSE(config->boolean("allow_without_landlock"));
}

TEST_F(ConfigTest, AFileThatIsNamedMustExist) {
  EXPECT_FALSE(Config::load({}, folder_ / "none.toml", [](const char*) -> const char* { return nullptr; }));
}

}  // namespace
}  // namespace canvasback
