// The web app: its pages are all index.html, its files are content-hashed below /assets and never change. Strict
// Content-Security-Policy: nothing from elsewhere, no inline script; styles that the app makes at run time carry the
// nonce that index.html was given.
#include <fmt/format.h>

#include "base/hash.hpp"
#include "transport/http/connection/byte_range.hpp"
#include "transport/http/connection/problem.hpp"
#include "transport/http/routes/routes.hpp"
#include "transport/http/routes/selection_parameters.hpp"
#include "transport/http/web/web_files.hpp"

namespace canvasback::http {
namespace {

constexpr std::size_t kNonceBytes = 16;
constexpr std::string_view kNoncePlace = "@NONCE@";

std::string content_policy(std::string_view nonce) {
  const std::string style = nonce.empty() ? "" : fmt::format(" 'nonce-{}'", nonce);
  // Style attributes are set by libraries for positions and sizes; style sheets need the nonce.
  return fmt::format(
      "default-src 'none'; script-src 'self'; worker-src 'self'; style-src-elem 'self'{}; style-src-attr "
      "'unsafe-inline'; img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri "
      "'none'; form-action 'none'; frame-ancestors 'none'",
      style);
}

void add_policy(Response& response, std::string_view nonce) {
  response.headers.emplace_back("Content-Security-Policy", content_policy(nonce));
  response.headers.emplace_back("Referrer-Policy", "no-referrer");
  response.headers.emplace_back("Cross-Origin-Opener-Policy", "same-origin");
}

// A page: a few hundred bytes, made anew for each answer because of its nonce.
asio::awaitable<void> page(Connection& connection, const WebFile& index) {
  const std::string nonce = random_hex(kNonceBytes);
  Response response;
  response.content_type = web_media_type(index.path);
  response.headers.emplace_back("Cache-Control", "no-cache");
  add_policy(response, nonce);
  response.body = index.body;
  for (std::size_t at = 0; (at = response.body.find(kNoncePlace, at)) != std::string::npos;) {
    response.body.replace(at, kNoncePlace.size(), nonce);
  }
  co_await connection.respond(std::move(response));
}

asio::awaitable<void> file(Connection& connection, Request& request, const WebFile& found, bool immutable) {
  Response response;
  response.content_type = web_media_type(found.path);
  response.headers.emplace_back("Cache-Control", immutable ? "public, max-age=31536000, immutable" : "no-cache");
  response.headers.emplace_back("ETag", std::string(found.tag));
  response.headers.emplace_back("Vary", "Accept-Encoding");
  add_policy(response, {});
  if (names_tag(request.header("if-none-match"), found.tag)) {
    response.status = 304;
    co_await connection.respond(std::move(response));
    co_return;
  }
  const std::string_view accept = request.header("accept-encoding");
  std::string_view body = found.body;
  if (!found.brotli.empty() && accepts_encoding(accept, "br")) {
    body = found.brotli;
    response.headers.emplace_back("Content-Encoding", "br");
  } else if (!found.gzip.empty() && accepts_encoding(accept, "gzip")) {
    body = found.gzip;
    response.headers.emplace_back("Content-Encoding", "gzip");
  }
  co_await connection.respond_view(response, body);
}

asio::awaitable<void> missing(Connection& connection, Request& request) {
  Error error{ErrorCode::NotFound, fmt::format("Not found: {}.", request.path.substr(0, 256)), {}, {}, 0};
  co_await connection.respond(problem_response(error, request.path));
}

asio::awaitable<void> asset(Connection& connection, Request& request) {
  const WebFile* found = find_web_file(embedded::web_files, request.path);
  if (found == nullptr) return missing(connection, request);
  return file(connection, request, *found, request.path.starts_with("/assets/"));
}

// What a program without the app has in its place.
constexpr std::string_view kPlainPage =
    "<!doctype html><html lang=en><meta charset=utf-8><title>Canvasback</title><p>This program was built without the "
    "web app. See <a href=\"/\">the datasets</a> and <a href=\"/docs\">the API reference</a>.</html>";
constexpr std::string_view kPlainIcon =
    "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 16 16\"><rect width=\"16\" height=\"16\" rx=\"3\" "
    "fill=\"#2c718e\"/></svg>";

asio::awaitable<void> icon(Connection& connection, Request& request) {
  static const WebFile kIcon{"/favicon.svg", "\"plain\"", kPlainIcon, {}, {}};
  const WebFile* found = find_web_file(embedded::web_files, "/favicon.svg");
  return file(connection, request, found != nullptr ? *found : kIcon, false);
}

}  // namespace

asio::awaitable<void> web_page(Connection& connection, Request&) {
  static const WebFile kPage{"/index.html", {}, kPlainPage, {}, {}};
  const WebFile* index = find_web_file(embedded::web_files, "/index.html");
  return page(connection, index != nullptr ? *index : kPage);
}

bool has_web_app() { return find_web_file(embedded::web_files, "/index.html") != nullptr; }

void add_web_routes(Router& router) {
  for (const char* pattern : {"/datasets/{name}", "/sql", "/collections/{name}", "/jobs", "/system", "/dashboards",
                              "/dashboards/{name}", "/sources"}) {
    router.add({"GET", pattern, {}, true}, web_page);
  }
  router.add({"GET", "/assets/{file}", {}}, asset);
  router.add({"GET", "/favicon.svg", {}}, icon);
}

}  // namespace canvasback::http
