// WatchedFolder: keeps every file that is put into a folder, and moves it to done/ or failed/ there. A file is finished
// when it came by renaming, or when its size and time have not changed for a while and nobody has it open for writing.
// It is known by its device, inode, time and content: a crash between keeping and moving keeps nothing twice, and two
// files are two, whatever their names and contents. Nothing is replaced in done/ and failed/, and what is wrong with
// one file is told on stderr and holds up no other. Blocking.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <set>
#include <string>

#include "base/error.hpp"
#include "base/unique_fd.hpp"

namespace canvasback {

// A part of a file, to be kept as one body.
struct FilePart {
  std::string path;
  int fd = -1;
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  std::string key;  // the same for the same part of the same file
  // Whether the file is still what it was; asked when all is read and before that is kept.
  std::function<bool()> unchanged;
};

class WatchedFolder {
 public:
  // What became of a part.
  enum class Outcome {
    Kept,
    Refused,  // the file is bad: it goes to failed/
    Later,    // not the file's fault, or it was changed: it is tried again
    Stop,     // nothing more can be kept
  };
  struct Answer {
    Outcome outcome = Outcome::Kept;
    std::string message;  // of Refused, Later and Stop
  };
  using Keep = std::function<Answer(const FilePart&)>;

  // settle_s: how long a file must not have changed. Errors: of the folders done and failed, which are made.
  static Result<WatchedFolder> open(std::string folder, std::int64_t settle_s, Keep keep);

  // One look, after at most a second of waiting for what is put there. Errors: what ends it all.
  Status look();

 private:
  struct Identity {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::uint64_t bytes = 0;
    std::int64_t modified_ns = 0;
    auto operator<=>(const Identity&) const = default;
  };
  struct Seen {
    Identity identity;
    std::int64_t since_ns = 0;  // when it was first seen so
    int looks = 0;
    std::string told;  // of it, last: the same is not told again
    std::int64_t again_ns = 0;
    bool kept = false;  // only moving it is left
    bool refused = false;
  };
  // A file in done/: a writer that went on has its lines kept, too.
  struct Done {
    std::string path;
    Identity identity;
    Seen growth;
    bool is_lines = false;  // what is behind its end can be kept by itself
    bool told = false;
  };

  WatchedFolder(std::string folder, std::int64_t settle_s, Keep keep);
  static Identity identity_of(const struct stat& info);
  void wait_for_arrivals();
  std::map<std::string, Identity> files();
  bool is_settled(const Seen& seen) const;
  Status take(const std::string& name, Seen& seen);
  // What became of a file that was kept or refused: in its folder, still to be moved, or another one has its name.
  enum class Moved { Done, NotYet, Replaced };
  Moved move(const std::string& path, Seen& seen);
  static bool is_another(const Seen& seen, const Identity& now);
  Status look_at_done();
  Status keep_growth(Done& done, const Identity& now);
  static void tell(Seen& seen, const std::string& path, const std::string& message);

  std::string folder_;
  std::int64_t settle_ns_;
  Keep keep_;
  UniqueFd arrivals_;                // inotify; where there is none, files settle
  std::set<std::string> by_rename_;  // names that came so
  std::map<std::string, Seen> seen_;
  std::deque<Done> done_;
  bool folder_told_ = false;
};

}  // namespace canvasback
