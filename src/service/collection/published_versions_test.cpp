// When files may go: with versions that queries hold, and a clock that stands where the test sets it.
#include "service/collection/published_versions.hpp"

#include <gtest/gtest.h>

namespace canvasback {
namespace {

using Generations = std::vector<std::vector<std::string>>;

std::shared_ptr<const Dataset> publish(PublishedVersions& versions) {
  versions.begin();
  auto dataset = std::make_shared<const Dataset>();
  versions.published(dataset);
  return dataset;
}

TEST(PublishedVersions, FilesStayAsLongAsAVersionListsThem) {
  PublishedVersions versions;
  auto first = publish(versions);
  versions.supersede("/c/a", 0);
  // Not even while nobody holds it: the next version is not there yet.
  EXPECT_EQ(versions.removable(0, 100).count, 0U);
  auto second = publish(versions);
  EXPECT_EQ(versions.removable(0, 100).count, 0U);
  first.reset();
  EXPECT_EQ(versions.removable(0, 100).generations, (Generations{{"/c/a"}}));
  second.reset();
  EXPECT_EQ(versions.removable(0, 100).generations, (Generations{{"/c/a"}}));
}

TEST(PublishedVersions, AndAWhileLonger) {
  PublishedVersions versions;
  publish(versions);
  versions.supersede("/c/a", 1000);
  publish(versions);
  EXPECT_EQ(versions.removable(50, 1049).count, 0U);
  EXPECT_EQ(versions.removable(50, 1050).count, 1U);
}

TEST(PublishedVersions, OlderGenerationsGoFirst) {
  PublishedVersions versions;
  publish(versions);
  versions.supersede("/c/a", 0);
  versions.supersede("/c/b", 0);
  auto second = publish(versions);
  versions.supersede("/c/c", 0);
  publish(versions);
  // Held by the second, c keeps nothing but itself.
  EXPECT_EQ(versions.removable(0, 1).generations, (Generations{{"/c/a", "/c/b"}}));
  second.reset();
  const auto removable = versions.removable(0, 1);
  EXPECT_EQ(removable.generations, (Generations{{"/c/a", "/c/b"}, {"/c/c"}}));
  versions.removed(2);
  EXPECT_EQ(versions.superseded(), (std::set<std::string>{"/c/c"}));
}

TEST(PublishedVersions, WhatCountsAgainStays) {
  PublishedVersions versions;
  versions.supersede("/c/a", 0);
  versions.supersede("/c/b", 0);
  versions.keep({"/c/a"});
  EXPECT_EQ(versions.superseded(), (std::set<std::string>{"/c/b"}));
}

TEST(PublishedVersions, TheNewestIsThereAsLongAsSomebodyHoldsIt) {
  PublishedVersions versions;
  EXPECT_EQ(versions.newest(), nullptr);
  auto held = publish(versions);
  EXPECT_EQ(versions.newest(), held);
  held.reset();
  EXPECT_EQ(versions.newest(), nullptr);
  EXPECT_EQ(versions.current(), 1U);
}

}  // namespace
}  // namespace canvasback
