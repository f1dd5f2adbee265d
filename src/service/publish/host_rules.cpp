#include "service/publish/host_rules.hpp"

namespace canvasback {
namespace {

// Netlify, Cloudflare Pages.
constexpr const char* kHeaders = R"(/*
  Cache-Control: no-cache
  X-Content-Type-Options: nosniff
  Access-Control-Allow-Origin: *
  Access-Control-Expose-Headers: Content-Range, Content-Length, Accept-Ranges
/data/*
  ! Cache-Control
  Cache-Control: public, max-age=31536000, immutable, no-transform
/assets/*
  ! Cache-Control
  Cache-Control: public, max-age=31536000, immutable
)";

constexpr const char* kVercel = R"json({
  "headers": [
    {"source": "/(.*)", "headers": [
      {"key": "X-Content-Type-Options", "value": "nosniff"},
      {"key": "Access-Control-Allow-Origin", "value": "*"},
      {"key": "Access-Control-Expose-Headers", "value": "Content-Range, Content-Length, Accept-Ranges"}]},
    {"source": "/((?!data/|assets/).*)", "headers": [
      {"key": "Cache-Control", "value": "no-cache"}]},
    {"source": "/data/(.*)", "headers": [
      {"key": "Cache-Control", "value": "public, max-age=31536000, immutable, no-transform"}]},
    {"source": "/assets/(.*)", "headers": [
      {"key": "Cache-Control", "value": "public, max-age=31536000, immutable"}]}
  ]
}
)json";

constexpr const char* kNginx = R"(# A server for this folder; include it in http {}, with your own root and server_name.
server {
  listen 80;
  server_name _;
  root /var/www/site;
  index index.html;
  charset utf-8;

  # Parquet is compressed in itself, and ranges must be of the file's own bytes.
  types {
    text/html html;
    text/css css;
    text/javascript js;
    application/json json;
    image/svg+xml svg;
    application/vnd.apache.parquet parquet;
  }
  gzip on;
  gzip_types text/css text/javascript application/json image/svg+xml;

  location / {
    add_header Cache-Control "no-cache";
    add_header X-Content-Type-Options nosniff;
    try_files $uri $uri/ =404;
  }
  location /assets/ {
    add_header Cache-Control "public, max-age=31536000, immutable";
    add_header X-Content-Type-Options nosniff;
  }
  location /data/ {
    add_header Cache-Control "public, max-age=31536000, immutable, no-transform";
    add_header X-Content-Type-Options nosniff;
  }
  # Of the publisher alone.
  location = /publish.json { return 404; }
}
)";

constexpr const char* kCaddy = R"(# caddy run --config Caddyfile, in this folder; put your domain for :8080.
:8080 {
  root * .
  @data path /data/*
  @assets path /assets/*
  @rest not path /data/* /assets/*
  header X-Content-Type-Options nosniff
  header @data Cache-Control "public, max-age=31536000, immutable, no-transform"
  header @assets Cache-Control "public, max-age=31536000, immutable"
  header @rest Cache-Control "no-cache"
  @text not path *.parquet
  encode @text zstd gzip
  @publisher path /publish.json
  respond @publisher 404
  file_server
}
)";

}  // namespace

std::vector<SitePage> host_rules() {
  // GitHub Pages leaves out files whose names begin with a line, unless it is told.
  return {{"_headers", kHeaders},
          {"vercel.json", kVercel},
          {"nginx.conf", kNginx},
          {"Caddyfile", kCaddy},
          {".nojekyll", ""}};
}

}  // namespace canvasback
