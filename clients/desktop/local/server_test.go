package local

import (
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

func TestTheServerIsStartedAgainWhenItDies(t *testing.T) {
	program, err := Program()
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	file := filepath.Join(folder, "a.csv")
	if err := os.WriteFile(file, []byte("x\n1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	addresses := make(chan string, 10)
	server := &Server{Program: program, Data: filepath.Join(folder, "data"), Log: os.Stderr,
		OnAddress: func(address string) { addresses <- address }}
	defer server.Close()
	if _, err := server.Open([]string{file}); err != nil {
		t.Fatal(err)
	}
	first, pid := <-addresses, server.PID()
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	select {
	case again := <-addresses:
		if again == first || server.PID() == pid {
			t.Error("it is the same server")
		}
		answer, err := http.Get(again + "/api/v1/datasets/a")
		if err != nil || answer.StatusCode != http.StatusOK {
			t.Error(answer, err)
		}
	case <-time.After(startTimeout):
		t.Fatal("the server was not started again")
	}
	server.Close()
	if server.PID() != 0 {
		t.Error("the server was not stopped")
	}
	if _, err := server.Open(nil); err == nil {
		t.Error("a closed app opens files")
	}
}

func TestAProgramThatIsNone(t *testing.T) {
	server := &Server{Program: "/bin/false", Data: t.TempDir(), Log: os.Stderr}
	if _, err := server.Open(nil); err == nil {
		t.Error("a program that ends at once was taken for a server")
	}
	server.Program = filepath.Join(t.TempDir(), "nosuch")
	if _, err := server.Open(nil); err == nil {
		t.Error("a program that is not there was started")
	}
}
