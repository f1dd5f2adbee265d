// A site on a branch of a git repository, made with the git program: the branch is written without a checkout, so that
// neither the repository's files nor its index are touched. Between publishes the site's folder lies inside .git; where
// it is not there (a fresh clone) it is made from the branch. Blocking.
#pragma once

#include <string>
#include <vector>

#include "base/error.hpp"

namespace canvasback {

struct GitSite {
  std::string repository;
  std::string branch;
  bool keeps_history = false;  // a commit on top of the branch; else the branch is this one commit
  std::string folder = {};     // of the site: filled by open_git_site()
  std::string git_folder = {};
};

// Errors: InvalidData where it is no repository, or the name is none of a branch; Unavailable without git.
Result<GitSite> open_git_site(GitSite site);
// Commits what the folder has. The commit's ID; empty where the branch has the same files already.
Result<std::string> commit_git_site(const GitSite& site, const std::string& message);

}  // namespace canvasback
