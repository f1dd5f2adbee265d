#include "net/mysql_login.hpp"

#include <gtest/gtest.h>

namespace canvasback {
namespace {

TEST(MysqlLogin, ReadsTheParts) {
  auto login = mysql_login_from_url("mysql://reader@127.0.0.1:3307/shop");
  ASSERT_TRUE(login) << login.error().message;
  EXPECT_EQ(login->user, "reader");
  EXPECT_EQ(login->host, "127.0.0.1");
  EXPECT_EQ(login->port, 3307);
  EXPECT_EQ(login->database, "shop");
  EXPECT_EQ(login->password, "");
  EXPECT_EQ(login->address(), "127.0.0.1:3307");
}

TEST(MysqlLogin, PortIsTheUsualOneWhereThereIsNone) {
  auto login = mysql_login_from_url("mysql://reader@db.example/shop");
  ASSERT_TRUE(login);
  EXPECT_EQ(login->port, 3306);
}

TEST(MysqlLogin, UserAndDatabaseAreDecoded) {
  auto login = mysql_login_from_url("mysql://app%40site@h/my%20shop%2Fx");
  ASSERT_TRUE(login) << login.error().message;
  EXPECT_EQ(login->user, "app@site");
  EXPECT_EQ(login->database, "my shop/x");
}

TEST(MysqlLogin, AddressesOfIpv6StandInBrackets) {
  auto login = mysql_login_from_url("mysql://u@[fe80::1]:3307/d");
  ASSERT_TRUE(login) << login.error().message;
  EXPECT_EQ(login->host, "fe80::1");
  EXPECT_EQ(login->address(), "[fe80::1]:3307");
  ASSERT_TRUE(mysql_login_from_url("mysql://u@[::1]/d"));
}

TEST(MysqlLogin, RefusesWhatIsNoSuchUrl) {
  for (const char* url : {"",
                          "mysql://",
                          "postgres://u@h/d",
                          "mysql://h/d",
                          "mysql://@h/d",
                          "mysql://u@/d",
                          "mysql://u@h",
                          "mysql://u@h/",
                          "mysql://u@h:/d",
                          "mysql://u@h:0/d",
                          "mysql://u@h:65536/d",
                          "mysql://u@h:x/d",
                          "mysql://u@[::1/d",
                          "mysql://u@[::1]x/d",
                          "mysql://u@[::1]:/d",
                          "mysql://u@h/d?tls=off",
                          "mysql://u@h/d#x",
                          "mysql://u%2@h/d",
                          "mysql://u%00@h/d",
                          "mysql://u@h h/d",
                          "mysql://u@h/d%0a"}) {
    auto login = mysql_login_from_url(url);
    ASSERT_FALSE(login) << url;
    EXPECT_EQ(login.error().code, ErrorCode::InvalidData) << url;
  }
}

TEST(MysqlLogin, PasswordInTheUrlIsRefusedAndNotRepeated) {
  auto login = mysql_login_from_url("mysql://u:geheim@h/d");
  ASSERT_FALSE(login);
  EXPECT_NE(login.error().message.find("password"), std::string::npos);
  EXPECT_EQ(login.error().message.find("geheim"), std::string::npos);
}

TEST(MysqlLogin, TlsModesHaveNamesThatReadBack) {
  for (const char* name : {"off", "required", "verify_ca", "verify_identity"}) {
    auto mode = mysql_tls_mode_from(name);
    ASSERT_TRUE(mode) << name;
    EXPECT_EQ(name_of(*mode), name);
  }
  EXPECT_FALSE(mysql_tls_mode_from("preferred"));
}

}  // namespace
}  // namespace canvasback
