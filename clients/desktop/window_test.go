//go:build window

package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"canvasback-desktop/local"
)

// The app in a real window of a display without a screen, with native dialogs worked by keys. CANVASBACK_DESKTOP names
// the app, built with the tag probe; CANVASBACK_BIN the server. Screenshots are left in CANVASBACK_SCREENSHOTS.

const (
	patienceDefault = 10 // how much longer than on a quiet machine a thing may take, as in the functional tests
	waitFor         = 15 * time.Second
	settle          = time.Second
	partFiles       = 100
	partRows        = 10_000_000
	arrowBytesMin   = 100e6
	arrowWithin     = 2 * time.Second
)

func patience() time.Duration {
	if given, err := strconv.ParseFloat(os.Getenv("CANVASBACK_PATIENCE"), 64); err == nil {
		return time.Duration(max(1, given))
	}
	return patienceDefault
}

func program(t *testing.T) string {
	t.Helper()
	found, err := local.Program()
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func makeParquet(t *testing.T, file, sql string) string {
	t.Helper()
	command := exec.Command(program(t), "query", sql, "--format", "parquet", "--out", file)
	if output, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%s: %s", err, output)
	}
	return file
}

// display starts an X server without a screen.
func display(t *testing.T) string {
	t.Helper()
	reading, writing, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	server := exec.Command("Xvfb", "-displayfd", "3", "-screen", "0", "1600x1000x24", "-nolisten", "tcp")
	server.ExtraFiles = []*os.File{writing}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = server.Process.Kill()
		_ = server.Wait()
	})
	writing.Close()
	number, err := bufio.NewReader(reading).ReadString('\n')
	if err != nil {
		t.Fatal("Xvfb does not start")
	}
	return ":" + strings.TrimSpace(number)
}

type window struct {
	t           *testing.T
	environment []string
	input       io.WriteCloser
	output      *bufio.Reader
	serverPID   int
}

func open(t *testing.T, files ...string) *window {
	t.Helper()
	app := os.Getenv("CANVASBACK_DESKTOP")
	if app == "" {
		t.Fatal("CANVASBACK_DESKTOP must name the app, built with the tag probe")
	}
	command := exec.Command(app, files...)
	environment := append(os.Environ(), "DISPLAY="+display(t), "XDG_CONFIG_HOME="+t.TempDir(), "GTK_USE_PORTAL=0",
		"WEBKIT_DISABLE_DMABUF_RENDERER=1", "WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS=1")
	command.Env = environment
	var log bytes.Buffer
	command.Stderr = &log
	input, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	output, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = command.Process.Signal(syscall.SIGTERM)
		_ = command.Wait()
		if t.Failed() {
			t.Log(log.String())
		}
	})
	opened := &window{t: t, environment: environment, input: input, output: bufio.NewReader(output)}
	var ready struct {
		ServerPID int `json:"server_pid"`
	}
	opened.read(&ready)
	opened.serverPID = ready.ServerPID
	opened.until("the window shows a page", `return document.readyState === "complete" && location.port !== ""`)
	return opened
}

// read waits for a line of JSON from the app; lines of others are passed over.
func (window *window) read(into any) {
	window.t.Helper()
	lines := make(chan string)
	go func() {
		for {
			line, err := window.output.ReadString('\n')
			if err != nil {
				close(lines)
				return
			}
			if strings.HasPrefix(line, "{") {
				lines <- line
				return
			}
		}
	}()
	select {
	case line, ok := <-lines:
		if !ok {
			window.t.Fatal("the app has ended")
		}
		if err := json.Unmarshal([]byte(line), into); err != nil {
			window.t.Fatal(err)
		}
	case <-time.After(2 * waitFor * patience()):
		window.t.Fatal("the app does not answer")
	}
}

var errPage = errors.New("the page's own error")

// run runs the body of an async function in the page, and decodes what it returns.
func (window *window) run(body string, into any) error {
	window.t.Helper()
	return window.runWithin(waitFor*patience(), body, into)
}

func (window *window) runWithin(timeout time.Duration, body string, into any) error {
	window.t.Helper()
	line, _ := json.Marshal(map[string]any{"Script": body, "TimeoutMS": timeout.Milliseconds()}) // it has JSON
	if _, err := fmt.Fprintf(window.input, "%s\n", line); err != nil {
		window.t.Fatal(err)
	}
	var answer struct {
		Value json.RawMessage
		Error string
	}
	window.read(&answer)
	if answer.Error != "" {
		return fmt.Errorf("%w: %s", errPage, answer.Error)
	}
	return json.Unmarshal(answer.Value, into)
}

// until waits for a condition of the page. A page that is just being left answers nothing of use: it is asked again.
func (window *window) until(what, body string) {
	window.t.Helper()
	for end := time.Now().Add(waitFor * patience()); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		var holds bool
		if err := window.runWithin(time.Second*patience(), body, &holds); err == nil && holds {
			return
		}
	}
	var text string
	_ = window.runWithin(time.Second*patience(), `return location.pathname + "\n" + document.body.innerText`, &text)
	window.screenshot("failed")
	window.t.Fatalf("this has not come: %s; the page has:\n%s", what, text)
}

func (window *window) xdotool(arguments ...string) string {
	window.t.Helper()
	command := exec.Command("xdotool", arguments...)
	command.Env = window.environment
	output, err := command.Output()
	// A window that is just opening or closing cannot be focused yet, or any more: who needs it looks again.
	if err != nil && arguments[0] != "search" && arguments[0] != "windowfocus" {
		window.t.Fatalf("xdotool %v: %v", arguments, err)
	}
	return strings.TrimSpace(string(output))
}

func (window *window) find(title string) string {
	ids := strings.Fields(window.xdotool("search", "--name", title))
	if len(ids) == 0 {
		return ""
	}
	return ids[len(ids)-1]
}

// focus gives the keyboard to the window of this title, once it is there: there is no window manager.
func (window *window) focus(title string) {
	window.t.Helper()
	for end := time.Now().Add(waitFor * patience()); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if id := window.find(title); id != "" {
			window.xdotool("windowfocus", id)
			return
		}
	}
	window.screenshot("failed")
	window.t.Fatalf("no window has the title %q", title)
}

// press presses the key of a menu until what it does is there: a dialog that is just closing swallows keys.
func (window *window) press(key string, done func() bool) {
	window.t.Helper()
	for end := time.Now().Add(waitFor * patience()); time.Now().Before(end); {
		window.focus("Canvasback")
		window.xdotool("key", key)
		for again := time.Now().Add(settle * patience()); time.Now().Before(again); time.Sleep(50 * time.Millisecond) {
			if done() {
				return
			}
		}
	}
	window.t.Fatalf("the key %s does nothing", key)
}

func (window *window) isAt(path string) bool {
	var at string
	err := window.runWithin(time.Second*patience(), `return location.pathname`, &at)
	return err == nil && at == path
}

// answerDialog types a path into a native file dialog and confirms it.
func (window *window) answerDialog(title, path string, keysBefore ...string) {
	window.t.Helper()
	window.focus(title)
	// GTK shows the field for a path some time after the key; what is typed before is lost, and nothing tells when.
	time.Sleep(settle)
	for _, key := range keysBefore {
		window.xdotool("key", key)
		time.Sleep(settle)
	}
	window.xdotool("type", "--delay", "40", path)
	window.screenshot(title)
	for end := time.Now().Add(waitFor * patience()); window.find(title) != ""; time.Sleep(200 * time.Millisecond) {
		if time.Now().After(end) {
			window.t.Fatalf("the dialog %q stays open", title)
		}
		window.focus(title)
		window.xdotool("key", "Return")
	}
	window.focus("Canvasback")
}

func (window *window) screenshot(name string) {
	folder := os.Getenv("CANVASBACK_SCREENSHOTS")
	if folder == "" {
		return
	}
	file := strings.ReplaceAll(window.t.Name()+"-"+name+".png", " ", "_")
	command := exec.Command("import", "-window", "root", filepath.Join(folder, filepath.Base(file)))
	command.Env = window.environment
	if output, err := command.CombinedOutput(); err != nil {
		window.t.Logf("no screenshot: %v %s", err, output)
	}
}

const rowsShown = `
	const strong = document.querySelector(".status strong");
	const waiting = document.querySelectorAll(".cg-row.is-waiting, .cg-row[aria-rowindex] .cg-cell.is-loading");
	const stale = document.querySelector('.grid-host[data-stale="true"]');
	const cell = document.querySelector(".cg-row[aria-rowindex] .cg-cell");
	if (!strong || waiting.length > 0 || stale || !cell) return false;`

// untilRows waits until the grid says it has so many rows, and shows all that are in sight.
func (window *window) untilRows(rows int) {
	window.t.Helper()
	window.until(fmt.Sprintf("a grid of %d rows", rows),
		fmt.Sprintf(`%s return Number(strong.textContent.replace(/\D/g, "")) === %d`, rowsShown, rows))
}

// untilCell waits for the text of a cell of the first column, by its row from 0.
func (window *window) untilCell(row int, text string) {
	window.t.Helper()
	window.until(fmt.Sprintf("%q in row %d", text, row), fmt.Sprintf(`%s
		const found = document.querySelector('.cg-row[aria-rowindex="%d"] [role="gridcell"][aria-colindex="2"]');
		return found?.textContent === %q`, rowsShown, row+2, text))
}

func (window *window) pathIs(path string) {
	window.t.Helper()
	window.until("the page "+path, fmt.Sprintf(`return location.pathname === %q`, path))
}

const ordersRows = 300_000

func orders(t *testing.T) string {
	return makeParquet(t, filepath.Join(t.TempDir(), "orders.parquet"), fmt.Sprintf(
		`SELECT i AS id, ['Malta', 'Kenya', 'Chile', NULL, ''][i %% 5 + 1] AS country, i * 0.25 AS amount
		FROM range(%d) t(i)`, ordersRows))
}

func TestFilesOpenByDialogFromRecentAndByDrop(t *testing.T) {
	file := orders(t)
	window := open(t)
	window.pathIs("/desktop/start")
	window.screenshot("start")
	window.press("ctrl+o", func() bool { return window.find("Open files") != "" })
	window.answerDialog("Open files", file, "ctrl+l", "ctrl+a")
	window.pathIs("/datasets/orders")
	window.untilRows(ordersRows)
	window.untilCell(0, "0")
	window.screenshot("grid")

	window.press("ctrl+e", func() bool { return window.isAt("/desktop/start") })
	window.until("the file among the recent ones", fmt.Sprintf(
		`return [...document.querySelectorAll("li button")].some((button) => button.textContent === %q)`, file))
	window.screenshot("recent")
	if err := window.run(`document.querySelector("li button").click(); return true`, new(bool)); err != nil {
		t.Fatal(err)
	}
	window.pathIs("/datasets/orders")

	// A drop as WebKit's widget tells it: what was dropped where, from its own process.
	other := filepath.Join(t.TempDir(), "dropped.csv")
	if err := os.WriteFile(other, []byte("a,b\n1,2\n3,4\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	message := fmt.Sprintf("DD:10:10:%s", other)
	drop := fmt.Sprintf(`window.webkit.messageHandlers.external.postMessage(%q); return true`, message)
	if err := window.run(drop, new(bool)); err != nil {
		t.Fatal(err)
	}
	window.pathIs("/datasets/dropped")
	window.untilRows(2)
	var names []string
	err := window.run(`const list = await (await fetch("/api/v1/datasets")).json();
		return list.datasets.map(({ name }) => name).sort()`, &names)
	if err != nil || strings.Join(names, " ") != "dropped orders" {
		t.Error(names, err)
	}
}

func TestABillionRowsScrollAsInTheBrowser(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "billion")
	if err := os.Mkdir(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	one := makeParquet(t, filepath.Join(t.TempDir(), "one.parquet"),
		fmt.Sprintf("SELECT i AS id, i %% 97 AS n FROM range(%d) t(i)", partRows))
	for part := range partFiles {
		if err := os.Link(one, filepath.Join(folder, fmt.Sprintf("part-%03d.parquet", part))); err != nil {
			t.Fatal(err)
		}
	}
	window := open(t, folder)
	window.pathIs("/datasets/billion")
	window.untilRows(partFiles * partRows)
	window.untilCell(0, "0")
	window.focus("Canvasback")
	if err := window.run(`document.querySelector('[role="grid"]').focus(); return true`, new(bool)); err != nil {
		t.Fatal(err)
	}
	window.xdotool("key", "ctrl+End")
	window.untilCell(partFiles*partRows-1, strconv.Itoa(partRows-1))
	window.screenshot("end")
	window.xdotool("key", "Up")
	window.xdotool("key", "ctrl+Home")
	window.untilCell(0, "0")
	// The wheel, over the grid: a few exact rows.
	window.xdotool("mousemove", "800", "600", "click", "5")
	window.until("other rows after the wheel", rowsShown+`
		const first = [...document.querySelectorAll(".cg-row[aria-rowindex]")].map((row) => Number(row.ariaRowIndex));
		return Math.max(...first) > 20 && !document.querySelector('.cg-row[aria-rowindex="2"] .is-loading')`)
}

func TestAHundredMegabytesOfArrow(t *testing.T) {
	file := makeParquet(t, filepath.Join(t.TempDir(), "wide.parquet"),
		"SELECT i AS a, i * 7 AS b, i * 3 AS c, i % 1000 AS d FROM range(3200000) t(i)")
	window := open(t, file)
	window.untilRows(3_200_000)
	best := time.Hour
	for range 5 {
		var got struct{ Bytes, MS float64 }
		err := window.run(`const start = performance.now();
			const answer = await fetch("/api/v1/datasets/wide/export?format=arrow");
			const { byteLength } = await answer.arrayBuffer();
			return { Bytes: byteLength, MS: performance.now() - start }`, &got)
		if err != nil || got.Bytes < arrowBytesMin {
			t.Fatal(got, err)
		}
		best = min(best, time.Duration(got.MS*float64(time.Millisecond)))
		t.Logf("%.0f MB of Arrow in %.0f ms", got.Bytes/1e6, got.MS)
	}
	if best > arrowWithin*patience() {
		t.Errorf("the best of five took %v", best)
	}
}

func TestTheWindowSurvivesARestartOfItsServer(t *testing.T) {
	window := open(t, orders(t))
	window.untilRows(ordersRows)
	err := window.run(`window.pids = async () => {
			const health = await fetch("/health");
			return health.ok ? (await health.json()).workers.map(({ pid }) => pid).join() : "";
		};
		window.before = await window.pids();
		return window.before !== ""`, new(bool))
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(window.serverPID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	window.until("another server", `
		const pids = await window.pids();
		return pids !== "" && pids !== window.before`)
	window.until("a connection again", `return !document.querySelector(".banner") &&
		document.querySelector(".nav-foot .dot").dataset.state === "open"`)
	window.focus("Canvasback")
	if err := window.run(`document.querySelector('[role="grid"]').focus(); return true`, new(bool)); err != nil {
		t.Fatal(err)
	}
	window.xdotool("key", "ctrl+End")
	window.untilCell(ordersRows-1, strconv.Itoa(ordersRows-1))
	var same bool
	if err := window.run(`return typeof window.before === "string"`, &same); err != nil || !same {
		t.Error("the page was loaded anew", err)
	}
}

func TestExportsAreSavedByTheNativeDialog(t *testing.T) {
	window := open(t, orders(t))
	window.untilRows(ordersRows)
	const button = `[...document.querySelectorAll("button, a")].find((each) => each.textContent.trim() === %q)`
	click := func(text string) {
		t.Helper()
		found := fmt.Sprintf(button, text)
		window.until(text, fmt.Sprintf(`return Boolean(%s)`, found))
		if err := window.run(fmt.Sprintf(`%s.click(); return true`, found), new(bool)); err != nil {
			t.Fatal(err)
		}
	}
	click("Export")
	window.until("the form", `return Boolean(document.querySelector('form input[type="text"], form input:not([type])'))`)
	err := window.run(`[...document.querySelectorAll("form button")].find((each) => each.type === "submit").click();
		return true`, new(bool))
	if err != nil {
		t.Fatal(err)
	}
	window.until("a link to the file", `return Boolean(document.querySelector("a[download]"))`)
	window.screenshot("done")
	if err := window.run(`document.querySelector("a[download]").click(); return true`, new(bool)); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "mine.xlsx")
	window.answerDialog("Save", path, "ctrl+a")
	window.until("word of the saved file", fmt.Sprintf(
		`return document.getElementById("desktop-saved")?.textContent === "Saved " + %q`, path))
	window.screenshot("saved")
	content, err := os.ReadFile(path)
	end := content[max(0, len(content)-100):]
	if err != nil || !bytes.HasPrefix(content, []byte("PK")) || !bytes.Contains(end, []byte("PK\x05\x06")) {
		t.Errorf("%d bytes, which are no workbook: %v", len(content), err)
	}
}

func TestARemoteServer(t *testing.T) {
	folder := t.TempDir()
	file := makeParquet(t, filepath.Join(folder, "faraway.parquet"), "SELECT i AS id FROM range(12345) t(i)")
	remote := exec.Command(program(t), "serve", file, "--listen", "127.0.0.1:0", "--data", filepath.Join(folder, "data"))
	output, err := remote.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = remote.Process.Signal(syscall.SIGTERM)
		_ = remote.Wait()
	}()
	line, _ := bufio.NewReader(output).ReadString('\n')
	address := regexp.MustCompile(`http://127\.0\.0\.1:\d+`).FindString(line)
	window := open(t)
	window.press("ctrl+k", func() bool { return window.isAt("/desktop/connect") })
	window.until("the field of the address", `return document.activeElement?.id === "url"`)
	window.xdotool("type", "--delay", "15", "http://127.0.0.1:1")
	window.xdotool("key", "Return")
	window.until("an error", `return document.getElementById("error").textContent !== ""`)
	window.screenshot("refused")
	if err := window.run(`document.getElementById("url").value = ""; return true`, new(bool)); err != nil {
		t.Fatal(err)
	}
	window.xdotool("type", "--delay", "15", address)
	window.xdotool("key", "Return")
	window.pathIs("/")
	window.until("the remote dataset", `return document.body.innerText.includes("faraway")`)
	if err := window.run(`location.assign("/datasets/faraway"); return true`, new(bool)); err != nil {
		t.Fatal(err)
	}
	window.untilRows(12345)
	window.screenshot("remote")
}
