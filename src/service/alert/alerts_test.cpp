#include "service/alert/alerts.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "service/alert/incidents.hpp"

namespace canvasback {
namespace {

TEST(IncidentsTest, TellsOnceAndThatItIsOver) {
  Incidents incidents;
  EXPECT_EQ(incidents.attempt("a", 0, 1), AlertKind::None);
  EXPECT_EQ(incidents.attempt("a", 1, 2), AlertKind::None);
  EXPECT_EQ(incidents.attempt("a", 2, 2), AlertKind::Failing);
  EXPECT_EQ(incidents.attempt("a", 3, 2), AlertKind::None);
  EXPECT_EQ(incidents.attempt("b", 1, 1), AlertKind::Failing);
  EXPECT_EQ(incidents.attempt("a", 0, 2), AlertKind::Recovered);
  EXPECT_EQ(incidents.attempt("a", 0, 2), AlertKind::None);
  EXPECT_EQ(incidents.attempt("a", 2, 2), AlertKind::Failing);
}

TEST(AlertsTest, AProgramGetsTheDocument) {
  const std::string path = testing::TempDir() + "alert-document";
  std::filesystem::remove(path);
  ASSERT_TRUE(run_with_input({"sh", "-c", "cat > \"$0\"", path}, "{\"a\":1}\n", 10));
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  EXPECT_EQ(text.str(), "{\"a\":1}\n");
  EXPECT_EQ(run_with_input({"sh", "-c", "exit 3"}, "", 10).error().message, "sh ended with 3.");
  EXPECT_FALSE(run_with_input({"no-such-program-here"}, "", 10));
  EXPECT_FALSE(run_with_input({"sleep", "20"}, "", 1));
}

TEST(AlertsTest, MailHasOneSubjectAndNoHeadersOfOthers) {
  const AlertTargets targets{"", {}, {"a@example.org\nBcc: b@example.org"}, "c@example.org"};
  EXPECT_EQ(mail_text(targets, {"pull failed\nX: y", "text", {}}),
            "From: c@example.org\nTo: a@example.org\nSubject: pull failed\n"
            "Content-Type: text/plain; charset=utf-8\n\ntext\n");
}

}  // namespace
}  // namespace canvasback
