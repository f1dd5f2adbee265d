// canvasback: `worker` is what the front starts for itself; everything else is a command of the user's.
#include <csignal>
#include <cstdio>
#include <exception>
#include <string_view>

#include "server/commands.hpp"
#include "worker/run/child_main.hpp"

#ifndef CANVASBACK_GATE
#define CANVASBACK_GATE true
#endif

#ifdef CANVASBACK_FAULTS
namespace canvasback {
void install_test_faults();  // of the program's test build (tests/crash)
}
#endif

int main(int argc, char** argv) {
  if (argc == 2 && std::string_view(argv[1]) == "worker") {
    return canvasback::run_worker_child({.gate = CANVASBACK_GATE});
  }
#ifdef CANVASBACK_FAULTS
  canvasback::install_test_faults();
#endif
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);  // a file past the limit of its size is an error of write (EFBIG)
  try {
    return canvasback::run_command_line(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "canvasback: %s\n", error.what());
    return 1;
  }
}
