package local

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const (
	page   = `<!doctype html><html><head><title>x</title></head><body></body></html>`
	aBatch = "some bytes of Arrow"
)

// upstream is a server that says who asked how.
type upstream struct {
	*httptest.Server
	name string
	last *http.Request
}

func newUpstream(t *testing.T, name string) *upstream {
	t.Helper()
	made := &upstream{name: name}
	made.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		made.last = r
		switch {
		case r.URL.Path == "/":
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			_, _ = io.WriteString(w, page)
		case r.URL.Path == "/api/broken":
			w.Header().Set("Content-Length", "1000")
			_, _ = io.WriteString(w, "a part")
		case r.URL.Path == "/api/refused":
			http.Error(w, "no such job", http.StatusNotFound)
		case r.Header.Get("Upgrade") != "":
			connection, buffers, _ := w.(http.Hijacker).Hijack()
			defer connection.Close()
			head := "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
			_, _ = io.WriteString(connection, head)
			line, _ := buffers.ReadString('\n')
			_, _ = io.WriteString(connection, "echo "+line)
		default:
			w.Header().Set("Content-Type", "text/html")
			_, _ = io.WriteString(w, name+" "+aBatch)
		}
	}))
	t.Cleanup(made.Close)
	return made
}

func newRelay(t *testing.T) (*Relay, *http.Client) {
	t.Helper()
	relay, err := NewRelay()
	if err != nil {
		t.Fatal(err)
	}
	go relay.Serve()
	t.Cleanup(relay.Close)
	jar, _ := cookiejar.New(nil)
	return relay, &http.Client{Jar: jar}
}

func get(t *testing.T, client *http.Client, address string, headers ...string) (int, string, http.Header) {
	t.Helper()
	request, err := http.NewRequest(http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		if headers[i] == "Host" {
			request.Host = headers[i+1]
		} else {
			request.Header.Set(headers[i], headers[i+1])
		}
	}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, _ := io.ReadAll(response.Body)
	return response.StatusCode, string(body), response.Header
}

func entered(t *testing.T, relay *Relay, client *http.Client) {
	t.Helper()
	if status, _, _ := get(t, client, relay.EntryURL("/")); status != http.StatusOK {
		t.Fatal(status)
	}
}

func TestOnlyTheWindowMayUseTheRelay(t *testing.T) {
	relay, client := newRelay(t)
	server := newUpstream(t, "local")
	if err := relay.SetLocal(server.URL); err != nil {
		t.Fatal(err)
	}
	refused := func(what, address string, headers ...string) {
		t.Helper()
		if status, _, _ := get(t, client, address, headers...); status != http.StatusForbidden || server.last != nil {
			t.Errorf("%s: %d", what, status)
		}
	}
	refused("no cookie", relay.URL()+"/api/v1/datasets")
	refused("a wrong cookie", relay.URL()+"/api/v1/datasets", "Cookie", cookieName+"=00")
	refused("a wrong secret", relay.URL()+"/desktop/enter?secret=00&path=/")
	refused("its own paths", relay.URL()+"/desktop/connect")
	entered(t, relay, client)
	refused("another Host", relay.URL()+"/api/v1/datasets", "Host", "evil.example")
	refused("another Origin", relay.URL()+"/api/v1/datasets", "Origin", "http://evil.example")
	if status, body, _ := get(t, client, relay.URL()+"/api/v1/datasets", "Origin", relay.URL()); status != 200 {
		t.Error(status, body)
	}
	got := server.last.Header
	if got.Get("Cookie") != "" || got.Get("Origin") != server.URL || got.Get("Accept-Encoding") != "identity" {
		t.Error(got)
	}
	away := regexp.MustCompile(`replace\("(//|http|x)|"</script>`)
	for _, path := range []string{"//evil.example", "http://evil.example", "x", `/"</script>`} {
		if _, body, _ := get(t, client, relay.EntryURL(path)); away.MatchString(body) {
			t.Errorf("%q leads to %s", path, body)
		}
	}
}

func TestPagesAreThePrivateServersAndDataTheRemoteOnes(t *testing.T) {
	relay, client := newRelay(t)
	local, remote := newUpstream(t, "local"), newUpstream(t, "remote")
	entered(t, relay, client)
	status, body, _ := get(t, client, relay.URL()+"/health")
	if status != 503 || !strings.Contains(body, `"Unavailable"`) {
		t.Error("before there is a server:", status, body)
	}
	if err := errors.Join(relay.SetLocal(local.URL), relay.ShowRemote(remote.URL+"/", "cb_1")); err != nil {
		t.Fatal(err)
	}
	_, body, headers := get(t, client, relay.URL()+"/api/v1/datasets")
	if body != "remote "+aBatch || remote.last.Header.Get("Authorization") != "Bearer cb_1" {
		t.Error(body, remote.last.Header)
	}
	// Whatever a remote server sends is no page of the window's origin.
	if !strings.HasPrefix(headers.Get("Content-Security-Policy"), "sandbox") {
		t.Error(headers)
	}
	remote.last = nil
	_, body, headers = get(t, client, relay.URL()+"/", "Accept", "text/html")
	if !strings.Contains(body, bridgePath) || remote.last != nil || local.last.Header.Get("Authorization") != "" ||
		headers.Get("Content-Security-Policy") != "" {
		t.Error(body, local.last.Header, headers)
	}
	for _, path := range []string{"/datasets/a", "/assets/x.js", "/sql"} {
		if _, body, _ := get(t, client, relay.URL()+path); body != "local "+aBatch {
			t.Error(path, body)
		}
	}
	// A restart of the private server does not lead away from the remote one.
	if err := relay.SetLocal(local.URL); err != nil {
		t.Fatal(err)
	}
	if _, body, _ := get(t, client, relay.URL()+"/health"); body != "remote "+aBatch {
		t.Error(body)
	}
	relay.ShowLocal()
	if _, body, _ := get(t, client, relay.URL()+"/health"); body != "local "+aBatch {
		t.Error(body)
	}
	local.Close()
	if status, _, _ := get(t, client, relay.URL()+"/health"); status != 503 {
		t.Error("without a server:", status)
	}
	for _, wrong := range []string{"", "ftp://x", "localhost:1"} {
		if relay.ShowRemote(wrong, "") == nil {
			t.Errorf("%q was accepted", wrong)
		}
	}
}

func TestWebSocketsPassThrough(t *testing.T) {
	relay, client := newRelay(t)
	if err := relay.SetLocal(newUpstream(t, "local").URL); err != nil {
		t.Fatal(err)
	}
	entered(t, relay, client)
	request, _ := http.NewRequest(http.MethodGet, relay.URL()+"/api/v1/stream", nil)
	request.Header.Set("Upgrade", "websocket")
	request.Header.Set("Connection", "Upgrade")
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	connection := response.Body.(io.ReadWriteCloser)
	defer connection.Close()
	_, _ = io.WriteString(connection, "hello\n")
	if got, _ := io.ReadAll(connection); string(got) != "echo hello\n" {
		t.Errorf("%q", got)
	}
}

func TestDownloadsAreSavedWholeOrNotAtAll(t *testing.T) {
	relay, client := newRelay(t)
	if err := relay.SetLocal(newUpstream(t, "local").URL); err != nil {
		t.Fatal(err)
	}
	entered(t, relay, client)
	folder := t.TempDir()
	path := filepath.Join(folder, "out.csv")
	chosen := path
	relay.Save = func(string) (string, error) { return chosen, nil }
	save := func(href string) (int, Saved) {
		body, _ := json.Marshal(map[string]string{"href": href, "filename": "out.csv"})
		response, err := client.Post(relay.URL()+"/desktop/save", "application/json", bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		var saved Saved
		_ = json.NewDecoder(response.Body).Decode(&saved)
		return response.StatusCode, saved
	}
	if status, saved := save("/api/v1/jobs/1/file"); status != 200 || saved.Path != path {
		t.Error(status, saved)
	}
	for _, href := range []string{"/api/broken", "/api/refused", "/etc/passwd", "http://evil.example/api/"} {
		if status, _ := save(href); status != http.StatusBadGateway {
			t.Error(href, status)
		}
	}
	chosen = ""
	if status, saved := save("/api/v1/jobs/1/file"); status != 200 || saved.Path != "" {
		t.Error(status, saved)
	}
	files, _ := os.ReadDir(folder)
	content, _ := os.ReadFile(path)
	if len(files) != 1 || string(content) != "local "+aBatch {
		t.Error(files, string(content))
	}
}

func TestRecentHasTheLatestFirst(t *testing.T) {
	path := filepath.Join(t.TempDir(), "deep", "recent.json")
	recent := LoadRecent(path)
	for _, entry := range strings.Split("abcdefghijklm", "") {
		if err := recent.Add(entry); err != nil {
			t.Fatal(err)
		}
	}
	if err := recent.Add("x", "h"); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(LoadRecent(path).List(), ""); got != "xhmlkjigfe" {
		t.Error(got)
	}
	if err := os.WriteFile(path, []byte("not JSON"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := LoadRecent(path).List(); len(got) != 0 {
		t.Error(got)
	}
}
