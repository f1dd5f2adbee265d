// The router behind a real connection on loopback: what a client sees of hosts, origins, routes and parameters.
#include "transport/http/connection/router.hpp"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <thread>

#include "base/json.hpp"
#include "transport/http/connection/upload_places.hpp"

namespace canvasback::http {
namespace {

using asio::ip::tcp;

class RouterTest : public testing::Test {
 protected:
  RouterTest() {
    router_.add({"GET", "/things/{name}/rows", {"limit"}},
                [](Connection& connection, Request& request) -> asio::awaitable<void> {
                  Response response;
                  response.body = request.path_parameters["name"];
                  co_await connection.respond(std::move(response));
                });
    router_.add({"POST", "/things/{name}/rows", {}},
                [](Connection& connection, Request& request) -> asio::awaitable<void> {
                  Response response;
                  response.status = 202;
                  response.body = request.body;
                  co_await connection.respond(std::move(response));
                });
  }

  // Everything the server answers to these bytes, until it closes.
  std::string exchange(const std::string& bytes) {
    asio::io_context io;
    tcp::acceptor acceptor(io, {asio::ip::address_v4::loopback(), 0});
    tcp::socket client(io);
    client.connect(acceptor.local_endpoint());
    UploadPlaces uploads(io.get_executor());
    auto connection = std::make_shared<Connection>(
        acceptor.accept(), uploads, [this](Connection& at, Request& request) { return router_.handle(at, request); });
    asio::co_spawn(
        io, [connection] { return connection->serve(); }, asio::detached);
    std::thread serving([&] { io.run(); });
    boost::system::error_code error;
    asio::write(client, asio::buffer(bytes), error);
    client.shutdown(tcp::socket::shutdown_send, error);
    std::string answer;
    asio::read(client, asio::dynamic_buffer(answer), error);
    serving.join();
    return answer;
  }
  // A GET that closes afterwards; more: further header lines.
  std::string get(const std::string& target, const std::string& host = "localhost:80", const std::string& more = "") {
    return exchange("GET " + target + " HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n" + more + "\r\n");
  }
  static int status_of(const std::string& answer) {
    return answer.size() < 12 ? 0 : std::atoi(answer.substr(9, 3).c_str());
  }
  static std::string code_of(const std::string& answer) {
    const auto body = Json::parse(answer.substr(std::min(answer.size(), answer.find("\r\n\r\n") + 4)));
    return body ? std::string(body->at("code").as_string()) : "";
  }

  Metrics metrics_;
  Router router_{metrics_, {{"data.example"}, {"https://app.example"}}};
};

TEST_F(RouterTest, RoutesTakeTheirPathParametersDecoded) {
  const std::string answer = get("/things/a%20%C3%A9/rows?limit=5");
  EXPECT_EQ(status_of(answer), 200);
  EXPECT_TRUE(answer.ends_with("\r\n\r\na é")) << answer;
  EXPECT_EQ(metrics_.requests(), 1U);
}

TEST_F(RouterTest, UnknownPathsAreNotFound) {
  for (const char* target : {"/", "/things", "/things//rows", "/things/a/rows/", "/things%2Fa/rows"}) {
    const std::string answer = get(target);
    EXPECT_EQ(status_of(answer), 404) << target;
    EXPECT_EQ(code_of(answer), "NotFound");
  }
}

TEST_F(RouterTest, APathIsSplitBeforeItIsDecoded) {
  const std::string answer = get("/th%69ngs/a%2Fb%20c/rows");
  EXPECT_EQ(status_of(answer), 200);
  EXPECT_TRUE(answer.ends_with("a/b c")) << answer;
}

TEST_F(RouterTest, AConditionThatWouldBeIgnoredIsRefused) {
  for (const char* name : {"If-Match", "if-none-match"}) {
    const std::string head = "POST /things/a/rows HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n";
    const std::string answer = exchange(head + name + ": *\r\nContent-Length: 0\r\n\r\n");
    EXPECT_EQ(status_of(answer), 400) << name;
    EXPECT_EQ(code_of(answer), "InvalidData");
    EXPECT_EQ(status_of(get("/things/a/rows", "localhost:80", std::string(name) + ": *\r\n")), 200);
  }
}

TEST_F(RouterTest, AnotherMethodIsToldWhichThereAre) {
  const std::string answer = exchange("DELETE /things/a/rows HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(status_of(answer), 405);
  EXPECT_NE(answer.find("Allow: GET, HEAD, POST\r\n"), std::string::npos);
}

TEST_F(RouterTest, UnknownParametersAreNamed) {
  const std::string answer = get("/things/a/rows?limt=5");
  EXPECT_EQ(status_of(answer), 400);
  EXPECT_NE(answer.find("limt"), std::string::npos);
}

TEST_F(RouterTest, OnlyOurOwnNamesAreAnswered) {
  for (const char* host : {"localhost", "LOCALHOST:8080", "127.0.0.1:1", "[::1]:80", "[::1]", "data.example:443"}) {
    EXPECT_EQ(status_of(get("/things/a/rows", host)), 200) << host;
  }
  for (const char* host : {"evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "[::2]"}) {
    EXPECT_EQ(status_of(get("/things/a/rows", host)), 403) << host;
  }
  EXPECT_EQ(status_of(exchange("GET /things/a/rows HTTP/1.1\r\nConnection: close\r\n\r\n")), 400);
}

TEST_F(RouterTest, ForeignOriginsAreRefused) {
  const auto with_origin = [&](const std::string& origin) {
    return get("/things/a/rows", "localhost:80", "Origin: " + origin + "\r\n");
  };
  EXPECT_EQ(status_of(with_origin("http://localhost:80")), 200);
  EXPECT_EQ(status_of(with_origin("https://app.example")), 200);
  for (const char* origin : {"http://evil.example", "null", "http://localhost:81", "https://app.example.evil"}) {
    EXPECT_EQ(status_of(with_origin(origin)), 403) << origin;
  }
}

TEST_F(RouterTest, AllowedOriginsMayAskFirst) {
  const std::string answer = exchange(
      "OPTIONS /things/a/rows HTTP/1.1\r\nHost: localhost\r\nOrigin: https://app.example\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(status_of(answer), 204);
  EXPECT_NE(answer.find("Access-Control-Allow-Origin: https://app.example\r\n"), std::string::npos);
  EXPECT_NE(answer.find("Access-Control-Allow-Methods: GET, HEAD, POST\r\n"), std::string::npos);
}

TEST_F(RouterTest, BodiesArriveWhole) {
  const std::string answer = exchange(
      "POST /things/a/rows HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
      "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
  EXPECT_EQ(status_of(answer), 202);
  EXPECT_TRUE(answer.ends_with("\r\n\r\nabcde"));
}

TEST_F(RouterTest, RequestsThatAreNoHttpAreRefused) {
  EXPECT_EQ(status_of(exchange("GARBAGE\r\n\r\n")), 400);
  EXPECT_EQ(status_of(exchange("GET /a%zz HTTP/1.1\r\nHost: localhost\r\n\r\n")), 400);
  EXPECT_EQ(status_of(get("/" + std::string(9000, 'a'))), 414);
  EXPECT_EQ(status_of(get("/", "localhost", "X: " + std::string(20'000, 'a') + "\r\n")), 431);
  EXPECT_EQ(status_of(exchange("POST /things/a/rows HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999\r\n\r\n")),
            413);
}

}  // namespace
}  // namespace canvasback::http
