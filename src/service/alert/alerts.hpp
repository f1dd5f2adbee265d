// Alerts: tells people, by the ways that they have set up: a JSON document posted to an http:// address, a program that
// gets it on its standard input, or mail by the machine's sendmail. Each way is tried on a thread of its own, with a
// time limit; what did not go out is logged. On the front's one thread.
#pragma once

#include <boost/asio/thread_pool.hpp>
#include <string>
#include <vector>

#include "base/json.hpp"

namespace canvasback {

struct AlertTargets {
  std::string webhook;               // http://…
  std::vector<std::string> command;  // program and arguments
  std::vector<std::string> email;    // addresses
  std::string sender;                // of mail; empty: the system's

  bool empty() const { return webhook.empty() && command.empty() && email.empty(); }
};

struct Alert {
  std::string subject;  // one line
  std::string text;     // for people
  Json document;        // for programs
};

class Alerts {
 public:
  // Returns at once.
  void send(AlertTargets targets, Alert alert);
  // Waits for what is on its way.
  ~Alerts() { threads_.join(); }

 private:
  boost::asio::thread_pool threads_{1};
};

// The mail that sendmail gets: headers and text. Addresses and subject with line breaks are cut there.
std::string mail_text(const AlertTargets& targets, const Alert& alert);
// Runs a program with this on its standard input, for so many seconds at the longest. Blocking. Errors: Unavailable
// that says how it ended.
Status run_with_input(const std::vector<std::string>& command, const std::string& input, int seconds_max);

}  // namespace canvasback
